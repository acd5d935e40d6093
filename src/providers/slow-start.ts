import { whenAborted } from '#lib/abort.ts';

/** More calls at once than this are as good as any number. */
const widestWindow = 64;

/**
 * How many calls may be under way at once: any number, until one is throttled. Then one, and one more for each
 * success (so twice as many with each round), until it matters no more. So those that waited while the cloud wanted fewer calls do not come back all together.
 */
export class SlowStart {
  #window = Infinity;
  #underWay = 0;
  /** In the order of their coming. */
  readonly #waiting = new Set<() => void>();

  /** How many wait to enter. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves when one more may be under way; the caller must `leave`. Rejects with the signal's reason when aborted first. */
  enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const grant = (): void => {
        ignoreAbort();
        this.#waiting.delete(grant);
        this.#underWay += 1;
        resolve();
      };
      const ignoreAbort = whenAborted(signal, () => {
        this.#waiting.delete(grant);
        reject(signal.reason);
      });
      this.#waiting.add(grant);
      this.#admit();
    });
  }

  /** One less is under way; what came of it decides how many may be. */
  leave(outcome: 'success' | 'throttled' | 'other'): void {
    this.#underWay -= 1;
    if (outcome === 'throttled') {
      this.#window = 1;
    } else if (outcome === 'success') {
      this.#window = this.#window < widestWindow ? this.#window + 1 : Infinity;
    }
    this.#admit();
  }

  #admit(): void {
    for (const grant of this.#waiting) {
      if (this.#underWay >= this.#window) {
        return;
      }
      grant();
    }
  }
}
