import type { JsonObject, JsonValue } from '#core/json.ts';

/** A value that is an object, else an empty one. */
export function asObject(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** The object at the end of a path of members; empty where the path ends early. */
export function objectAt(object: JsonObject, ...path: readonly string[]): JsonObject {
  return path.reduce((inner, name) => asObject(inner[name]), object);
}

/** The objects of a list; none where it is not one. */
export function objectsIn(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter(isObject) : [];
}

/** The texts of a list; none where it is not one. */
export function textsIn(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value)
    ? (value as readonly JsonValue[]).filter((item): item is string => typeof item === 'string')
    : [];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
