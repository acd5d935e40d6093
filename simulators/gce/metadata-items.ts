import type { JsonValue } from '#lib/json.ts';
import { textAt } from './json.ts';
import { invalidValue, Refusal } from './refusal.ts';

const mostValueBytes = 256 * 1024;
const mostBytes = 512 * 1024;

/**
 * The metadata of an instance by key, checked: a value has 256 KB at most, all keys and values 512 KB
 * (https://cloud.google.com/compute/docs/metadata/setting-custom-metadata).
 *
 * @throws Refusal
 */
export function checkMetadata(items: readonly JsonValue[], field: string): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  let bytes = 0;
  items.forEach((item, index) => {
    const key = textAt(item, 'key') ?? '';
    const value = textAt(item, 'value') ?? '';
    const place = `${field}.items[${index}]`;
    if (!/^[\w-]{1,128}$/.test(key)) {
      throw invalidValue(`${place}.key`, key, "Must be a match of regex '[a-zA-Z0-9-_]{1,128}'");
    }
    if (found.has(key)) {
      throw invalidValue(field, '', `Metadata has duplicate key: ${key}`);
    }
    const valueBytes = Buffer.byteLength(value);
    if (valueBytes > mostValueBytes) {
      throw tooLarge(`${place}.value`, mostValueBytes, valueBytes);
    }
    bytes += Buffer.byteLength(key) + valueBytes;
    found.set(key, value);
  });
  if (bytes > mostBytes) {
    throw tooLarge(field, mostBytes, bytes);
  }
  return Object.fromEntries(found);
}

function tooLarge(field: string, most: number, actual: number): Refusal {
  const message = `Value for field '${field}' is too large: maximum size ${most} character(s); actual size ${actual}.`;
  return new Refusal(400, 'fieldSizeTooLarge', message);
}
