import type { LaunchOrder, LaunchOutcome, RefusalClass } from '#core/launch.ts';
import { lifecycleOf } from '#core/pool.ts';
import type { PoolDefinition } from '#core/pool.ts';
import type { Fleet } from '#core/provider.ts';
import { settle, showsWithinMs } from '#core/settle.ts';
import type { SettledOutcome, SettleVerdict } from '#core/settle.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { withDeadline } from '#lib/deadline.ts';
import { after, scopeKey, scopeOfKey } from './parts.ts';
import type { LoopParts } from './parts.ts';
import { brokenOff } from './refusals.ts';

const batchSize = 200;
const parallelOrders = 16;

/** The key of the task that looks for scopes with something to settle; those of the scopes have a slash. */
export const allOrders = 'orders';
/** A scope's task is woken when there is something; this only bounds what a lost wake-up could cost. */
const idleRestMs = 3_600_000;

/**
 * Wakes the task of each scope with orders that nobody works on: a scope that does not answer delays no other. One statement while there are none.
 * @returns when to look again.
 */
export async function wakeSettling({ store, clock, pace }: LoopParts): Promise<Date> {
  const scopes = await store.abandonedScopes(after(clock, -pace.abandonedAfterMs));
  await store.wake(
    scopes.map(({ providerId, scope }) => ({ kind: 'settle', key: scopeKey(providerId, scope) })),
    clock.now(),
  );
  return after(clock, pace.settleEveryMs);
}

/**
 * Finds out what became of orders of a scope that nobody works on: their process died, or their call broke off. An order that is still wanted is
 * sent again under its token, which starts nothing twice and gives a sure answer at once; any other is looked for.
 * @returns when to look again.
 */
export async function settleOrders(parts: LoopParts, key: string, signal: AbortSignal): Promise<Date> {
  const { store, clock, pace } = parts;
  const orders = await store.abandonedOrders(scopeOfKey(key), after(clock, -pace.abandonedAfterMs), batchSize);
  const results = await mapConcurrently(orders, parallelOrders, (order) => settleOne(parts, order, signal));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return after(clock, orders.length === batchSize ? 0 : idleRestMs);
}

async function settleOne(parts: LoopParts, order: LaunchOrder, signal: AbortSignal): Promise<void> {
  const { store, providers, clock, log } = parts;
  const provider = providers.get(order.providerId);
  if (provider?.fleet == null || provider.unavailable !== null) return askAgain(parts, order, after(clock, 60_000));
  const pool = await store.pool(order.workerPoolId);
  const verdict = await find(parts, order, { pool, fleet: provider.fleet }, signal);
  log.write('order-settled', verdict.kind === 'wait' && verdict.isTimeToTell ? 'warning' : 'info', {
    orderId: order.orderId,
    workerPoolId: order.workerPoolId,
    providerId: order.providerId,
    verdict: verdict.kind,
    reason: verdict.reason.text,
  });
  const lifecycle = lifecycleOf(pool?.config ?? {});
  await store.settleOrder(order, verdict.outcome, { lifecycle, firstLookAt: clock.now() }, clock.now());
  if (verdict.kind === 'wait') await askAgain(parts, order, verdict.askAgainAt);
}

/** An order counts as abandoned from `abandonedAfterMs` after its last touch: touched into the past, it comes back when it should. */
async function askAgain({ store, pace }: LoopParts, order: LaunchOrder, at: Date): Promise<void> {
  await store.touchOrders([order.orderId], new Date(at.getTime() - pace.abandonedAfterMs));
}

async function find(
  parts: LoopParts,
  order: LaunchOrder,
  { pool, fleet }: { pool: PoolDefinition | null; fleet: Fleet },
  signal: AbortSignal,
): Promise<SettleVerdict> {
  const { clock } = parts;
  const repeated = await repeat(parts, order, { pool, fleet }, signal);
  if (repeated?.kind === 'settled' && isSure(order, repeated)) {
    const found = `${repeated.launched.length} of ${order.count} after sending it again`;
    return { kind: 'adopt', outcome: repeated, reason: { code: 'found', text: found } };
  }
  const answer = await within(parts, signal, (ended) => fleet.recover(order, ended)).catch((error: unknown) =>
    unknownBecause(order, error, signal),
  );
  return settle(order, answer, repeated?.launched ?? [], clock.now());
}

/** Clouds look for the order's token before they look for machines or room; other refusals come before both, and say nothing of the first time. */
const classesOfSureRefusals: ReadonlySet<RefusalClass> = new Set(['capacity', 'quota']);

/** Does the outcome of a repeat tell all that the order started? */
function isSure({ count }: LaunchOrder, { launched, refusal }: SettledOutcome): boolean {
  return refusal === null || launched.length >= count || classesOfSureRefusals.has(refusal.class);
}

/** Sends a young order again when its pool still wants it that way; null when it does not, or the cloud takes the repeat for another order. */
async function repeat(
  parts: LoopParts,
  order: LaunchOrder,
  { pool, fleet }: { pool: PoolDefinition | null; fleet: Fleet },
  signal: AbortSignal,
): Promise<LaunchOutcome | null> {
  const isYoung = parts.clock.now().getTime() - order.placedAt.getTime() < showsWithinMs;
  const launchConfig = pool?.launchConfigs.find(({ launchConfigId }) => launchConfigId === order.launchConfigId);
  if (!isYoung || pool?.providerId !== order.providerId || launchConfig === undefined) return null;
  const request = {
    order,
    configuration: launchConfig.configuration,
    pool: { owner: pool.owner, description: pool.description },
  };
  return within(parts, signal, (ended) => fleet.launch(request, ended)).catch((error: unknown) =>
    unknownBecause(order, error, signal),
  );
}

function within<T>({ clock, pace }: LoopParts, signal: AbortSignal, call: (ended: AbortSignal) => Promise<T>) {
  return withDeadline({ clock, limitMs: pace.launchLimitMs, signals: [signal] }, call);
}

function unknownBecause(order: LaunchOrder, error: unknown, signal: AbortSignal): LaunchOutcome {
  signal.throwIfAborted();
  return { kind: 'unknown', launched: [], refusal: brokenOff(order, error) };
}
