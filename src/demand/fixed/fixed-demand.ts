import type { Clock } from '#core/clock.ts';
import type { DemandSource } from '#core/demand.ts';

/** Demand that somebody sets by hand: for trying things without a queue. Pools not set have none, and nobody is known. */
export class FixedDemand implements DemandSource {
  readonly #clock: Clock;
  readonly #counts = new Map<string, { pendingTasks: number; claimedTasks: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(workerPoolId: string, counts: { pendingTasks: number; claimedTasks: number }): void {
    this.#counts.set(workerPoolId, counts);
  }

  counts(workerPoolId: string) {
    const counts = this.#counts.get(workerPoolId) ?? { pendingTasks: 0, claimedTasks: 0 };
    return Promise.resolve({ ...counts, at: this.#clock.now() });
  }

  workerPage() {
    return Promise.resolve({ workers: [] });
  }

  worker() {
    return Promise.resolve(null);
  }
}
