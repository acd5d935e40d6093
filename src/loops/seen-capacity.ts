import type { Metrics } from '#core/telemetry.ts';
import type { FleetMember } from '#core/worker.ts';
import { scopeKey } from './parts.ts';
import type { LoopParts } from './parts.ts';
import type { Scope } from './scope.ts';

const seenGauge = 'worker_manager_worker_pool_scan_seen_workers';
const errorGauge = 'worker_manager_worker_pool_scan_errors';

/** What one observation saw of a pool in a worker group. */
interface Seen {
  workerPoolId: string;
  workerGroup: string;
  /** Alive. */
  capacity: number;
  /** Workers of which the cloud told a trouble. */
  errors: number;
}

/** The groups that the last report of each scope named: a gauge that is not set again would stay. */
const lastGroups = new WeakMap<Metrics, Map<string, ReadonlySet<string>>>();

/** Adds up what one observation saw, by pool and group. */
export class SeenCapacity {
  readonly #seen = new Map<string, Seen>();

  add(member: FleetMember): void {
    this.#of(member).capacity += member.capacity;
  }

  addError(member: FleetMember): void {
    this.#of(member).errors += 1;
  }

  /** Says it in the log (`scan-seen`) and in gauges that hold this observation and nothing older (W38). */
  report({ log, metrics }: LoopParts, { provider, scope }: Scope): void {
    const { providerId } = provider;
    this.#forgetLast(metrics, { providerId, scope });
    const seen: Record<string, number> = {};
    for (const { workerPoolId, workerGroup, capacity, errors } of this.#seen.values()) {
      metrics.gauge(seenGauge, { workerPoolId, providerId, workerGroup }, capacity);
      metrics.gauge(errorGauge, { workerPoolId, providerId, workerGroup }, errors);
      if (capacity > 0) seen[workerPoolId] = (seen[workerPoolId] ?? 0) + capacity;
    }
    const total = Object.values(seen).reduce((sum, capacity) => sum + capacity, 0);
    log.write('scan-seen', 'notice', { providerId, scope, seen, total });
  }

  #of({ workerPoolId, workerGroup }: FleetMember): Seen {
    const key = `${workerPoolId} ${workerGroup}`;
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const fresh = { workerPoolId, workerGroup, capacity: 0, errors: 0 };
    this.#seen.set(key, fresh);
    return fresh;
  }

  #forgetLast(metrics: Metrics, { providerId, scope }: { providerId: string; scope: string }): void {
    const scopes = lastGroups.get(metrics) ?? new Map<string, ReadonlySet<string>>();
    lastGroups.set(metrics, scopes);
    const key = scopeKey(providerId, scope);
    for (const workerGroup of scopes.get(key) ?? []) {
      for (const gauge of [seenGauge, errorGauge]) metrics.forget(gauge, { providerId, workerGroup });
    }
    scopes.set(key, new Set(this.#seen.values().map(({ workerGroup }) => workerGroup)));
  }
}
