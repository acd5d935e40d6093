import { setImmediate as nextTurn } from 'node:timers/promises';
import { whenAborted } from './abort.ts';

/** Time as an argument: the program's doors declare the same shape in their own words. */
export interface Clock {
  /** This instant. */
  now(): Date;
  /** Resolves after `ms` milliseconds of this clock's time; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay that one timer of Node can hold; longer ones would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own time. A sleep of any length is kept, also one beyond the 24.8 days of a single timer. */
export const systemClock: Clock = {
  now: () => new Date(),

  async sleep(ms, signal) {
    const wakeAt = performance.now() + ms;
    let leftMs = ms;
    do {
      await sleepOnce(Math.min(leftMs, longestTimerMs), signal);
      leftMs = wakeAt - performance.now();
    } while (leftMs >= 1);
  },
};

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      ignoreAbort();
      resolve();
    }, ms);
    const ignoreAbort = whenAborted(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
  });
}

interface Sleeper {
  dueMs: number;
  wake(): void;
}

/**
 * A clock that stands still until a test steps it, so that a day passes in a millisecond and always in the same order.
 *
 * Only promise jobs are given time between two wakings, not sockets or files: a test whose sleepers talk to a database
 * waits for their effect before it steps on.
 */
export class SteppedClock implements Clock {
  #nowMs: number;
  /** In order of due time; equal due times in order of falling asleep. */
  readonly #sleepers: Sleeper[] = [];
  #stepping: Promise<void> = Promise.resolve();

  constructor(start: Date) {
    this.#nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  /** How many sleep and would be woken by a step that is long enough. */
  get pending(): number {
    return this.#sleepers.length;
  }

  /** Resolves once the clock was stepped by `ms`; a sleep of no length ends without a step, in a later turn. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const sleeper: Sleeper = {
        dueMs: this.#nowMs + Math.max(0, ms),
        wake() {
          ignoreAbort();
          resolve();
        },
      };
      const ignoreAbort = whenAborted(signal, () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal?.reason);
      });
      this.#sleepers.splice(this.#positionFor(sleeper.dueMs), 0, sleeper);
      if (sleeper.dueMs === this.#nowMs) {
        void this.step(0);
      }
    });
  }

  /**
   * Lets `ms` milliseconds pass: wakes sleepers in order of their due time, each at its own instant, and lets what they
   * set off (promise jobs, further sleeps) happen before the next. Resolves when the clock stands at the end of the
   * step. Steps asked for at the same time follow one another.
   */
  step(ms: number): Promise<void> {
    if (!(ms >= 0)) {
      throw new RangeError(`a clock steps forward only, not by ${ms} ms`);
    }
    this.#stepping = this.#stepping.then(() => this.#pass(ms));
    return this.#stepping;
  }

  async #pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await nextTurn();
    for (let next = this.#sleepers[0]; next !== undefined && next.dueMs <= endMs; next = this.#sleepers[0]) {
      this.#sleepers.shift();
      this.#nowMs = next.dueMs;
      next.wake();
      await nextTurn();
    }
    this.#nowMs = endMs;
  }

  /** The index behind every sleeper that is due at `dueMs` or earlier. */
  #positionFor(dueMs: number): number {
    let low = 0;
    let high = this.#sleepers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sleepers[middle]?.dueMs ?? Infinity) <= dueMs) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
