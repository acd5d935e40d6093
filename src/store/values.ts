import pg from 'pg';
import { ServiceError } from '#core/error.ts';
import type { JsonObject, JsonValue } from '#core/json.ts';

/** What a statement takes as a parameter. JSON is passed as its text (`jsonText`, `recordSet`). */
export type SqlValue = string | number | boolean | bigint | Date | null | readonly (string | number | bigint)[];

/** PostgreSQL's type numbers (pg_type.dat). */
const int8 = 20;
const timestamptz = 1184;

/** How columns come in: instants as `Date`, 64-bit integers as `bigint`, JSON parsed, the rest as the driver does. */
export const decodingTypes = new pg.TypeOverrides();
decodingTypes.setTypeParser(int8, BigInt);
decodingTypes.setTypeParser(timestamptz, instantOf);

const driversInstant = pg.types.getTypeParser(timestamptz, 'text') as (text: string) => Date;

/** `2026-01-02 03:04:05.678+00` is what our connections get; it is ISO 8601 but for two characters, which the runtime reads fastest. */
export function instantOf(text: string): Date {
  return text.endsWith('+00') ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`) : driversInstant(text);
}

/** A parameter as the driver sends it. @throws {ServiceError} `schema-violation` for an instant beyond the years 1 to 9999. */
export function encoded(value: SqlValue): unknown {
  return value instanceof Date ? instantText(value) : value;
}

function instantText(instant: Date): string {
  const year = instant.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) {
    throw new ServiceError('schema-violation', 'an instant must lie in the years 1 to 9999');
  }
  return instant.toISOString();
}

/** JSON text of a value that came in through `storableJson`. */
export function jsonText(value: JsonValue): string {
  return JSON.stringify(value);
}

/** Objects as one parameter, for `json_to_recordset($n)`: any number of rows, one statement. Dates become ISO texts, absent members null. */
export function recordSet(rows: readonly object[]): string {
  return JSON.stringify(rows);
}

const deepest = 200;

/**
 * Checks that a value can be stored as text or JSON and be read back the same (W47).
 * @throws {ServiceError} `schema-violation` naming the member that holds a NUL or half of a surrogate pair, or is nested too deep.
 */
export function checkStorable(value: JsonValue | undefined, name: string, depth = 0): void {
  if (typeof value === 'string') {
    if (!isStorableText(value)) {
      throw new ServiceError(
        'schema-violation',
        `${name} holds a character that cannot be stored (NUL or half a surrogate pair)`,
      );
    }
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth === deepest) throw new ServiceError('schema-violation', `${name.slice(0, 60)}… is nested too deep`);
  for (const [key, member] of Object.entries(value)) {
    if (!isStorableText(key))
      throw new ServiceError('schema-violation', `${name} has a member name that cannot be stored`);
    checkStorable(member, `${name}.${key}`, depth + 1);
  }
}

function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Text for people from elsewhere (a cloud, an error): what cannot be stored is replaced, since losing the rest would be worse. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** The same for free-form JSON, member names included. @throws {ServiceError} `schema-violation` when it is nested too deep. */
export function storableJson(value: JsonObject): JsonObject {
  return storableObject(value, 0);
}

function storableObject(value: JsonObject, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [storableText(key), storableMember(member, depth + 1)]),
  );
}

function storableMember(value: JsonValue, depth: number): JsonValue {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) throw new ServiceError('schema-violation', 'a value is nested too deep to be stored');
  return isList(value) ? value.map((member) => storableMember(member, depth + 1)) : storableObject(value, depth);
}

// `Array.isArray` alone does not narrow readonly arrays.
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
