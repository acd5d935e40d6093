/** A value that JSON text can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A JSON object, free-form. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Is this value, read from JSON text, an object (and not a list or null)? What it holds is not looked at. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isPlainObject(value);
}

/** Would this value come back the same from JSON text? Dates, undefined, NaN, functions and class instances would not. */
export function isJsonValue(value: unknown): value is JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || itemsOf(value)?.every(isJsonValue) === true;
    default:
      return false;
  }
}

/** Do both say the same in JSON? The order of keys does not count; a key that holds undefined counts as absent. */
export function jsonEquals(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => jsonEquals(item, b[index]));
  }
  if (isPlainObject(a) && isPlainObject(b)) {
    const keys = definedKeys(a);
    return (
      keys.length === definedKeys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEquals(a[key], b[key]))
    );
  }
  return a === b;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What a list or a plain object holds; undefined for any other object. */
function itemsOf(value: object): readonly unknown[] | undefined {
  if (Array.isArray(value)) {
    return value as unknown[];
  }
  return isPlainObject(value) ? Object.values(value) : undefined;
}

function definedKeys(value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
