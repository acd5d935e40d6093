import type { FleetMember } from './worker.ts';

/** The wait before the first look and the longest one; each wait is half as long again as the one before. */
const paces = {
  /** Most machines need half a minute and more to boot; a refused or vanished one should show soon. */
  requested: { firstMs: 5_000, longestMs: 60_000 },
  /** Capacity that is on its way out blocks the pool: seen off within seconds, and never forgotten (evidence.md 3.1, TC#7267). */
  stopping: { firstMs: 2_000, longestMs: 120_000 },
} as const;
const growth = 1.5;

/**
 * When to look next at a worker in `requested` or `stopping`: within seconds at first, then less and less often, at least every two minutes,
 * and not after its `terminateAfter`. Null for other states: running workers are seen by the observation of their scope, stopped ones never.
 */
export function nextLook(member: Pick<FleetMember, 'state' | 'attempts' | 'terminateAfter'>, now: Date): Date | null {
  const { state, attempts, terminateAfter } = member;
  if (state !== 'requested' && state !== 'stopping') return null;
  const { firstMs, longestMs } = paces[state];
  const due = now.getTime() + Math.min(longestMs, firstMs * growth ** attempts);
  const limit = state === 'requested' ? (terminateAfter?.getTime() ?? Infinity) : Infinity;
  // A limit that has passed sets no date: the worker is due at the ordinary pace until its removal is stored.
  return new Date(limit > now.getTime() ? Math.min(due, limit + 1) : due);
}
