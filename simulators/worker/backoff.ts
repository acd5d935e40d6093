import type { Random } from '#lib/random.ts';

const firstDelayMs = 500;
const growth = 1.5;
const longestDelayMs = 60_000;
const longestTrialMs = 15 * 60_000;

/**
 * When to repeat a call that got no answer or a 5xx: exponential, each delay drawn between half and one and a half of its
 * mean, and given up after 15 minutes (spec/provisioning.md 11.1; the numbers are the Go client library's).
 */
export class Backoff {
  readonly #sinceMs: number;
  #attempts = 0;

  /** `nowMs`: when the call failed for the first time. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** When to call again; undefined to give up. */
  next(nowMs: number, random: Random): number | undefined {
    const meanMs = Math.min(longestDelayMs, firstDelayMs * growth ** this.#attempts);
    this.#attempts += 1;
    const atMs = nowMs + Math.round(meanMs * (0.5 + random()));
    return atMs - this.#sinceMs > longestTrialMs ? undefined : atMs;
  }
}

/** True for answers that the client library repeats by itself: none at all (status 0), and 5xx. */
export function isWorthRepeating(status: number): boolean {
  return status === 0 || status >= 500;
}
