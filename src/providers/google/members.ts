import type { JsonObject, JsonValue } from '#core/json.ts';
import { isJsonObject } from '#lib/json.ts';

/** A value that is an object, else an empty one. */
export function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The objects of a list; none where it is not one. */
export function objectsIn(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter(isJsonObject) : [];
}

/** The last part of a URL or path: Google takes and gives full URLs, partial ones and bare names for the same thing. */
export function lastPart(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
