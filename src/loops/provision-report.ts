import type { Estimate } from '#core/estimate.ts';
import type { FleetTally } from '#core/launch-store.ts';
import type { Selection } from '#core/select.ts';
import type { PoolDefinition } from '#core/pool.ts';
import type { LoopParts } from './parts.ts';

/** What a turn decided, and what came of it. */
export interface ProvisionTurn {
  estimate: Estimate;
  tally: FleetTally;
  /** Null when nothing was to be requested. */
  selection: Selection | null;
  /** Machines that exist because of this turn, in capacity. */
  startedCapacity: number;
  /** A closed back-off scope was proven to work again. */
  isScopeProven: boolean;
}

/** Says what a turn decided and why: in the log, in the metrics, and for whoever asks later. */
export async function reportTurn(
  parts: LoopParts,
  pool: PoolDefinition,
  turn: ProvisionTurn,
  durationMs: number,
): Promise<void> {
  const { workerPoolId, providerId } = pool;
  const { estimate, selection } = turn;
  logTurn(parts, pool, turn, durationMs);
  showTurn(parts, pool, turn, durationMs);
  const why = selection?.unplaced == null ? '' : `; ${selection.unplaced.reason.text}`;
  await parts.store.saveProvisionReport({
    workerPoolId,
    decidedAt: parts.clock.now(),
    pendingTasks: estimate.pendingTasks,
    claimedTasks: estimate.claimedTasks,
    want: estimate.want,
    toRequest: estimate.toRequest,
    requested: turn.startedCapacity,
    reason: `${estimate.reason.text}${why}`,
  });
  parts.log.write('worker-pool-provisioned', 'info', { workerPoolId, providerId, duration: durationMs });
}

/** Says why a pool has no turn. */
export async function reportSkipped({ store, clock }: LoopParts, pool: PoolDefinition, reason: string): Promise<void> {
  const nothing = { pendingTasks: 0, claimedTasks: 0, want: 0, toRequest: 0, requested: 0 };
  await store.saveProvisionReport({
    workerPoolId: pool.workerPoolId,
    decidedAt: clock.now(),
    ...nothing,
    reason,
  });
}

function logTurn({ log }: LoopParts, pool: PoolDefinition, turn: ProvisionTurn, durationMs: number): void {
  const { estimate, selection } = turn;
  const { workerPoolId } = pool;
  log.child('estimator').write('simple-estimate', estimate.isOverProvisioned ? 'err' : 'notice', {
    workerPoolId,
    pendingTasks: estimate.pendingTasks,
    minCapacity: estimate.minCapacity,
    maxCapacity: estimate.maxCapacity,
    scalingRatio: estimate.scalingRatio,
    existingCapacity: estimate.existingCapacity,
    desiredCapacity: estimate.desiredCapacity,
    requestedCapacity: estimate.requestedCapacity,
    stoppingCapacity: estimate.stoppingCapacity,
    totalIdleCapacity: estimate.totalIdleCapacity,
    adjustedPendingTasks: estimate.adjustedPendingTasks,
    reason: estimate.reason.text,
    durationMs,
  });
  if (selection === null) return;
  log.write('launch-config-selector-debug', 'debug', {
    workerPoolId,
    weights: selection.weights,
    remainingCapacity: selection.remainingCapacity,
    choices: selection.choices.map((choice) => `${choice.launchConfigId}: ${choice.reason.text}`),
    excluded: selection.excluded.map((one) => `${one.launchConfigId}: ${one.reason.text}`),
  });
}

function showTurn(
  { metrics }: LoopParts,
  { workerPoolId, providerId }: PoolDefinition,
  { estimate, tally }: ProvisionTurn,
  durationMs: number,
): void {
  const labels = { workerPoolId, providerId };
  metrics.gauge('worker_manager_desired_capacity', labels, estimate.desiredCapacity);
  metrics.gauge('worker_manager_total_idle_capacity', labels, estimate.totalIdleCapacity);
  metrics.gauge('worker_manager_adjusted_pending_tasks', labels, estimate.adjustedPendingTasks);
  metrics.gauge('worker_manager_pending_tasks', labels, estimate.pendingTasks);
  metrics.gauge('worker_manager_claimed_tasks', labels, estimate.claimedTasks);
  metrics.observe('worker_manager_worker_pool_provision_seconds', labels, durationMs / 1000);
  const sums = ['existing', 'stopping', 'requested'] as const;
  for (const sum of sums) {
    const name = `worker_manager_${sum}_capacity`;
    // Groups come and go: what is not counted now must not linger (P-38).
    metrics.forget(name, labels);
    const groups =
      tally.byWorkerGroup.size === 0
        ? [['', { existing: 0, stopping: 0, requested: 0 }] as const]
        : tally.byWorkerGroup;
    for (const [workerGroup, amounts] of groups) metrics.gauge(name, { ...labels, workerGroup }, amounts[sum]);
  }
}
