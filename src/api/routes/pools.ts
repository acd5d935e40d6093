import type { WorkerPoolFull } from '#contract/shapes.ts';
import { ServiceError } from '#core/error.ts';
import type { PoolChange, PoolInput, WorkerCounts } from '#core/pool-store.ts';
import type { PoolDefinition } from '#core/pool.ts';
import type { Call, Handlers } from '#api/call.ts';
import { existingPool, usableProvider, wholePool } from '#api/lookup.ts';
import { PageTokens } from '#api/pages.ts';
import type { ApiParts } from '#api/parts.ts';
import { refuseConfig } from '#api/pool-config.ts';
import { noWorkers, workerCountsShape, workerPoolFull } from '#api/present.ts';

type Names =
  | 'createWorkerPool'
  | 'updateWorkerPool'
  | 'deleteWorkerPool'
  | 'workerPool'
  | 'workerPoolStats'
  | 'listWorkerPools'
  | 'listWorkerPoolsStats';

/** Creates, changes, deletes and shows worker pools (spec/api.md 1.6-1.8, 1.10, 1.11). */
export function poolHandlers(parts: ApiParts): Pick<Handlers, Names> {
  const { store, clock } = parts;
  const tokens = new PageTokens(parts.vault);
  return {
    async createWorkerPool(call) {
      const input = await acceptedInput(parts, call);
      const change = await store.createPool(input, await call.clientId(), clock.now());
      return await changed(parts, call, 'created', change);
    },

    async updateWorkerPool(call) {
      const input = await acceptedInput(parts, call);
      const { workerPoolId = input.workerPoolId } = call.body;
      if (workerPoolId !== input.workerPoolId) {
        throw new ServiceError(
          'invalid-input',
          `The workerPoolId of the body, "${workerPoolId}", is not that of the URL, "${input.workerPoolId}".`,
        );
      }
      const change = await store.updatePool(input, await call.clientId(), clock.now());
      return await changed(parts, call, 'updated', change);
    },

    async deleteWorkerPool(call) {
      const { workerPoolId } = call.params;
      const change = await store.deletePool(workerPoolId, await call.clientId(), clock.now());
      return await changed(parts, call, 'deleted', change);
    },

    async workerPool({ params: { workerPoolId } }) {
      const [pool, counts] = await Promise.all([wholePool(store, workerPoolId), store.poolCounts([workerPoolId])]);
      return presented(pool, counts);
    },

    async workerPoolStats({ params: { workerPoolId } }) {
      await existingPool(store, workerPoolId);
      const counts = await store.launchConfigCounts(workerPoolId);
      const items = [...(counts.size === 0 ? [[null, noWorkers] as const] : counts)];
      const launchConfigStats = items.toSorted(byIdWithoutLast).map(([id, count]) => ({
        workerPoolId,
        launchConfigId: id ?? 'unknown',
        ...workerCountsShape(count),
      }));
      return { launchConfigStats };
    },

    async listWorkerPools({ query }) {
      const { rows, token } = await tokens.page('pools', query, (page) => store.poolsPage(page));
      const counts = await store.poolCounts(rows.map(({ workerPoolId }) => workerPoolId));
      return { workerPools: rows.map((pool) => presented(pool, counts)), ...token };
    },

    async listWorkerPoolsStats({ query }) {
      const { rows, token } = await tokens.page('pools', query, (page) => store.poolsPage(page));
      const counts = await store.poolCounts(rows.map(({ workerPoolId }) => workerPoolId));
      const workerPoolsStats = rows.map(({ workerPoolId }) => ({
        workerPoolId,
        ...workerCountsShape(counts.get(workerPoolId) ?? noWorkers),
      }));
      return { workerPoolsStats, ...token };
    },
  };
}

/** Those without an id come last. */
function byIdWithoutLast(
  [left]: readonly [string | null, ...unknown[]],
  [right]: readonly [string | null, ...unknown[]],
): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return left < right ? -1 : 1;
}

function presented(pool: PoolDefinition, counts: ReadonlyMap<string, WorkerCounts>): WorkerPoolFull {
  return workerPoolFull(pool, counts.get(pool.workerPoolId) ?? noWorkers);
}

type Write = Call<'createWorkerPool'> | Call<'updateWorkerPool'>;

/** What a write says of its pool, from a caller who may say so, for a provider that can do it. */
async function acceptedInput(parts: ApiParts, { params, body, authorize }: Write): Promise<PoolInput> {
  const { workerPoolId } = params;
  const { providerId, description, owner, emailOnError, config } = body;
  await authorize({ workerPoolId, providerId });
  const provider = usableProvider(parts.providers, providerId, 'invalid-input');
  await refuseConfig(parts, provider, config, async () => await parts.store.pool(workerPoolId));
  return { workerPoolId, providerId, description, owner, emailOnError, config };
}

/** Tells whoever works on the pool, and answers with what it is now. */
async function changed(
  parts: ApiParts,
  call: Pick<Write, 'clientId'>,
  action: 'created' | 'updated' | 'deleted',
  { pool }: PoolChange,
): Promise<WorkerPoolFull> {
  const { store, log, clock } = parts;
  const { workerPoolId } = pool;
  log.write('audit-event', 'notice', {
    v: 1,
    service: 'worker-manager',
    entity: 'worker-pool',
    entityId: workerPoolId,
    clientId: await call.clientId(),
    action,
  });
  await store.wake(
    [
      { kind: 'provision', key: workerPoolId },
      { kind: 'retire', key: workerPoolId },
    ],
    clock.now(),
  );
  return presented(pool, await store.poolCounts([workerPoolId]));
}
