/**
 * The elements of an instance that `ec2.ts` reads. A page of 1,000 instances is 4.8 MB of XML, of which these are 0.6 MB:
 * parsing all of it takes the SDK 160 to 200 ms of a core, parsing what is left of it after this filter 35 ms, filter
 * included (measured with Node 24.21 and SDK 3.1169). 100,000 machines are 100 pages.
 */
const readElements: ReadonlySet<string> = new Set([
  'amiLaunchIndex',
  'architecture',
  'clientToken',
  'imageId',
  'instanceId',
  'instanceState',
  'instanceType',
  'launchTime',
  'placement',
  'privateIpAddress',
  'stateReason',
]);

const setTag = '<instancesSet>';
const itemTag = '<item>';
const itemEnd = '</item>';

/** Where in an answer the filter is: outside of lists of instances, between two instances, or inside of one. */
type Place = 'outside' | 'between' | 'inside';

/** A piece of the answer, from where the filter is. */
interface Piece {
  end: number;
  isRead: boolean;
  /** Where the filter is after it. */
  place: Place;
}

/**
 * Drops from an answer of DescribeInstances or RunInstances, while it arrives, the elements of instances that nobody reads.
 * Everything else passes, also what does not look like an answer at all: the SDK's parser has the last word on that.
 * The text is that of the bytes, one character for each (`latin1`), so that nothing is lost whatever their encoding.
 */
export class UnreadElements {
  #place: Place = 'outside';
  #pending = '';

  /** @returns what passes of the text so far, but for a rest that needs more text to be judged. */
  push(text: string): string {
    const xml = this.#pending + text;
    const kept: string[] = [];
    let at = 0;
    for (let piece = nextPiece(this.#place, xml, at); piece !== null; piece = nextPiece(this.#place, xml, at)) {
      if (piece.isRead) {
        kept.push(xml.slice(at, piece.end));
      }
      at = piece.end;
      this.#place = piece.place;
    }
    this.#pending = xml.slice(at);
    return kept.join('');
  }

  /** @returns the rest that passes, once no more text comes. */
  end(): string {
    return this.#pending;
  }
}

/** Null where more text is needed. */
function nextPiece(place: Place, xml: string, at: number): Piece | null {
  if (place === 'outside') {
    return pieceOutside(xml, at);
  }
  const [tag, next] = place === 'between' ? ([itemTag, 'inside'] as const) : ([itemEnd, 'between'] as const);
  if (mayContinueAs(tag, xml, at)) {
    return xml.length - at < tag.length ? null : { end: at + tag.length, isRead: true, place: next };
  }
  return place === 'between' ? unexpected(at) : elementPiece(xml, at);
}

function pieceOutside(xml: string, at: number): Piece | null {
  const set = xml.indexOf(setTag, at);
  if (set >= 0) {
    return { end: set + setTag.length, isRead: true, place: 'between' };
  }
  // The tag may have begun at the very end.
  const end = xml.length - setTag.length + 1;
  return end > at ? { end, isRead: true, place: 'outside' } : null;
}

/** Is the tag here, or as much of it as has arrived? */
function mayContinueAs(tag: string, xml: string, at: number): boolean {
  return xml.startsWith(tag, at) || (xml.length - at < tag.length && tag.startsWith(xml.slice(at)));
}

/** Whatever this is, it passes, up to the next list of instances. */
function unexpected(at: number): Piece {
  return { end: at, isRead: true, place: 'outside' };
}

/** The element of an instance that starts here. */
function elementPiece(xml: string, at: number): Piece | null {
  const tagEnd = xml.indexOf('>', at);
  if (xml[at] !== '<') {
    return unexpected(at);
  }
  if (tagEnd < 0) {
    return null;
  }
  const isEmpty = xml[tagEnd - 1] === '/';
  const name = xml.slice(at + 1, isEmpty ? tagEnd - 1 : tagEnd);
  if (!/^\w+$/.test(name)) {
    return unexpected(at);
  }
  const piece = { isRead: readElements.has(name), place: 'inside' } as const;
  if (isEmpty) {
    return { ...piece, end: tagEnd + 1 };
  }
  const close = `</${name}>`;
  const closeAt = xml.indexOf(close, tagEnd + 1);
  if (closeAt < 0) {
    return null;
  }
  // One that holds another of its own name ends further on; EC2 has none.
  const isNested = xml.slice(tagEnd + 1, closeAt).includes(`<${name}>`);
  return isNested ? unexpected(at) : { ...piece, end: closeAt + close.length };
}
