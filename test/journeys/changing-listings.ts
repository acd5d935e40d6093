import type { WorkerManager } from 'taskcluster-client';
import type { Random } from '#core/clock.ts';
import type { Store } from '#core/store.ts';
import { systemClock } from '#lib/clock.ts';
import { aLaunchConfig, aPool, aStaticPool } from './a-pool.ts';

/** One page of a listing: what names its rows, in their order. */
export interface ListedPage {
  ids: readonly string[];
  continuationToken?: string | undefined;
}

/** A paged listing whose rows come and go. */
export interface ChangingListing {
  name: string;
  /** Makes rows. @returns what names them. */
  fill(client: WorkerManager, count: number): Promise<readonly string[]>;
  /** @param turn rises with each page: listings that accept each other's tokens take turns. */
  page(
    client: WorkerManager,
    query: { limit?: number; continuationToken?: string | undefined },
    turn: number,
  ): Promise<ListedPage>;
  /** Makes one more row. */
  add(client: WorkerManager): Promise<void>;
  /** Takes a row away. @returns the rows that are gone: it may be more. */
  remove(client: WorkerManager, id: string): Promise<readonly string[]>;
}

const expires = new Date(systemClock.now().getTime() + 3_600_000).toISOString();
const report = { workerGroup: 'g', workerId: 'w', kind: 'k', title: 't', description: 'd', extra: {} };

/** Every listing with tokens of its own, on a deployment whose database is at hand for what only time takes away. */
export function changingListings(store: () => Store, random: Random): readonly ChangingListing[] {
  const fresh = (): string => `n${Math.floor(random() * 1e12).toString(36)}`;
  const names = (count: number): string[] => Array.from({ length: count }, fresh);
  return [
    pools(store, fresh, names),
    launchConfigs(fresh, names),
    workers(store, fresh, names),
    groups(store, fresh, names),
    errors(store),
  ];
}

type Fresh = () => string;
type Names = (count: number) => string[];

/** Pools and their statistics page in lock-step. */
function pools(store: () => Store, fresh: Fresh, names: Names): ChangingListing {
  const create = async (client: WorkerManager, id: string): Promise<void> =>
    void (await client.createWorkerPool(id, aStaticPool()));
  return {
    name: 'pools',
    async fill(client, count) {
      const ids = names(count).map((name) => `list/${name}`);
      for (const id of ids) await create(client, id);
      return ids;
    },
    async page(client, query, turn) {
      if (turn % 2 === 0) {
        const { workerPools, continuationToken } = await client.listWorkerPools(query);
        return { ids: workerPools.map(({ workerPoolId }) => workerPoolId), continuationToken };
      }
      const { workerPoolsStats, continuationToken } = await client.listWorkerPoolsStats(query);
      return { ids: workerPoolsStats.map(({ workerPoolId }) => workerPoolId), continuationToken };
    },
    add: (client) => create(client, `list/${fresh()}`),
    async remove(client, id) {
      await client.deleteWorkerPool(id);
      await store().dropDrainedProviders(id, ['static-demo']);
      await store().expirePools();
      return [id];
    },
  };
}

function launchConfigs(fresh: Fresh, names: Names): ChangingListing {
  const pool = 'list-launch-configs/pool';
  const active = new Set<string>();
  const update = async (client: WorkerManager): Promise<void> => {
    const all = [...active].map((launchConfigId) => aLaunchConfig({ workerManager: { launchConfigId } }));
    await client.updateWorkerPool(pool, aPool({ max: 0, launchConfigs: all }));
  };
  return {
    name: 'launch configs',
    async fill(client, count) {
      await client.createWorkerPool(pool, aPool({ max: 0, launchConfigs: [] }));
      for (const name of names(count)) active.add(name);
      await update(client);
      return [...active];
    },
    async page(client, query) {
      const page = await client.listWorkerPoolLaunchConfigs(pool, query);
      const ids = page.workerPoolLaunchConfigs.map(({ launchConfigId }) => launchConfigId);
      return { ids, continuationToken: page.continuationToken };
    },
    async add(client) {
      active.add(fresh());
      await update(client);
    },
    async remove(client, id) {
      active.delete(id);
      await update(client);
      return [id];
    },
  };
}

function workers(store: () => Store, fresh: Fresh, names: Names): ChangingListing {
  const pool = 'list-workers/pool';
  return {
    ...ofDeclared(store, fresh, names, pool),
    name: 'workers of a pool',
    async page(client, query) {
      const { workers: rows, continuationToken } = await client.listWorkersForWorkerPool(pool, query);
      return { ids: rows.map(({ workerId }) => workerId), continuationToken };
    },
  };
}

function groups(store: () => Store, fresh: Fresh, names: Names): ChangingListing {
  const pool = 'list-group/pool';
  return {
    ...ofDeclared(store, fresh, names, pool),
    name: 'workers of a group',
    async page(client, query) {
      const { workers: rows, continuationToken } = await client.listWorkersForWorkerGroup(pool, 'g', query);
      return { ids: rows.map(({ workerId }) => workerId), continuationToken };
    },
  };
}

function ofDeclared(
  store: () => Store,
  fresh: Fresh,
  names: Names,
  pool: string,
): Pick<ChangingListing, 'fill' | 'add' | 'remove'> {
  const declare = async (client: WorkerManager, id: string): Promise<void> => {
    await client.createWorker(pool, 'g', id, { expires, providerInfo: { staticSecret: 's'.repeat(44) } });
  };
  return {
    async fill(client, count) {
      await client.createWorkerPool(pool, aStaticPool());
      const ids = names(count);
      // At once, so that several are of the same instant.
      await Promise.all(ids.map((id) => declare(client, id)));
      return ids;
    },
    add: (client) => declare(client, fresh()),
    async remove(client, id) {
      await client.updateWorker(pool, 'g', id, { expires: '2020-01-01T00:00:00Z' });
      await store().expireWorkers(systemClock.now());
      return [id];
    },
  };
}

/** Only time takes errors away, the oldest first. */
function errors(store: () => Store): ChangingListing {
  const pool = 'list-errors/pool';
  const reportedAt = new Map<string, string>();
  const record = async (client: WorkerManager): Promise<string> => {
    const { errorId, reported } = await client.reportWorkerError(pool, report);
    reportedAt.set(errorId, reported);
    return errorId;
  };
  return {
    name: 'errors',
    async fill(client, count) {
      await client.createWorkerPool(pool, aStaticPool());
      return await Promise.all(Array.from({ length: count }, () => record(client)));
    },
    async page(client, query) {
      const { workerPoolErrors, continuationToken } = await client.listWorkerPoolErrors(pool, query);
      return { ids: workerPoolErrors.map(({ errorId }) => errorId), continuationToken };
    },
    add: async (client) => void (await record(client)),
    async remove() {
      const [oldest] = [...reportedAt.values()].toSorted();
      const until = Date.parse(oldest ?? '') + 1;
      await store().expireProblems(new Date(until));
      const gone = [...reportedAt].flatMap(([id, reported]) => (Date.parse(reported) < until ? [id] : []));
      for (const id of gone) reportedAt.delete(id);
      return gone;
    },
  };
}
