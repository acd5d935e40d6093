import { ServiceError } from '#core/error.ts';
import type { LaunchConfigEvent, PoolEvent } from '#core/events.ts';
import type { JsonValue } from '#core/json.ts';
import { nullProviderId } from '#core/pool.ts';
import type { Pool } from '#core/pool.ts';
import type { LaunchConfigChanges, PoolChange, PoolInput, PoolStore } from '#core/pool-store.ts';
import { audit } from './audit.ts';
import { prepared, statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import { replaceLaunchConfigs, submittedLaunchConfigs } from './launch-configs.ts';
import { announce, poolOrderKey } from './outbox.ts';
import { pageOf, rowsWanted } from './pages.ts';
import { lockPool, poolHeadSelection, poolOf, poolSelection, readPool } from './pool-row.ts';
import type { LockedPool, PoolRow } from './pool-row.ts';
import { checkStorable, jsonText } from './values.ts';

const insertPool = statement(
  'pools.insert',
  `insert into worker_pool (worker_pool_id, provider_id, description, owner, email_on_error, config, has_launch_configs, created, last_modified)
  values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $8) on conflict (worker_pool_id) do nothing`,
);
const updatePool = statement(
  'pools.update',
  `update worker_pool set provider_id = $2, description = $3, owner = $4, email_on_error = $5, config = $6::jsonb,
    has_launch_configs = $7, last_modified = $8, previous_provider_ids = $9
  where worker_pool_id = $1`,
);
const deletePool = statement(
  'pools.delete',
  `update worker_pool set provider_id = $2, has_launch_configs = false, last_modified = $3, previous_provider_ids = $4
  where worker_pool_id = $1`,
);

// Launch configs are the same when they agree after ids are given, whatever their order (W1).
const comparePool = statement(
  'pools.compare',
  `select (p.provider_id, p.description, p.owner, p.email_on_error, p.config, p.has_launch_configs)
      = ($2, $3, $4, $5::boolean, $6::jsonb, $7::boolean)
    and not exists (
      select from (
        select launch_config_id as id, launch_config_named(configuration, launch_config_id) as content
        from launch_config where worker_pool_id = $1 and not is_archived
      ) as stored
      full join (
        select launch_config_id($1, item) as id, launch_config_named(item, launch_config_id($1, item)) as content
        from jsonb_array_elements($8::jsonb) as e (item)
      ) as submitted using (id)
      where stored.content is distinct from submitted.content
    ) as "isSame"
  from worker_pool p where p.worker_pool_id = $1`,
);

const selectHead = prepared('pools.head', `${poolHeadSelection} where p.worker_pool_id = $1`);
const selectPage = statement(
  'pools.page',
  `${poolSelection} where p.worker_pool_id > $1 order by p.worker_pool_id limit $2`,
);
const selectIds = statement('pools.ids', 'select worker_pool_id as id from worker_pool order by worker_pool_id');

type PoolDefinitionStore = Pick<
  PoolStore,
  'createPool' | 'updatePool' | 'deletePool' | 'pool' | 'poolHead' | 'poolsPage' | 'poolIds'
>;

/** @param lists where listings are read. */
export function poolStore(database: Database, lists: Database): PoolDefinitionStore {
  return {
    createPool: async (input, clientId, now) => {
      const definition = checkedDefinition(input);
      return database.transaction(async (transaction) => create(transaction, definition, clientId, now));
    },

    updatePool: async (input, clientId, now) => {
      const definition = checkedDefinition(input);
      return database.transaction(async (transaction) => update(transaction, definition, clientId, now));
    },

    deletePool: async (workerPoolId, clientId, now) =>
      database.transaction(async (transaction) => remove(transaction, workerPoolId, clientId, now)),

    pool: async (workerPoolId) => readPool(database, workerPoolId),

    poolHead: async (workerPoolId) => {
      const [head] = await database.rows<Pool>(selectHead, [workerPoolId]);
      return head ?? null;
    },

    poolsPage: async (page) => {
      const rows = await lists.rows<PoolRow>(selectPage, [page.after ?? '', rowsWanted(page)]);
      return pageOf(rows.map(poolOf), page, (pool) => pool.workerPoolId);
    },

    poolIds: async () => {
      const rows = await database.rows<{ id: string }>(selectIds);
      return rows.map(({ id }) => id);
    },
  };
}

/** A pool as its owner said it, taken apart for the tables. */
interface Definition {
  workerPoolId: string;
  providerId: string;
  launchConfigs: readonly JsonValue[];
  /** Values of the columns from `worker_pool_id` to `has_launch_configs`. */
  columns: readonly [string, string, string, string, boolean, string, boolean];
}

function checkedDefinition(input: PoolInput): Definition {
  const { workerPoolId, providerId, description, owner, emailOnError } = input;
  checkStorable(description, 'description');
  checkStorable(owner, 'owner');
  checkStorable(input.config, 'config');
  const submitted = submittedLaunchConfigs(input.config);
  const { launchConfigs: _, ...config } = input.config;
  return {
    workerPoolId,
    providerId,
    launchConfigs: submitted ?? [],
    columns: [workerPoolId, providerId, description, owner, emailOnError, jsonText(config), submitted !== null],
  };
}

const nothingChanged: LaunchConfigChanges = { created: [], updated: [], archived: [] };

async function create(
  transaction: Queryable,
  definition: Definition,
  clientId: string,
  now: Date,
): Promise<PoolChange> {
  const { workerPoolId, providerId, launchConfigs, columns } = definition;
  const isNew = (await transaction.run(insertPool, [...columns, now])) === 1;
  let changes = nothingChanged;
  if (isNew) {
    changes = await replaceLaunchConfigs(transaction, workerPoolId, launchConfigs, now);
  } else {
    await existing(transaction, workerPoolId);
    const [stored] = await transaction.rows<{ isSame: boolean }>(comparePool, [...columns, jsonText(launchConfigs)]);
    if (stored?.isSame !== true) {
      throw new ServiceError('conflict', `Worker pool ${workerPoolId} already exists and differs from this request`);
    }
  }
  await audit(transaction, workerPoolId, clientId, 'created', now);
  const event: PoolEvent = { exchange: 'worker-pool-created', payload: { workerPoolId, providerId } };
  return finished(transaction, event, changes, now);
}

async function update(
  transaction: Queryable,
  definition: Definition,
  clientId: string,
  now: Date,
): Promise<PoolChange> {
  const { workerPoolId, providerId, launchConfigs, columns } = definition;
  const stored = await existing(transaction, workerPoolId);
  await transaction.run(updatePool, [...columns, now, previousProviders(stored, providerId)]);
  const changes = await replaceLaunchConfigs(transaction, workerPoolId, launchConfigs, now);
  await audit(transaction, workerPoolId, clientId, 'updated', now);
  return finished(transaction, updatedEvent(workerPoolId, providerId, stored), changes, now);
}

async function remove(transaction: Queryable, workerPoolId: string, clientId: string, now: Date): Promise<PoolChange> {
  const stored = await existing(transaction, workerPoolId);
  const previous = previousProviders(stored, nullProviderId);
  await transaction.run(deletePool, [workerPoolId, nullProviderId, now, previous]);
  const changes = await replaceLaunchConfigs(transaction, workerPoolId, [], now);
  await audit(transaction, workerPoolId, clientId, 'deleted', now);
  return finished(transaction, updatedEvent(workerPoolId, nullProviderId, stored), changes, now);
}

async function existing(transaction: Queryable, workerPoolId: string): Promise<LockedPool> {
  const stored = await lockPool(transaction, workerPoolId);
  if (stored === null) throw new ServiceError('not-found', `Worker pool ${workerPoolId} does not exist`);
  return stored;
}

/** The old provider comes last, the new one is none of them (spec/api.md 1.7). */
function previousProviders(stored: LockedPool, providerId: string): readonly string[] {
  if (stored.providerId === providerId) return stored.previousProviderIds;
  const others = stored.previousProviderIds.filter((id) => id !== providerId && id !== stored.providerId);
  return [...others, stored.providerId];
}

/** `previousProviderId` is told also when it is the same (W52). */
function updatedEvent(workerPoolId: string, providerId: string, before: LockedPool): PoolEvent {
  return {
    exchange: 'worker-pool-updated',
    payload: { workerPoolId, providerId, previousProviderId: before.providerId },
  };
}

/** Tells the change, the pool first, then its launch configs: updated, created, archived (spec/api.md 1.6). */
async function finished(
  transaction: Queryable,
  event: PoolEvent,
  changes: LaunchConfigChanges,
  now: Date,
): Promise<PoolChange> {
  const { workerPoolId, providerId } = event.payload;
  const about =
    (exchange: LaunchConfigEvent['exchange']) =>
    (launchConfigId: string): LaunchConfigEvent => ({
      exchange,
      payload: { workerPoolId, providerId, launchConfigId },
    });
  const events = [
    event,
    ...changes.updated.map(about('launch-config-updated')),
    ...changes.created.map(about('launch-config-created')),
    ...changes.archived.map(about('launch-config-archived')),
  ];
  const orderKey = poolOrderKey(workerPoolId);
  await announce(
    transaction,
    events.map((each) => ({ orderKey, event: each })),
    now,
  );
  const pool = await readPool(transaction, workerPoolId);
  if (pool === null) throw new Error(`worker pool ${workerPoolId} vanished under its lock`);
  return { pool, changes };
}
