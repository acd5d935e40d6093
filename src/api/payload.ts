import type { PayloadMask } from '#contract/endpoint.ts';
import type { JsonValue } from '#core/json.ts';
import { isJsonObject } from '#lib/json.ts';
import { ApiError } from './errors.ts';

/** A request's body as it was read. */
export type Payload =
  /** There was none. */
  | { kind: 'none' }
  /** It says that it is something else than JSON. */
  | { kind: 'other' }
  /** It says that it is JSON, and is not. */
  | { kind: 'broken'; text: string }
  /** A JSON value that is neither object nor list. */
  | { kind: 'scalar'; value: JsonValue }
  | { kind: 'json'; value: object; bytes: number }
  /** It was larger than what is read. */
  | { kind: 'too-large' };

/** Reads a body by what its Content-Type says it is. */
export function readPayload(contentType: string | undefined, raw: Buffer | undefined): Payload {
  if (raw === undefined || raw.length === 0) return { kind: 'none' };
  if (!isJsonType(contentType)) return { kind: 'other' };
  const text = raw.toString('utf8');
  try {
    const value = JSON.parse(text) as JsonValue;
    if (typeof value !== 'object' || value === null) return { kind: 'scalar', value };
    return { kind: 'json', value, bytes: raw.length };
  } catch {
    return { kind: 'broken', text };
  }
}

/** Whether a Content-Type names JSON, parameters aside. */
function isJsonType(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

/** @throws {ApiError} MalformedPayload for a body that cannot be one of ours, whatever the endpoint (spec/api.md 2.1 step 4). */
export function refuseMalformed(payload: Payload): void {
  if (payload.kind === 'broken') {
    throw new ApiError('MalformedPayload', 'The body of the request is not valid JSON.');
  }
  if (payload.kind === 'scalar') {
    throw new ApiError(
      'MalformedPayload',
      'The body of the request must be a JSON object or array, not a single value.',
    );
  }
}

/** Bodies longer than this, in bytes, are not shown again: the answer would be many times as long. */
const longestEcho = 65_536;
const omitted = '(OMITTED)';

/** What an error answer shows of a body (spec/api.md 2.3); undefined: nothing at all. */
export function shownPayload(payload: Payload, mask: PayloadMask | undefined): unknown {
  if (payload.kind === 'too-large') return undefined;
  if (mask === 'whole') return omitted;
  if (payload.kind === 'none' || payload.kind === 'other') return {};
  if (mask !== undefined && payload.kind !== 'json') return omitted;
  if (isTooLong(payload)) return omitted;
  if (payload.kind === 'broken') return payload.text;
  return mask === undefined ? payload.value : withoutStaticSecret(payload.value);
}

/** Whether showing it would make the answer many times as long as the request. */
function isTooLong(payload: Payload): boolean {
  if (payload.kind === 'broken') return payload.text.length > longestEcho;
  return payload.kind === 'json' && (payload.bytes > longestEcho || flawOf(payload.value)?.isTooDeep === true);
}

/** What is in these members of a declaration is no secret. */
const harmless: ReadonlySet<string> = new Set(['expires', 'capacity']);

/** A copy that shows what is in harmless members, and of all others only their names: one that is misspelt may hold a secret, too. */
function withoutStaticSecret(value: unknown): unknown {
  if (!isJsonObject(value)) return omitted;
  const members = Object.entries(value).map(([name, member]) => [name, harmless.has(name) ? member : hidden(member)]);
  return Object.fromEntries(members);
}

/** The names of the members, when there are any. */
function hidden(value: unknown): unknown {
  if (!isJsonObject(value)) return omitted;
  return Object.fromEntries(Object.keys(value).map((name) => [name, omitted]));
}

/** Something in a body that nobody can store. */
export interface Flaw {
  /** Where, from the outside in. */
  path: readonly (string | number)[];
  rule: string;
  isTooDeep: boolean;
}

/** Real definitions stay below 20. Beyond this, text with indentation would be many times longer than what was sent. */
const deepestNesting = 100;

/**
 * The first thing in a JSON value that the database cannot keep: NUL, half of a surrogate pair, a number beyond what a double holds; or nesting
 * that only harms (W47).
 * @param isAnyText whether the store mends texts itself
 */
export function flawOf(value: unknown, isAnyText = false, depth = 0): Flaw | undefined {
  if (typeof value === 'string') return isAnyText ? undefined : textFlaw(value);
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : flaw('must be a number that can be stored');
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= deepestNesting) {
    return { ...flaw(`must NOT be nested deeper than ${deepestNesting} levels`), isTooDeep: true };
  }
  return Array.isArray(value) ? itemFlaw(value, isAnyText, depth) : memberFlaw(value, isAnyText, depth);
}

function itemFlaw(items: readonly unknown[], isAnyText: boolean, depth: number): Flaw | undefined {
  for (const [index, item] of items.entries()) {
    const found = flawOf(item, isAnyText, depth + 1);
    if (found !== undefined) return { ...found, path: [index, ...found.path] };
  }
  return undefined;
}

function memberFlaw(object: object, isAnyText: boolean, depth: number): Flaw | undefined {
  for (const name of Object.keys(object)) {
    const member: unknown = Reflect.get(object, name);
    if (name === '__proto__') return flaw('must NOT have a member "__proto__"');
    const ofName = isAnyText ? undefined : textFlaw(name);
    if (ofName !== undefined) return ofName;
    const found = flawOf(member, isAnyText, depth + 1);
    if (found !== undefined) return { ...found, path: [name, ...found.path] };
  }
  return undefined;
}

function textFlaw(text: string): Flaw | undefined {
  if (text.includes('\0')) return flaw('must NOT contain the character NUL');
  return text.isWellFormed() ? undefined : flaw('must NOT contain half of a surrogate pair');
}

function flaw(rule: string): Flaw {
  return { path: [], rule, isTooDeep: false };
}
