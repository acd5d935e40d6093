import type { LaunchOrder, LaunchOutcome, Refusal } from '#core/launch.ts';
import type { Setback } from '#core/launch-store.ts';
import { lifecycleOf } from '#core/pool.ts';
import type { PoolDefinition } from '#core/pool.ts';
import type { Fleet, Provider } from '#core/provider.ts';
import type { Selection } from '#core/select.ts';
import { isProvenLater, nextSetback, provenScopes } from '#core/setback.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { withDeadline } from '#lib/deadline.ts';
import { after, scopeKey } from './parts.ts';
import type { LoopParts } from './parts.ts';
import { brokenOff, reportRefusals } from './refusals.ts';
import type { Refused } from './refusals.ts';

/** Orders of one turn, with what is known around them. */
export interface LaunchBatch {
  pool: PoolDefinition;
  provider: Provider;
  fleet: Fleet;
  orders: readonly LaunchOrder[];
  selection: Selection;
  /** The provider's setbacks by scope; moves with the outcomes, so that refusals of one wave see each other. */
  setbacks: Map<string, Setback>;
}

/** Calls under way at once for one pool; the provider's own limits decide how fast they really go. */
const parallelLaunches = 16;

/**
 * Sends orders and stores what became of them. A slow or failing one delays no other; all are waited for (P-28). Refusals move back-off scopes and are
 * reported once per incident.
 */
export async function launchAll(parts: LoopParts, batch: LaunchBatch, signal: AbortSignal): Promise<LaunchResult> {
  const { store, clock } = parts;
  const { orders, provider } = batch;
  if (orders.length === 0) return { startedCapacity: 0, isScopeProven: false };
  const results = await mapConcurrently(orders, parallelLaunches, (order) => launchOne(parts, batch, order, signal));
  const scopes = new Set(orders.map((order) => scopeKey(provider.providerId, order.scope)));
  await store.wake(
    [...scopes].flatMap((key) => [{ kind: 'advance', key } as const, { kind: 'observe', key } as const]),
    clock.now(),
  );
  const launched = results.filter((result) => result.status === 'fulfilled').map((result) => result.value);
  await reportRefusals(parts, launched.flatMap(refusedLaunch));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return {
    startedCapacity: launched.reduce((sum, { startedCapacity }) => sum + startedCapacity, 0),
    isScopeProven: launched.some(({ isScopeProven }) => isScopeProven),
  };
}

/** What came of a turn's orders. */
export interface LaunchResult {
  startedCapacity: number;
  /** A scope that was closed works again: what waited for it need not wait for the next turn. */
  isScopeProven: boolean;
}

/** One order's fate in this turn. */
interface Launched extends LaunchResult {
  order: LaunchOrder;
  refusal: Refusal | null;
  /** Since when its scope is refused; null without a refusal. */
  refusedSince: Date | null;
}

function refusedLaunch({ order, refusal, refusedSince }: Launched): Refused[] {
  if (refusal === null || refusedSince === null) return [];
  const { workerPoolId, providerId, launchConfigId, workerGroup, count } = order;
  return [{ workerPoolId, providerId, launchConfigId, workerGroup, requested: count, refusal, refusedSince }];
}

async function launchOne(
  parts: LoopParts,
  batch: LaunchBatch,
  order: LaunchOrder,
  signal: AbortSignal,
): Promise<Launched> {
  const { store, clock, pace } = parts;
  const outcome = await send(parts, batch, order, signal);
  const terms = { lifecycle: lifecycleOf(batch.pool.config), firstLookAt: after(clock, pace.firstLookAfterMs) };
  const workers = await store.settleOrder(order, outcome, terms, clock.now());
  const moved = await moveScopes(parts, batch, order, outcome);
  return {
    order,
    ...moved,
    startedCapacity: workers.reduce((sum, worker) => sum + worker.capacity, 0),
    refusal: outcome.refusal,
  };
}

/** A call that takes too long or throws leaves the order open: machines may exist, and `settle` finds out. */
async function send(
  parts: LoopParts,
  { pool, fleet }: LaunchBatch,
  order: LaunchOrder,
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { clock, pace } = parts;
  const configuration = pool.launchConfigs.find(
    (config) => config.launchConfigId === order.launchConfigId,
  )?.configuration;
  if (configuration === undefined) throw new Error(`order ${order.orderId} names no launch config of its pool`);
  const request = { order, configuration, pool: { owner: pool.owner, description: pool.description } };
  try {
    return await withDeadline({ clock, limitMs: pace.launchLimitMs, signals: [signal] }, (ended) =>
      fleet.launch(request, ended),
    );
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unknown', launched: [], refusal: brokenOff(order, error) };
  }
}

/** Closes the scope a refusal names for longer; opens those that the order proved to work again. */
async function moveScopes(
  { store, clock, random }: LoopParts,
  { provider, fleet, selection, setbacks }: LaunchBatch,
  order: LaunchOrder,
  outcome: LaunchOutcome,
): Promise<Pick<Launched, 'isScopeProven' | 'refusedSince'>> {
  const { providerId } = provider;
  const probed = selection.choices.find((choice) => choice.launchConfigId === order.launchConfigId)?.probes ?? [];
  const { refusal } = outcome;
  let refusedSince: Date | null = null;
  if (refusal !== null) {
    const asked = { providerId, isProbe: probed.includes(refusal.scope), now: clock.now() };
    const next = nextSetback(setbacks.get(refusal.scope) ?? null, refusal, asked, random);
    setbacks.set(refusal.scope, next);
    await store.saveSetback(next);
    refusedSince = next.since;
  }
  const proven = provenScopes(probed, outcome).filter((scope) => !waitsForProof(fleet, setbacks.get(scope)));
  for (const scope of proven) {
    setbacks.delete(scope);
    await store.clearSetback(providerId, scope);
  }
  return { isScopeProven: proven.length > 0, refusedSince };
}

function waitsForProof({ confirmsLater }: Fleet, setback: Setback | undefined): boolean {
  return confirmsLater && setback !== undefined && isProvenLater(setback);
}
