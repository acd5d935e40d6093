import { ServiceError } from '#core/error.ts';
import type { PoolStore } from '#core/pool-store.ts';
import type { Pool, PoolDefinition } from '#core/pool.ts';
import type { Provider, Providers } from '#core/provider.ts';
import type { WorkerStore } from '#core/worker-store.ts';
import type { Worker, WorkerKey } from '#core/worker.ts';

/** Finds what a request names, or says in the words of the API that it is not there. */

/** A pool without its launch configs. @throws {ServiceError} `not-found`. */
export async function existingPool(store: Pick<PoolStore, 'poolHead'>, workerPoolId: string): Promise<Pool> {
  return there(await store.poolHead(workerPoolId), workerPoolId);
}

/** A pool with its launch configs. @throws {ServiceError} `not-found`. */
export async function wholePool(store: Pick<PoolStore, 'pool'>, workerPoolId: string): Promise<PoolDefinition> {
  return there(await store.pool(workerPoolId), workerPoolId);
}

function there<Found extends Pool>(pool: Found | null, workerPoolId: string): Found {
  if (pool === null) throw new ServiceError('not-found', `Worker pool "${workerPoolId}" does not exist.`);
  return pool;
}

/** @throws {ServiceError} `not-found`. */
export async function existingWorker(store: Pick<WorkerStore, 'worker'>, key: WorkerKey): Promise<Worker> {
  const worker = await store.worker(key);
  if (worker === null) throw new ServiceError('not-found', `Worker ${nameOf(key)} does not exist.`);
  return worker;
}

/**
 * A provider that can be used now.
 * @param missing the code when there is no such provider: it depends on who named it.
 * @throws {ServiceError} that code, or `unavailable` when it is not set up.
 */
export function usableProvider(
  providers: Providers,
  providerId: string,
  missing: 'not-found' | 'invalid-input',
): Provider {
  const provider = providers.get(providerId);
  if (provider === undefined) {
    throw new ServiceError(missing, `Provider "${providerId}" is not configured.`);
  }
  if (provider.unavailable !== null) {
    throw new ServiceError('unavailable', `Provider "${providerId}" is configured but not set up yet; try again.`);
  }
  return provider;
}

/** A worker's name for people. */
export function nameOf({ workerPoolId, workerGroup, workerId }: WorkerKey): string {
  return `"${workerGroup}/${workerId}" of worker pool "${workerPoolId}"`;
}
