import { queueWorkers } from '#core/demand.ts';
import { poolLimits } from '#core/pool.ts';
import type { PoolDefinition } from '#core/pool.ts';
import { retire } from '#core/retire.ts';
import type { Retirement } from '#core/retire.ts';
import type { WorkerKey } from '#core/worker.ts';
import { after } from './parts.ts';
import type { LoopParts } from './parts.ts';

/**
 * One turn of advice for one pool: read its quarantines from the queue, decide which running workers are still needed, store what changed. Workers ask
 * for the advice themselves; nobody is ended by it. A pool without running workers costs one statement.
 * @returns when the pool's next turn is due.
 */
export async function retirePool(parts: LoopParts, workerPoolId: string, signal: AbortSignal): Promise<Date> {
  const { store, clock, pace } = parts;
  const next = (): Date => after(clock, pace.retireEveryMs);
  const tally = (await store.tallies([workerPoolId], clock.now())).get(workerPoolId);
  if (tally === undefined || tally.running + tally.quarantined === 0) {
    parts.metrics.forget('worker_manager_workers_to_terminate', { workerPoolId });
    return next();
  }
  const pool = await store.pool(workerPoolId);
  if (pool === null) return next();
  await refreshQuarantines(parts, workerPoolId, signal);
  const retirement = await decide(parts, pool, signal);
  const decisions = retirement.changes.map(({ worker, decision }) => ({ worker, decision }));
  if (decisions.length > 0) await store.saveDecisions(workerPoolId, decisions);
  showAdvice(parts, pool, retirement.counts);
  parts.log.write('termination-decisions', 'info', {
    workerPoolId,
    target: retirement.target,
    changes: decisions.length,
    ...retirement.counts,
    reason: retirement.reason.text,
  });
  return next();
}

async function refreshQuarantines(
  { store, demand, clock }: LoopParts,
  workerPoolId: string,
  signal: AbortSignal,
): Promise<void> {
  const quarantined: { worker: WorkerKey; until: Date }[] = [];
  for await (const worker of queueWorkers(demand, workerPoolId, { quarantined: true }, signal)) {
    if (worker.quarantineUntil !== null && worker.quarantineUntil > clock.now()) {
      quarantined.push({ worker, until: worker.quarantineUntil });
    }
  }
  await store.saveQuarantines(workerPoolId, quarantined);
}

async function decide(
  { store, demand, clock }: LoopParts,
  pool: PoolDefinition,
  signal: AbortSignal,
): Promise<Retirement> {
  const [asked, candidates] = await Promise.all([
    demand.counts(pool.workerPoolId, signal),
    store.retirementCandidates(pool.workerPoolId),
  ]);
  return retire(candidates, asked, poolLimits(pool.config), clock.now());
}

/** Both reasons are shown each time, 0 too: a gauge that is not set keeps its last value for ever (W38). */
function showAdvice(
  { metrics }: LoopParts,
  { workerPoolId, providerId }: PoolDefinition,
  counts: Retirement['counts'],
): void {
  for (const [reason, count] of Object.entries(counts)) {
    metrics.gauge('worker_manager_workers_to_terminate', { workerPoolId, providerId, reason }, count);
  }
}
