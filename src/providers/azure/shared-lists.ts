import type { JsonObject } from '#core/json.ts';
import { partsByWorker } from './leftovers.ts';
import type { AzureParts } from './parts.ts';

type Lists = ReadonlyMap<string, readonly JsonObject[]>;

/**
 * What carries the tags of single workers. However many are asked for at once, the lists of the subscription are read once for all: whoever asks while
 * they are being read waits for the next reading, because what one shows may be older than the question.
 */
export class SharedLists {
  readonly #parts: AzureParts;
  #lastReading: Promise<unknown> = Promise.resolve();
  #next: { workerIds: Set<string>; lists: Promise<Lists> } | null = null;

  constructor(parts: AzureParts) {
    this.#parts = parts;
  }

  /** What is there of a worker beside its machine. */
  async partsOf(workerId: string): Promise<readonly JsonObject[]> {
    this.#next ??= this.#readingAfter(this.#lastReading);
    const { workerIds, lists } = this.#next;
    workerIds.add(workerId);
    return (await lists).get(workerId) ?? [];
  }

  #readingAfter(earlier: Promise<unknown>): { workerIds: Set<string>; lists: Promise<Lists> } {
    const workerIds = new Set<string>();
    const lists = earlier.then(() => {
      this.#next = null;
      return partsByWorker(this.#parts, (workerId) => workerIds.has(workerId), this.#parts.surroundings.signal);
    });
    this.#lastReading = lists.catch(() => {});
    return { workerIds, lists };
  }
}
