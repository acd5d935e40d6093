import { mapConcurrently } from '#lib/concurrency.ts';

/**
 * Calls `run` for each item, at most `limit` at a time, and waits for all of them (P-28).
 * @returns the results in the order of the items. @throws the first error, when all have ended.
 */
export async function each<T, R>(items: Iterable<T>, limit: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results = await mapConcurrently(items, limit, run);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
