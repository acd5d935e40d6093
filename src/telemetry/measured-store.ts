import type { Clock } from '#core/clock.ts';
import type { Problem } from '#core/problem-store.ts';
import type { Store } from '#core/store.ts';
import type { Log, Metrics } from '#core/telemetry.ts';
import type { Moved } from '#core/worker-store.ts';
import type { Worker } from '#core/worker.ts';

/** What the lifecycle is told to. */
export interface LifecycleTelemetry {
  log: Log;
  metrics: Metrics;
  clock: Clock;
}

/**
 * The same store, which logs and measures each worker's lifecycle as it is stored (spec/provisioning.md 1.8): once per move, wherever it came
 * from, and only after it is true. Errors of pools are logged likewise, whoever reports them (spec/api.md 7.4).
 */
export function measuredStore(store: Store, telemetry: LifecycleTelemetry): Store {
  const tell = (moved: Moved): void => tellMove(telemetry, moved);
  return {
    ...store,
    async settleOrder(...call) {
      const workers = await store.settleOrder(...call);
      for (const worker of workers) tellRequest(telemetry, worker);
      return workers;
    },
    async moveWorkers(...call) {
      const moved = await store.moveWorkers(...call);
      moved.forEach(tell);
      return moved;
    },
    async register(...call) {
      const registered = await store.register(...call);
      if (registered !== null && 'move' in registered) tell(registered);
      return registered;
    },
    async recordProblem(...call) {
      const problem = await store.recordProblem(...call);
      tellProblem(telemetry, problem);
      return problem;
    },
  };
}

function commonFields(worker: Worker): Record<string, unknown> {
  const { workerPoolId, providerId, workerGroup, workerId, launchConfigId } = worker;
  return { workerPoolId, providerId, workerGroup, workerId, ...(launchConfigId === null ? {} : { launchConfigId }) };
}

function tellRequest({ log }: LifecycleTelemetry, worker: Worker): void {
  log.write('worker-requested', 'notice', {
    ...commonFields(worker),
    terminateAfter: worker.terminateAfter?.getTime() ?? null,
  });
}

/** Never its `extra`: that is for those who may list errors. */
function tellProblem({ log }: LifecycleTelemetry, problem: Problem): void {
  const { workerPoolId, errorId, kind, title, description, reported } = problem;
  log.write('worker-error', 'notice', { workerPoolId, errorId, kind, title, description, reported });
}

const secondsBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000;

function tellMove(telemetry: LifecycleTelemetry, { worker, move, from, reason }: Moved): void {
  const { log, metrics, clock } = telemetry;
  const labels = { workerPoolId: worker.workerPoolId, providerId: worker.providerId };
  const now = clock.now();
  const age = secondsBetween(worker.created, now);
  if (move === 'register') {
    log.write('worker-running', 'notice', { ...commonFields(worker), registrationDuration: age });
    metrics.observe('worker_manager_worker_registration_seconds', labels, age);
    return;
  }
  log.write(move === 'remove' ? 'worker-removed' : 'worker-stopped', 'notice', {
    ...commonFields(worker),
    ...(move === 'remove' ? { reason } : {}),
    workerAge: age,
    runningDuration: worker.registeredAt === null ? null : secondsBetween(worker.registeredAt, now),
  });
  // A stop that follows a removal is not a second end.
  if (from !== 'stopping') tellEnd(telemetry, worker, labels);
}

function tellEnd({ metrics }: LifecycleTelemetry, worker: Worker, labels: Record<string, string>): void {
  const endedAt = worker.stoppedAt ?? worker.lastModified;
  if (worker.registeredAt !== null) {
    const lifetime = secondsBetween(worker.registeredAt, endedAt);
    metrics.observe('worker_manager_worker_lifetime_seconds', labels, lifetime);
  } else {
    metrics.count('worker_manager_worker_registration_failures_total', labels);
  }
}
