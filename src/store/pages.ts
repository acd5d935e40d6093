import { ServiceError } from '#core/error.ts';
import type { Page, PageRequest } from '#core/pool-store.ts';
import type { NewestFirstKey } from '#core/worker-store.ts';

/** How many rows a page's statement asks for: one more than it gives, to know whether there is a next page. */
export function rowsWanted(page: PageRequest<unknown>): number {
  return Math.max(0, page.limit) + 1;
}

/** A page from the rows of a statement that asked for `rowsWanted`. An empty page is asked for with limit 0 and never has a next one. */
export function pageOf<Row, Key>(
  rows: readonly Row[],
  page: PageRequest<Key>,
  keyOf: (row: Row) => Key,
): Page<Row, Key> {
  const shown = rows.slice(0, Math.max(0, page.limit));
  const last = shown.at(-1);
  return { rows: shown, next: last === undefined || shown.length === rows.length ? null : keyOf(last) };
}

/** The key of a row in a listing ordered newest first. */
export function newestFirstKey(at: Date, id: string): NewestFirstKey {
  return { at: String(at.getTime() * 1000), id };
}

/**
 * The instant of such a key. Stored instants have milliseconds, so nothing is lost.
 * @throws {ServiceError} `invalid-input` for a key that no page ever gave.
 */
export function instantOfKey(key: NewestFirstKey): Date {
  const at = new Date(/^-?\d{1,17}$/.test(key.at) ? Number(key.at) / 1000 : Number.NaN);
  if (Number.isNaN(at.getTime())) throw new ServiceError('invalid-input', 'the key of the page is malformed');
  return at;
}
