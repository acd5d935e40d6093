import { createHash } from 'node:crypto';
import { happens } from '#simulators/range.ts';
import type { Call } from './call.ts';
import { parseFilter, type Predicate } from './filter.ts';
import { invalidValue, Refusal } from './refusal.ts';
import type { Shape } from './shape.ts';
import { indexAfter } from './shelf.ts';

/** The query parameters of every list. */
export const listParameters = ['filter', 'maxResults', 'orderBy', 'pageToken', 'returnPartialSuccess'] as const;

/** How a call asked for its part of a list. */
export interface PageRequest {
  /** Items on the page at most. */
  most: number;
  /** The position after which the page begins: names of all things, the most outer first; empty for the beginning. */
  after: readonly string[];
  predicate: Predicate | undefined;
  /** What a token for the next page must be bound to: another query's token is no good. */
  binding: string;
}

/** A part of a list. */
export interface Page<T> {
  items: T[];
  /** False where the page is full and there may be more. */
  isLast: boolean;
}

const mostResults = 500;

/**
 * Reads the parameters of a list.
 *
 * @param scope what is listed, e.g. a zone's instances.
 * @param shape of the items, for the filter.
 * @throws Refusal
 */
export function pageRequestOf({ query, cloud }: Call, scope: string, shape: Shape): PageRequest {
  const filter = query.get('filter') ?? '';
  const orderBy = query.get('orderBy') ?? 'name';
  if (orderBy !== 'name') {
    throw invalidValue('orderBy', orderBy, 'The simulator lists by name only.');
  }
  const binding = createHash('sha256').update(`${scope}\n${filter}`).digest('base64url').slice(0, 12);
  const most = mostOf(query.get('maxResults'));
  // Fewer than could be, even none, with a token for the rest: what filters lead to at Google.
  const isShort = happens(cloud.faults.dials.shortPage, cloud.random);
  return {
    most: isShort ? Math.floor(cloud.random() * most) : most,
    after: readToken(query.get('pageToken') ?? '', binding),
    predicate: filter.trim() === '' ? undefined : parseFilter(filter, shape),
    binding,
  };
}

/**
 * The things of a page, in the order of their names, which never change: what comes or goes in between neither repeats
 * nor hides others.
 *
 * @param things all that are at hand, by growing name.
 */
export function pageOf<T extends { name: string }>(
  things: readonly T[],
  after: string,
  most: number,
  isWanted: (thing: T) => boolean,
): Page<T> {
  const items: T[] = [];
  for (let index = after === '' ? 0 : indexAfter(things, after); index < things.length; index++) {
    const thing = things[index];
    if (thing !== undefined && isWanted(thing)) {
      if (items.length >= most) {
        return { items, isLast: false };
      }
      items.push(thing);
    }
  }
  return { items, isLast: true };
}

/** The members of an answer that is a list. */
export function listShape(members: Readonly<Record<string, Shape>>): Shape {
  return {
    members: { id: 'string', kind: 'string', nextPageToken: 'string', selfLink: 'string', warning: 'any', ...members },
  };
}

/** A page of things that all have the same kind; a filter may name any of their members. */
export function listed<T extends { name: string }>(
  call: Call,
  kind: string,
  things: readonly T[],
  json: (thing: T) => Readonly<Record<string, unknown>>,
): unknown {
  const request = pageRequestOf(call, `${kind} ${call.param('zone')}`, 'any');
  const { predicate, most, after } = request;
  const isWanted = (thing: T): boolean => predicate === undefined || predicate(([name = '']) => json(thing)[name]);
  const { items, isLast } = pageOf(
    things.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    after[0] ?? '',
    most,
    isWanted,
  );
  return {
    kind: `compute#${kind}List`,
    id: `projects/${call.cloud.project}/${kind}s`,
    items: items.map(json),
    nextPageToken: isLast ? undefined : writeToken([items.at(-1)?.name ?? after[0] ?? ''], request),
  };
}

/** The token for what follows a position. */
export function writeToken(position: readonly string[], { binding }: PageRequest): string {
  return Buffer.from(JSON.stringify([binding, ...position])).toString('base64url');
}

function readToken(token: string, binding: string): readonly string[] {
  if (token === '') {
    return [];
  }
  const [boundTo, ...position] = parseToken(token);
  if (boundTo !== binding) {
    throw new Refusal(400, 'invalid', `Invalid value for field 'pageToken': '${token}'. Invalid page token.`);
  }
  return position;
}

function parseToken(token: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [];
  } catch {
    return [];
  }
}

function mostOf(text: string | null): number {
  const most = Number(text ?? mostResults);
  if (!Number.isInteger(most) || most < 0 || most > mostResults) {
    throw invalidValue(
      'maxResults',
      String(text),
      `Must be greater than or equal to 0 and less than or equal to ${mostResults}.`,
    );
  }
  return most === 0 ? mostResults : most;
}
