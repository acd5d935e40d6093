import { ServiceError } from '#core/error.ts';
import type { JsonValue } from '#core/json.ts';
import { jsonText } from './values.ts';
import { prepared, statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import type { LaunchConfig } from '#core/pool.ts';
import type { LaunchConfigChanges, PoolInput, PoolStore } from '#core/pool-store.ts';
import { pageOf, rowsWanted } from './pages.ts';

/** Ids are words of routing keys (spec/api.md 0.1). */
const longestId = 38;

/** A launch config as submitted, with its id and what is stored under that id. */
interface Submitted {
  id: string;
  isKnown: boolean;
  /** Whether the stored content differs in more than `workerManager`. */
  isOther: boolean;
}

const compareSubmitted = statement(
  'launch-configs.compare',
  `select s.id, lc.launch_config_id is not null as "isKnown",
    coalesce(lc.configuration - 'workerManager' <> s.item - 'workerManager', false) as "isOther"
  from (
    select launch_config_id($1, item) as id, item, position
    from jsonb_array_elements($2::jsonb) with ordinality as e (item, position)
  ) as s
  left join launch_config lc on lc.worker_pool_id = $1 and lc.launch_config_id = s.id
  order by s.position`,
);

const upsertSubmitted = statement(
  'launch-configs.upsert',
  `insert into launch_config (worker_pool_id, launch_config_id, position, configuration, created, last_modified)
  select $1, launch_config_id($1, item), position, item, $3, $3
  from jsonb_array_elements($2::jsonb) with ordinality as e (item, position)
  on conflict (worker_pool_id, launch_config_id) do update set
    is_archived = false, position = excluded.position, configuration = excluded.configuration, last_modified = excluded.last_modified`,
);

const archiveOthers = statement(
  'launch-configs.archive',
  `update launch_config set is_archived = true, last_modified = $3
  where worker_pool_id = $1 and not is_archived and launch_config_id <> all ($2::text[])
  returning launch_config_id as id`,
);

/**
 * The launch configs of a pool's config as the user sent it; null when it has no such member.
 * @throws {ServiceError} `schema-violation` when they are no list of objects: only a provider without own schema lets that through.
 */
export function submittedLaunchConfigs(config: PoolInput['config']): readonly JsonValue[] | null {
  const { launchConfigs } = config;
  if (launchConfigs === undefined) return null;
  const isListOfObjects =
    Array.isArray(launchConfigs) &&
    launchConfigs.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));
  if (!isListOfObjects) {
    throw new ServiceError('schema-violation', 'config.launchConfigs must be a list of objects');
  }
  return launchConfigs as readonly JsonValue[];
}

/**
 * Makes these the active launch configs of a pool, whose row the transaction has locked: creates, updates, archives (spec/api.md 6.3).
 * @throws {ServiceError} `conflict` when an id is taken by other content (W26) or given twice (W29).
 */
export async function replaceLaunchConfigs(
  transaction: Queryable,
  workerPoolId: string,
  items: readonly JsonValue[],
  now: Date,
): Promise<LaunchConfigChanges> {
  const text = jsonText(items);
  const submitted = await transaction.rows<Submitted>(compareSubmitted, [workerPoolId, text]);
  const ids = submitted.map(({ id }) => id);
  checkIds(workerPoolId, submitted);
  await transaction.run(upsertSubmitted, [workerPoolId, text, now]);
  const archived = await transaction.rows<{ id: string }>(archiveOthers, [workerPoolId, ids, now]);
  return {
    created: submitted.filter(({ isKnown }) => !isKnown).map(({ id }) => id),
    updated: submitted.filter(({ isKnown }) => isKnown).map(({ id }) => id),
    archived: archived.map(({ id }) => id).toSorted(),
  };
}

function checkIds(workerPoolId: string, submitted: readonly Submitted[]): void {
  const seen = new Set<string>();
  for (const { id, isOther } of submitted) {
    if (id === '' || id.length > longestId) {
      throw new ServiceError('schema-violation', `a launchConfigId has 1 to ${longestId} characters`);
    }
    if (seen.has(id)) {
      throw new ServiceError('conflict', `Launch config with ID \`${id}\` already exists: it is given twice`);
    }
    if (isOther) {
      throw new ServiceError(
        'conflict',
        `Launch config with ID \`${id}\` already exists in worker pool ${workerPoolId} with other content`,
      );
    }
    seen.add(id);
  }
}

const columns = `worker_pool_id as "workerPoolId", launch_config_id as "launchConfigId", is_archived as "isArchived",
  configuration, created, last_modified as "lastModified"`;

const selectPage = statement(
  'launch-configs.page',
  `select ${columns} from launch_config
  where worker_pool_id = $1 and launch_config_id > $2 and ($3 or not is_archived) order by launch_config_id limit $4`,
);
const selectOne = prepared(
  'launch-configs.get',
  `select ${columns} from launch_config where worker_pool_id = $1 and launch_config_id = $2`,
);
const deleteUnused = statement(
  'launch-configs.expire',
  `with gone as (
    delete from launch_config lc where is_archived and not exists (
      select from worker w where w.worker_pool_id = lc.worker_pool_id and w.launch_config_id = lc.launch_config_id)
    and not exists (
      select from launch_order o
      where o.worker_pool_id = lc.worker_pool_id and o.launch_config_id = lc.launch_config_id and o.settled_at is null)
    returning worker_pool_id, launch_config_id
  ), forgotten as (
    delete from launch_record r using gone g where r.worker_pool_id = g.worker_pool_id and r.launch_config_id = g.launch_config_id
  )
  select count(*)::integer as count from gone`,
);

type LaunchConfigStore = Pick<PoolStore, 'launchConfigsPage' | 'launchConfig' | 'expireLaunchConfigs'>;

/** @param lists where listings are read. */
export function launchConfigStore(database: Database, lists: Database): LaunchConfigStore {
  return {
    launchConfigsPage: async (workerPoolId, includeArchived, page) => {
      const values = [workerPoolId, page.after ?? '', includeArchived, rowsWanted(page)];
      const rows = await lists.rows<LaunchConfig>(selectPage, values);
      return pageOf(rows, page, (row) => row.launchConfigId);
    },

    launchConfig: async (workerPoolId, launchConfigId) => {
      const [row] = await database.rows<LaunchConfig>(selectOne, [workerPoolId, launchConfigId]);
      return row ?? null;
    },

    expireLaunchConfigs: async () => {
      const [gone] = await database.rows<{ count: number }>(deleteUnused);
      return gone?.count ?? 0;
    },
  };
}
