import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** How the wait grows from one attempt to the next. */
export interface BackOff {
  /** The longest wait after the first failure; doubled after each further one. */
  firstDelayMs: number;
  /** No wait is longer. */
  maxDelayMs: number;
}

/** What to do about a failure: try again after a back-off, give up, or try again after the time that the other side asked for. */
export type RetryVerdict = 'retry' | 'stop' | { afterMs: number };

/** How often, how fast and on which failures something is tried again. */
export interface RetryOptions extends BackOff {
  /** Attempts in all, the first included. */
  attempts: number;
  clock: Clock;
  random: Random;
  classify: (error: unknown) => RetryVerdict;
  signal?: AbortSignal | undefined;
}

/**
 * Milliseconds to wait after the `failures`-th failure in a row (1, 2, …): grows twofold up to the maximum, and is drawn
 * from the upper half of that, so that those who failed together do not come back together.
 */
export function backOffMs(failures: number, { firstDelayMs, maxDelayMs }: BackOff, random: Random): number {
  const longestMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (failures - 1));
  return longestMs * (0.5 + random() / 2);
}

/**
 * Runs `run` until it succeeds, the classifier says stop, or the attempts are used up; then rejects with the last error
 * as it was thrown. Rejects with the signal's reason when aborted between two attempts; `run` sees to its own.
 */
export async function retry<T>(options: RetryOptions, run: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await run(attempt);
    } catch (error) {
      const verdict = attempt < options.attempts ? options.classify(error) : 'stop';
      if (verdict === 'stop') {
        throw error;
      }
      const delayMs = verdict === 'retry' ? backOffMs(attempt, options, options.random) : verdict.afterMs;
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}
