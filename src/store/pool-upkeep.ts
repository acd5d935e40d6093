import { nullProviderId } from '#core/pool.ts';
import type { PoolStore } from '#core/pool-store.ts';
import { statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import { lockPool } from './pool-row.ts';

const selectDrained = statement(
  'pools.drained',
  `select provider_id as id from unnest($2::text[]) as provider_id
  where not exists (select from worker_count c
      where c.worker_pool_id = $1 and c.provider_id = provider_id.provider_id and c.state <> 'stopped' and c.workers > 0)
    and not exists (select from launch_order o
      where o.worker_pool_id = $1 and o.provider_id = provider_id.provider_id and o.settled_at is null)`,
);
const setPrevious = statement(
  'pools.set-previous',
  'update worker_pool set previous_provider_ids = $2 where worker_pool_id = $1',
);
const deleteEmptied = statement(
  'pools.expire',
  `with gone as (
    delete from worker_pool where provider_id = '${nullProviderId}' and previous_provider_ids = '{}' returning worker_pool_id
  ), records as (
    delete from launch_record r using gone g where r.worker_pool_id = g.worker_pool_id
  ), reports as (
    delete from provision_report r using gone g where r.worker_pool_id = g.worker_pool_id
  )
  select worker_pool_id as id from gone order by worker_pool_id`,
);

/** What is done to pools by themselves, as time goes by. */
export function poolUpkeepStore(database: Database): Pick<PoolStore, 'dropDrainedProviders' | 'expirePools'> {
  return {
    dropDrainedProviders: async (workerPoolId, candidates) =>
      database.transaction(async (transaction) => dropDrained(transaction, workerPoolId, candidates)),

    expirePools: async () => {
      const rows = await database.rows<{ id: string }>(deleteEmptied);
      return rows.map(({ id }) => id);
    },
  };
}

async function dropDrained(
  transaction: Queryable,
  workerPoolId: string,
  candidates: readonly string[],
): Promise<readonly string[]> {
  const stored = await lockPool(transaction, workerPoolId);
  const asked = stored?.previousProviderIds.filter((id) => candidates.includes(id)) ?? [];
  if (stored === null || asked.length === 0) return [];
  const drained = await transaction.rows<{ id: string }>(selectDrained, [workerPoolId, asked]);
  const dropped = asked.filter((id) => drained.some((row) => row.id === id));
  if (dropped.length > 0) {
    const left = stored.previousProviderIds.filter((id) => !dropped.includes(id));
    await transaction.run(setPrevious, [workerPoolId, left]);
  }
  return dropped;
}
