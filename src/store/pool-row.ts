import type { JsonObject } from '#core/json.ts';
import type { Pool, PoolDefinition } from '#core/pool.ts';
import { prepared, statement } from './database.ts';
import type { Queryable } from './database.ts';

/** A pool as it comes from the database, its active launch configs as one JSON value. */
export interface PoolRow extends Pool {
  hasLaunchConfigs: boolean;
  launchConfigs: readonly (readonly [id: string, configuration: JsonObject, created: string, lastModified: string])[];
}

const headColumns = `p.worker_pool_id as "workerPoolId", p.provider_id as "providerId",
    p.previous_provider_ids as "previousProviderIds", p.description, p.owner, p.email_on_error as "emailOnError", p.config,
    p.created, p.last_modified as "lastModified"`;

/** Pools without their launch configs. Wants a `where` behind it. */
export const poolHeadSelection = `select ${headColumns} from worker_pool p`;

/** Pools with their active launch configs in the order of submission: one row, one statement. Wants a `where` behind it. */
export const poolSelection = `select ${headColumns}, p.has_launch_configs as "hasLaunchConfigs",
    (
      select coalesce(json_agg(json_build_array(lc.launch_config_id, lc.configuration, lc.created, lc.last_modified) order by lc.position), '[]')
      from launch_config lc where lc.worker_pool_id = p.worker_pool_id and not lc.is_archived
    ) as "launchConfigs"
  from worker_pool p`;

/** The row as the program knows it. */
export function poolOf(row: PoolRow): PoolDefinition {
  const { workerPoolId } = row;
  return {
    ...row,
    launchConfigs: row.launchConfigs.map(([launchConfigId, configuration, created, lastModified]) => ({
      workerPoolId,
      launchConfigId,
      isArchived: false,
      configuration,
      created: new Date(created),
      lastModified: new Date(lastModified),
    })),
  };
}

const selectPool = prepared('pools.get', `${poolSelection} where p.worker_pool_id = $1`);

/** A pool as it is now, or null. */
export async function readPool(queryable: Queryable, workerPoolId: string): Promise<PoolDefinition | null> {
  const [row] = await queryable.rows<PoolRow>(selectPool, [workerPoolId]);
  return row === undefined ? null : poolOf(row);
}

const lockStatement = statement(
  'pools.lock',
  `select provider_id as "providerId", previous_provider_ids as "previousProviderIds" from worker_pool
  where worker_pool_id = $1 for no key update`,
);

/** What the holder of a pool's lock wants to know of it. */
export interface LockedPool {
  providerId: string;
  previousProviderIds: readonly string[];
}

/** Locks a pool against other changes and other orders until the transaction ends. What it gives is as of then; null: no such pool. */
export async function lockPool(transaction: Queryable, workerPoolId: string): Promise<LockedPool | null> {
  const [stored] = await transaction.rows<LockedPool>(lockStatement, [workerPoolId]);
  return stored ?? null;
}
