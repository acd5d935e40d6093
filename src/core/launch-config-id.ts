import type { JsonObject, JsonValue } from './json.ts';

const utf8 = new TextEncoder();

/** PostgreSQL's order of keys in jsonb: by length in bytes, then byte by byte. */
function compareKeys(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) return left.length - right.length;
  const index = left.findIndex((byte, at) => byte !== right[at]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

/** A number in plain decimals, without exponent, as PostgreSQL's `numeric` writes what JavaScript sends. */
function plainDecimal(value: number): string {
  const [mantissa = '', exponentText] = JSON.stringify(value).split('e');
  if (exponentText === undefined) return mantissa;
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.slice(sign.length).split('.');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(exponent, '0')}`;
}

/**
 * The text that PostgreSQL gives for this value stored as jsonb (spec/api.md 6.2): keys by length in bytes and then
 * bytewise, `", "` and `": "` as separators, numbers without exponent. Holds for what PostgreSQL can store: no NUL,
 * no half of a surrogate pair, no infinite number.
 */
export function jsonbText(value: JsonValue): string {
  if (typeof value === 'number') return plainDecimal(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonbText).join(', ')}]`;
  const members = Object.entries(value)
    .map(([key, member]) => ({ key, bytes: utf8.encode(key), member }))
    .toSorted((left, right) => compareKeys(left.bytes, right.bytes));
  return `{${members.map(({ key, member }) => `${JSON.stringify(key)}: ${jsonbText(member)}`).join(', ')}}`;
}

// `Array.isArray` alone does not narrow readonly arrays.
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The id that a launch config's owner gave it, if any. */
function givenLaunchConfigId(launchConfig: JsonObject): string | undefined {
  const { workerManager } = launchConfig;
  if (typeof workerManager !== 'object' || workerManager === null || isList(workerManager)) {
    return undefined;
  }
  const id = workerManager['launchConfigId'];
  return typeof id === 'string' ? id : undefined;
}

/**
 * The id of a launch config in its pool: the one its owner gave it, or else `lc-` and 20 hex digits that follow from
 * the pool and everything in the launch config but its `workerManager` (spec/api.md 6.2). The same as in an existing
 * deployment, so that nothing is archived and made anew when this service takes over.
 * @param md5 the MD5 of a text's UTF-8 bytes, in lower-case hex
 */
export function launchConfigIdOf(
  workerPoolId: string,
  launchConfig: JsonObject,
  md5: (text: string) => string,
): string {
  const given = givenLaunchConfigId(launchConfig);
  if (given !== undefined) return given;
  const { workerManager: _, ...content } = launchConfig;
  return `lc-${md5(workerPoolId + jsonbText(content)).slice(0, 20)}`;
}
