import { candidatesOf } from '#core/candidates.ts';
import type { LaunchConfigOption } from '#core/candidates.ts';
import { estimate } from '#core/estimate.ts';
import type { Estimate } from '#core/estimate.ts';
import type { FleetTally, Setback } from '#core/launch-store.ts';
import { launchConfigLimits, nullProviderId, poolLimits } from '#core/pool.ts';
import type { PoolDefinition } from '#core/pool.ts';
import type { Fleet, Provider } from '#core/provider.ts';
import { select } from '#core/select.ts';
import type { Selection } from '#core/select.ts';
import { probeTaken } from '#core/setback.ts';
import { splitOrders } from '#core/split-orders.ts';
import { launchAll } from './launch.ts';
import { after } from './parts.ts';
import type { LoopParts } from './parts.ts';
import { reportSkipped, reportTurn } from './provision-report.ts';
import type { ProvisionTurn } from './provision-report.ts';

/** A pool that no longer exists comes back never; its task is dropped, and this is only what the engine is told. */
const neverMs = 86_400_000;

/**
 * One provisioning turn of one pool: drop drained previous providers; ask the queue; estimate; select launch configs; place orders; launch.
 * @returns when the pool's next turn is due.
 */
export async function provisionPool(parts: LoopParts, workerPoolId: string, signal: AbortSignal): Promise<Date> {
  const { store, providers, clock, pace } = parts;
  const pool = await store.pool(workerPoolId);
  if (pool === null) {
    await store.dropTasks([
      { kind: 'provision', key: workerPoolId },
      { kind: 'retire', key: workerPoolId },
    ]);
    return after(clock, neverMs);
  }
  const provider = providers.get(pool.providerId);
  await dropDrained(parts, pool);
  const startedAt = clock.now();
  const obstacle = obstacleOf(pool, provider);
  if (obstacle !== null) await reportSkipped(parts, pool, obstacle);
  else if (provider?.fleet != null) {
    const turn = await provisionFrom(parts, pool, { provider, fleet: provider.fleet }, signal);
    await reportTurn(parts, pool, turn, clock.now().getTime() - startedAt.getTime());
    if (turn.isScopeProven) return clock.now();
  }
  return after(clock, pace.provisionEveryMs);
}

/** Why this pool cannot be provisioned now, or null. */
function obstacleOf(pool: PoolDefinition, provider: Provider | undefined): string | null {
  if (pool.providerId === nullProviderId) return 'the pool is being deleted';
  if (provider === undefined) return `provider ${pool.providerId} is not configured`;
  if (provider.unavailable !== null) return `provider ${pool.providerId} is not usable: ${provider.unavailable}`;
  if (provider.fleet === null) return 'its workers are declared by people';
  return null;
}

/**
 * A previous provider that owns nothing of the pool any more is dropped: one that is usable, or one that is no longer configured (W37). One whose set-up
 * fails is kept until it can be asked.
 */
async function dropDrained({ store, providers, log }: LoopParts, pool: PoolDefinition): Promise<void> {
  const candidates = pool.previousProviderIds.filter((id) => providers.get(id)?.unavailable == null);
  if (candidates.length === 0) return;
  const dropped = await store.dropDrainedProviders(pool.workerPoolId, candidates);
  for (const providerId of dropped) {
    log.write('previous-provider-drained', 'info', { workerPoolId: pool.workerPoolId, providerId });
  }
}

async function provisionFrom(
  parts: LoopParts,
  pool: PoolDefinition,
  from: { provider: Provider; fleet: Fleet },
  signal: AbortSignal,
): Promise<ProvisionTurn> {
  const { store, demand, clock } = parts;
  const { workerPoolId } = pool;
  const [asked, tallies] = await Promise.all([
    demand.counts(workerPoolId, signal),
    store.tallies([workerPoolId], clock.now()),
  ]);
  const tally = tallies.get(workerPoolId);
  if (tally === undefined) throw new Error(`no tally of pool ${workerPoolId}`);
  const estimated = estimate(asked, tally, poolLimits(pool.config));
  if (estimated.toRequest === 0) {
    return { estimate: estimated, tally, selection: null, startedCapacity: 0, isScopeProven: false };
  }
  const { selection, setbacks } = await choose(parts, pool, from, { estimated, tally });
  const orders = await place(parts, pool, from, { estimated, selection, setbacks });
  const launched = await launchAll(parts, { pool, ...from, orders, selection, setbacks }, signal);
  return { estimate: estimated, tally, selection, ...launched };
}

async function choose(
  { store, clock, random }: LoopParts,
  pool: PoolDefinition,
  { provider, fleet }: { provider: Provider; fleet: Fleet },
  { estimated, tally }: { estimated: Estimate; tally: FleetTally },
): Promise<{ selection: Selection; setbacks: Map<string, Setback> }> {
  const [records, setbacks] = await Promise.all([
    store.launchRecords(pool.workerPoolId),
    store.setbacks(provider.providerId),
  ]);
  const options = pool.launchConfigs.map(({ launchConfigId, configuration }): LaunchConfigOption => {
    const { workerGroup, backOffScopes } = fleet.place(configuration);
    const limits = launchConfigLimits(configuration, estimated.maxCapacity);
    return { launchConfigId, limits, workerGroup, backOffScopes };
  });
  const candidates = candidatesOf(options, { tally, records, setbacks }, clock.now());
  return {
    selection: select(estimated.toRequest, candidates, random),
    setbacks: new Map(setbacks.map((setback) => [setback.scope, setback])),
  };
}

/** Remember, then act: the orders are stored, and the probes they are, before any call. */
async function place(
  { store, clock, newOrderId }: LoopParts,
  pool: PoolDefinition,
  { provider, fleet }: { provider: Provider; fleet: Fleet },
  decided: { estimated: Estimate; selection: Selection; setbacks: ReadonlyMap<string, Setback> },
) {
  const { estimated, selection, setbacks } = decided;
  const drafts = splitOrders(selection.choices, {
    workerPoolId: pool.workerPoolId,
    providerId: provider.providerId,
    places: new Map(
      pool.launchConfigs.map(({ launchConfigId, configuration }) => [launchConfigId, fleet.place(configuration)]),
    ),
    maxPerOrder: fleet.maxPerOrder,
    newId: newOrderId,
  });
  const bounds = { want: estimated.want, maxCapacity: estimated.maxCapacity };
  const orders = await store.placeOrders(pool.workerPoolId, drafts, bounds, clock.now());
  const placed = new Set(orders.map(({ launchConfigId }) => launchConfigId));
  const probed = selection.choices
    .filter(({ launchConfigId }) => placed.has(launchConfigId))
    .flatMap(({ probes }) => probes);
  for (const scope of new Set(probed)) {
    const setback = setbacks.get(scope);
    if (setback !== undefined) await store.saveSetback(probeTaken(setback, clock.now()));
  }
  return orders;
}
