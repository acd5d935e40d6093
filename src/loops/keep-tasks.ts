import type { TaskKey } from '#core/task-store.ts';
import { expiries } from './expire.ts';
import { scopeKey } from './parts.ts';
import { allOrders } from './settle.ts';
import type { LoopParts } from './parts.ts';

/**
 * Makes sure that every pool, every scope of every usable provider and every job has its tasks: at the start, and again and again, since pools
 * come by other processes and providers recover. Costs one statement when nothing is new.
 */
export async function keepTasks({ store, providers, clock }: LoopParts): Promise<void> {
  const pools = await store.poolIds();
  const scopes = providers
    .list()
    .flatMap(({ providerId, fleet, unavailable }) =>
      fleet === null || unavailable !== null ? [] : fleet.scopes().map((scope) => scopeKey(providerId, scope)),
    );
  const tasks: TaskKey[] = [
    ...pools.flatMap((key): TaskKey[] => [
      { kind: 'provision', key },
      { kind: 'retire', key },
    ]),
    ...scopes.flatMap((key): TaskKey[] => [
      { kind: 'observe', key },
      { kind: 'advance', key },
    ]),
    ...Object.keys(expiries).map((key): TaskKey => ({ kind: 'expire', key })),
    { kind: 'settle', key: allOrders },
    { kind: 'deliver', key: 'outbox' },
    { kind: 'notify', key: 'mail' },
  ];
  await store.ensureTasks(tasks, clock.now());
}
