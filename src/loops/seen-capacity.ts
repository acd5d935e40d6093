import type { FleetMember } from '#core/worker.ts';
import type { Metrics } from '#core/telemetry.ts';
import { scopeKey } from './parts.ts';
import type { LoopParts } from './parts.ts';
import type { Scope } from './scope.ts';

/** The groups that the last report of each scope named: a gauge that is not set again would stay. */
const lastGroups = new WeakMap<Metrics, Map<string, ReadonlySet<string>>>();

/** Adds up the capacity that one observation saw alive, by pool and group. */
export class SeenCapacity {
  readonly #byPool = new Map<string, Map<string, number>>();

  add({ workerPoolId, workerGroup, capacity }: FleetMember): void {
    const groups = this.#byPool.get(workerPoolId) ?? new Map<string, number>();
    groups.set(workerGroup, (groups.get(workerGroup) ?? 0) + capacity);
    this.#byPool.set(workerPoolId, groups);
  }

  /** Says it in the log (`scan-seen`) and in a gauge that holds this observation and nothing older (W38). */
  report({ log, metrics }: LoopParts, { provider, scope }: Scope): void {
    const { providerId } = provider;
    const name = 'worker_manager_worker_pool_scan_seen_workers';
    this.#forgetLast(metrics, name, { providerId, scope });
    const seen: Record<string, number> = {};
    for (const [workerPoolId, groups] of this.#byPool) {
      for (const [workerGroup, capacity] of groups) {
        metrics.gauge(name, { workerPoolId, providerId, workerGroup }, capacity);
        seen[workerPoolId] = (seen[workerPoolId] ?? 0) + capacity;
      }
    }
    const total = Object.values(seen).reduce((sum, capacity) => sum + capacity, 0);
    log.write('scan-seen', 'notice', { providerId, scope, seen, total });
  }
  #forgetLast(metrics: Metrics, name: string, { providerId, scope }: { providerId: string; scope: string }): void {
    const scopes = lastGroups.get(metrics) ?? new Map<string, ReadonlySet<string>>();
    lastGroups.set(metrics, scopes);
    const key = scopeKey(providerId, scope);
    for (const workerGroup of scopes.get(key) ?? []) metrics.forget(name, { providerId, workerGroup });
    scopes.set(key, new Set([...this.#byPool.values()].flatMap((groups) => [...groups.keys()])));
  }
}
