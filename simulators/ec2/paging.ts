import { happens } from '#simulators/range.ts';
import type { Cloud } from './cloud.ts';
import type { Form } from './form.ts';
import { invalidValue, Refusal } from './refusal.ts';

/** How a call asked for its part of a list. */
export interface PageRequest {
  /** Items on the page at most; Infinity where the call did not ask for pages. */
  most: number;
  /** The position after which the page begins; all positions are above 0. */
  after: number;
  /** What a token for the next page must be bound to: another query's token is no good. */
  binding: string;
}

/** A part of a list. */
export interface Page<T> {
  items: T[];
  /** The token for the next part, or undefined at the end. */
  nextToken: string | undefined;
}

/**
 * Reads MaxResults and NextToken.
 *
 * @throws Refusal for a page below 5 or above 1000, and for a token that this query did not get.
 */
export function pageRequestOf(form: Form, region: string): PageRequest {
  const most = form.integer('MaxResults') ?? Infinity;
  if (most < 5) {
    throw invalidValue(`Value ( ${most} ) for parameter maxResults is invalid. Expecting a value greater than 5.`);
  }
  if (most > 1000 && most !== Infinity) {
    throw invalidValue(
      `Value ( ${most} ) for parameter maxResults is invalid. Expecting a value smaller than or equal to 1000.`,
    );
  }
  const binding = `${region} ${form.fingerprint('NextToken', 'MaxResults')}`;
  return { most, after: readToken(form.text('NextToken'), binding), binding };
}

/**
 * The items of a page, in the order of their positions, which grow and never change: items that come or go in between
 * neither repeat nor hide others.
 *
 * @param items all that are at hand, by growing position.
 */
export function pageOf<T>(
  items: Iterable<T>,
  request: PageRequest,
  positionOf: (item: T) => number,
  cloud: Cloud,
): Page<T> {
  const isShort = Number.isFinite(request.most) && happens(cloud.faults.dials.shortPage, cloud.random);
  const most = isShort ? Math.floor(cloud.random() * request.most) : request.most;
  const page: T[] = [];
  for (const item of items) {
    if (page.length >= most) {
      const last = page.at(-1);
      const position = last === undefined ? request.after : positionOf(last);
      return { items: page, nextToken: writeToken(position, request.binding) };
    }
    page.push(item);
  }
  return { items: page, nextToken: undefined };
}

/** Index of the first item behind a position in a list that is sorted by position. */
export function indexAfter<T>(items: readonly T[], position: number, positionOf: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && positionOf(item) <= position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function writeToken(position: number, binding: string): string {
  return Buffer.from(JSON.stringify([position, binding])).toString('base64url');
}

function readToken(token: string | undefined, binding: string): number {
  if (token === undefined) {
    return 0;
  }
  const [position, boundTo] = parseToken(token);
  if (typeof position !== 'number' || boundTo !== binding) {
    throw new Refusal('InvalidNextToken', 'The specified NextToken is not valid.');
  }
  return position;
}

function parseToken(token: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
