import { noteFailure } from './background.ts';
import { ended, inBackground } from './operation.ts';
import type { Operation } from './operation.ts';
import type { AzureParts } from './parts.ts';

/** Longer than that nothing is followed: the loops find the end by themselves. */
const followLimitMs = 30 * 60_000;
/** So many operations at most; further ones are left to the loops. */
const mostFollowed = 2_000;
/** How long it is remembered how a machine's creation failed: Azure forgets, and the loops ask within minutes. */
const rememberMs = 60 * 60_000;

/**
 * Operations that go on after a launch was accepted, followed in the background, so that their end is looked at when it comes. What a crash loses of
 * this is found by asking.
 */
export class Followers {
  readonly #parts: AzureParts;
  readonly #followed = new Set<string>();
  readonly #failures = new Map<string, { error: unknown; atMs: number }>();

  constructor(parts: AzureParts) {
    this.#parts = parts;
  }

  /** Follows what was begun for a worker and has it looked at when that ends. @param whenDone done before that, after a success. */
  follow(workerId: string, what: string, operation: Operation, whenDone: (signal: AbortSignal) => Promise<void>): void {
    const { providerId, subscriptionId, surroundings } = this.#parts;
    if (this.#followed.size >= mostFollowed || this.#followed.has(workerId)) return;
    this.#followed.add(workerId);
    const { signal } = surroundings;
    const limits = { what, haste: inBackground, limitMs: followLimitMs };
    ended(this.#parts, operation, limits, signal)
      .then(() => whenDone(signal))
      .catch((error: unknown) => {
        noteFailure(this.#parts, error);
        this.#remember(workerId, error);
      })
      .finally(() => {
        this.#followed.delete(workerId);
        if (!signal.aborted) surroundings.hasten({ providerId, scope: subscriptionId, workerIds: [workerId] });
      });
  }

  isFollowed(workerId: string): boolean {
    return this.#followed.has(workerId);
  }

  /** How the creation of a worker's machine failed, as far as this process saw it. */
  failureOf(workerId: string): unknown {
    return this.#failures.get(workerId)?.error ?? null;
  }

  #remember(workerId: string, error: unknown): void {
    const nowMs = this.#parts.surroundings.clock.now().getTime();
    for (const [known, { atMs }] of this.#failures) {
      if (nowMs - atMs < rememberMs) break;
      this.#failures.delete(known);
    }
    this.#failures.set(workerId, { error, atMs: nowMs });
  }
}
