/** Bytes that are not the DER that they should be. */
export class MalformedDer extends Error {
  override readonly name = 'MalformedDer';
}

/** One value in DER: its tag, what is in it, and all of it. */
export interface DerElement {
  tag: number;
  content: Buffer;
  whole: Buffer;
}

/** The tags that certificates and signed data are made of (ITU-T X.690); those of context 0 to 3 are constructed ones. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
  context1: 0xa1,
  context2: 0xa2,
  context3: 0xa3,
} as const;

type TagName = keyof typeof tags;

/**
 * Takes apart what a constructed element holds, one element after the other. Strict where BER is lenient: lengths are definite and as short
 * as can be, tags are one byte, nothing is left over. It goes only as deep as its caller, so nesting costs nothing.
 */
export class DerReader {
  #rest: Buffer;

  constructor(content: Buffer) {
    this.#rest = content;
  }

  get isAtEnd(): boolean {
    return this.#rest.length === 0;
  }

  /** @throws MalformedDer unless the next element has this tag. */
  take(tag: TagName): DerElement {
    const element = this.takeAny();
    if (element.tag !== tags[tag]) {
      throw new MalformedDer(`a ${tag} should be there, not tag ${element.tag}`);
    }
    return element;
  }

  /** The next element if it has this tag; else null, and it stays. */
  takeIf(tag: TagName): DerElement | null {
    return this.#rest[0] === tags[tag] ? this.takeAny() : null;
  }

  /** What is inside the next element, which must have this tag. */
  open(tag: TagName): DerReader {
    return new DerReader(this.take(tag).content);
  }

  /** @throws MalformedDer when there is none. */
  takeAny(): DerElement {
    const [tag, first] = this.#rest;
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) {
      throw new MalformedDer('an element is missing, or its tag is of a kind that is not used here');
    }
    const { length, headerLength } = first < 0x80 ? { length: first, headerLength: 2 } : longLength(this.#rest);
    const end = headerLength + length;
    if (end > this.#rest.length) {
      throw new MalformedDer('an element is longer than what holds it');
    }
    const whole = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    return { tag, content: whole.subarray(headerLength), whole };
  }

  /** All that is left, element by element. */
  takeAll(): DerElement[] {
    const elements: DerElement[] = [];
    while (!this.isAtEnd) {
      elements.push(this.takeAny());
    }
    return elements;
  }

  /** @throws MalformedDer unless everything was taken. */
  end(): void {
    if (!this.isAtEnd) {
      throw new MalformedDer('there is more than should be');
    }
  }
}

/** At most three bytes of length: nobody who calls this takes 16 MiB. */
function longLength(bytes: Buffer): { length: number; headerLength: number } {
  const count = (bytes[1] ?? 0) & 0x7f;
  const headerLength = 2 + count;
  if (count < 1 || count > 3 || bytes.length < headerLength) {
    throw new MalformedDer('a length is indefinite, too long or cut off');
  }
  const length = bytes.readUIntBE(2, count);
  if (length < 0x80 || length < 256 ** (count - 1)) {
    throw new MalformedDer('a length is written longer than need be');
  }
  return { length, headerLength };
}

/** The one element that these bytes are, and nothing behind it. */
export function readOnly(bytes: Buffer, tag: TagName): DerElement {
  const reader = new DerReader(bytes);
  const element = reader.take(tag);
  reader.end();
  return element;
}

/** An object identifier in dots, e.g. `1.2.840.113549.1.7.2`. */
export function readObjectId({ content }: DerElement): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    if ((arc === 0 && byte === 0x80) || arc > Number.MAX_SAFE_INTEGER / 256) {
      throw new MalformedDer('an object identifier has a part that is padded or too large');
    }
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first, ...others] = arcs;
  if (first === undefined || (content.at(-1) ?? 0x80) >= 0x80) {
    throw new MalformedDer('an object identifier is empty or cut off');
  }
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...others].join('.');
}

/** The identifier of an algorithm whose parameters are absent or NULL, as those of RSA and SHA-2 are (RFC 5754). */
export function readAlgorithm({ content }: DerElement): string {
  const reader = new DerReader(content);
  const id = readObjectId(reader.take('objectIdentifier'));
  const parameters = reader.takeIf('null');
  if (parameters !== null && parameters.content.length > 0) {
    throw new MalformedDer('a NULL holds something');
  }
  reader.end();
  return id;
}

/** The bytes of a BIT STRING without unused bits, as signatures are. */
export function readWholeBits({ content }: DerElement): Buffer {
  if (content[0] !== 0) {
    throw new MalformedDer('a bit string is empty or does not end with a byte');
  }
  return content.subarray(1);
}

/** A small number that is not negative. */
export function readSmallInteger({ content }: DerElement): number {
  const [value, ...others] = content;
  if (value === undefined || others.length > 0 || value > 0x7f) {
    throw new MalformedDer('a number is not small');
  }
  return value;
}

/** DER knows one TRUE and one FALSE. */
export function readBoolean({ content }: DerElement): boolean {
  if (content.length !== 1 || (content[0] !== 0x00 && content[0] !== 0xff)) {
    throw new MalformedDer('a truth value is neither true nor false');
  }
  return content[0] === 0xff;
}
