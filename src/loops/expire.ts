import { after } from './parts.ts';
import type { LoopParts } from './parts.ts';

/** What goes when its time has come, each under the name of its job (spec/api.md 7.5). */
export const expiries = {
  'worker-pools': async ({ store }: LoopParts) => (await store.expirePools()).length,
  'launch-configs': ({ store }: LoopParts) => store.expireLaunchConfigs(),
  workers: ({ store, clock }: LoopParts) => store.expireWorkers(clock.now()),
  errors: ({ store, clock, pace }: LoopParts) => store.expireProblems(after(clock, -pace.errorRetentionMs)),
  orders: ({ store, clock, pace }: LoopParts) => store.expireOrders(after(clock, -pace.orderRetentionMs)),
} as const satisfies Record<string, (parts: LoopParts) => Promise<number>>;

export type Expiry = keyof typeof expiries;

/** Whether a task key names an expiry. */
export function isExpiry(key: string): key is Expiry {
  return Object.hasOwn(expiries, key);
}

/** Deletes what has expired of one sort. @returns how many rows went. */
export async function expire(parts: LoopParts, sort: Expiry): Promise<number> {
  const count = await expiries[sort](parts);
  parts.log.child(`expire-${sort}`).write('expired', 'info', { sort, count });
  return count;
}
