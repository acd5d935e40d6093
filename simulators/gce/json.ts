import { isJsonObject, type JsonObject, type JsonValue } from '#lib/json.ts';

/** What a path of names leads to in a JSON value, or undefined; null counts as absent. */
export function at(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | null | undefined = value;
  for (const name of path) {
    found = isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found ?? undefined;
}

/** The text there; a number, as 64-bit ones may come, is one too. */
export function textAt(value: JsonValue | undefined, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

/** The whole number there, as number or as digits. */
export function integerAt(value: JsonValue | undefined, ...path: readonly string[]): number | undefined {
  const text = textAt(value, ...path);
  return text === undefined ? undefined : Number(text);
}

export function isTrueAt(value: JsonValue | undefined, ...path: readonly string[]): boolean {
  return at(value, ...path) === true;
}

/** The items of the list there; none where there is no list. */
export function listAt(value: JsonValue | undefined, ...path: readonly string[]): readonly JsonValue[] {
  const found = at(value, ...path);
  return isList(found) ? found : [];
}

/** The texts of the object there, by name. */
export function textsAt(value: JsonValue | undefined, ...path: readonly string[]): Readonly<Record<string, string>> {
  const found = at(value, ...path);
  return isJsonObject(found)
    ? Object.fromEntries(
        Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      )
    : {};
}

/** The object there; an empty one where there is none. */
export function objectAt(value: JsonValue | undefined, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path);
  return isJsonObject(found) ? found : {};
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
