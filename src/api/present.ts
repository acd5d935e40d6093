import type {
  LaunchConfigItem,
  WorkerCountsShape,
  WorkerFull,
  WorkerPoolError,
  WorkerPoolFull,
} from '#contract/shapes.ts';
import type { JsonObject } from '#core/json.ts';
import type { WorkerCounts } from '#core/pool-store.ts';
import type { LaunchConfig, PoolDefinition } from '#core/pool.ts';
import type { Problem } from '#core/problem-store.ts';
import type { Worker } from '#core/worker.ts';
import { isJsonObject } from '#lib/json.ts';

/** How what is stored looks to clients (spec/api.md 0.2). What has no value is left out. */

const none = { count: 0, capacity: 0 };

/** The counts of a pool or launch config without workers. */
export const noWorkers: WorkerCounts = {
  requested: none,
  running: none,
  stopping: none,
  stopped: none,
};

export function workerCountsShape(counts: WorkerCounts): WorkerCountsShape {
  const { requested, running, stopping, stopped } = counts;
  return {
    currentCapacity: requested.capacity + running.capacity + stopping.capacity,
    requestedCount: requested.count,
    runningCount: running.count,
    stoppingCount: stopping.count,
    stoppedCount: stopped.count,
    requestedCapacity: requested.capacity,
    runningCapacity: running.capacity,
    stoppingCapacity: stopping.capacity,
    stoppedCapacity: stopped.capacity,
  };
}

/** A pool with its launch configs put back into its config, each with its id; an empty list too, if one was sent (W1). */
export function workerPoolFull(pool: PoolDefinition, counts: WorkerCounts): WorkerPoolFull {
  const { hasLaunchConfigs, launchConfigs } = pool;
  return {
    workerPoolId: pool.workerPoolId,
    providerId: pool.providerId,
    description: pool.description,
    created: pool.created.toISOString(),
    lastModified: pool.lastModified.toISOString(),
    config: hasLaunchConfigs ? { ...pool.config, launchConfigs: launchConfigs.map(withId) } : pool.config,
    owner: pool.owner,
    emailOnError: pool.emailOnError,
    ...workerCountsShape(counts),
  };
}

function withId({ launchConfigId, configuration }: LaunchConfig): JsonObject {
  const { workerManager } = configuration;
  const settings = isJsonObject(workerManager) ? workerManager : {};
  return { ...configuration, workerManager: { ...settings, launchConfigId } };
}

export function launchConfigItem(launchConfig: LaunchConfig): LaunchConfigItem {
  return {
    launchConfigId: launchConfig.launchConfigId,
    workerPoolId: launchConfig.workerPoolId,
    isArchived: launchConfig.isArchived,
    configuration: launchConfig.configuration,
    created: launchConfig.created.toISOString(),
    lastModified: launchConfig.lastModified.toISOString(),
  };
}

export function workerFull(worker: Worker): WorkerFull {
  return {
    workerPoolId: worker.workerPoolId,
    workerGroup: worker.workerGroup,
    workerId: worker.workerId,
    providerId: worker.providerId,
    created: worker.created.toISOString(),
    expires: worker.expires.toISOString(),
    lastModified: worker.lastModified.toISOString(),
    lastChecked: worker.lastChecked.toISOString(),
    state: worker.state,
    capacity: worker.capacity,
    ...(worker.launchConfigId === null ? {} : { launchConfigId: worker.launchConfigId }),
  };
}

export function workerPoolError(problem: Problem): WorkerPoolError {
  return {
    workerPoolId: problem.workerPoolId,
    errorId: problem.errorId,
    reported: problem.reported.toISOString(),
    kind: problem.kind,
    title: problem.title,
    description: problem.description,
    extra: problem.extra,
    ...(problem.launchConfigId === null ? {} : { launchConfigId: problem.launchConfigId }),
  };
}
