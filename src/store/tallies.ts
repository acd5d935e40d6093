import { unansweredAfterMs } from '#core/launch-store.ts';
import type { FleetTally, LaunchStore } from '#core/launch-store.ts';
import type { PoolStore, WorkerCounts } from '#core/pool-store.ts';
import { prepared } from './database.ts';
import type { Database, Queryable } from './database.ts';

// Sums are kept (`worker_count`); only the few quarantined workers and open orders are read row by row.
const selectTallies = prepared(
  'tallies.get',
  `select worker_pool_id as "workerPoolId", launch_config_id as "launchConfigId", worker_group as "workerGroup", state as kind,
    sum(capacity)::double precision as capacity
  from worker_count where worker_pool_id = any($1::text[]) and state <> 'stopped' and workers > 0
  group by worker_pool_id, launch_config_id, worker_group, state
  union all
  select worker_pool_id, coalesce(launch_config_id, ''), worker_group, 'quarantined', sum(capacity)::double precision
  from worker where worker_pool_id = any($1::text[]) and quarantine_until is not null and quarantine_until > $2 and state = 'running'
  group by 1, 2, 3
  union all
  select worker_pool_id, launch_config_id, worker_group,
    case when touched_at > placed_at and placed_at <= $2::timestamptz - interval '${unansweredAfterMs} milliseconds'
      then 'unanswered' else 'ordered' end as kind,
    sum(greatest(0, count - known)::bigint * capacity_per_instance)::double precision
  from launch_order where worker_pool_id = any($1::text[]) and settled_at is null
  group by 1, 2, 3, 4`,
);

interface TallyRow {
  workerPoolId: string;
  /** Empty: none. */
  launchConfigId: string;
  workerGroup: string;
  /** `running` still holds the quarantined ones. */
  kind: 'ordered' | 'unanswered' | 'requested' | 'running' | 'stopping' | 'quarantined';
  capacity: number;
}

interface GrowingTally extends FleetTally {
  byLaunchConfig: Map<string, number>;
  bootingByLaunchConfig: Map<string, number>;
  byWorkerGroup: Map<string, { existing: number; requested: number; stopping: number }>;
  silentWorkerGroups: Set<string>;
}

function emptyTally(): GrowingTally {
  return {
    ordered: 0,
    requested: 0,
    running: 0,
    stopping: 0,
    quarantined: 0,
    unanswered: 0,
    silentWorkerGroups: new Set(),
    byLaunchConfig: new Map(),
    bootingByLaunchConfig: new Map(),
    byWorkerGroup: new Map(),
  };
}

/** The capacity of pools by what it is doing, as the transaction sees it. */
export async function readTallies(
  queryable: Queryable,
  workerPoolIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, FleetTally>> {
  const tallies = new Map(workerPoolIds.map((id) => [id, emptyTally()]));
  for (const row of await queryable.rows<TallyRow>(selectTallies, [workerPoolIds, now])) {
    const tally = tallies.get(row.workerPoolId);
    if (tally === undefined) continue;
    add(tally, row);
  }
  return tallies;
}

function add(tally: GrowingTally, { kind, capacity, launchConfigId, workerGroup }: TallyRow): void {
  tally[kind] += capacity;
  if (kind === 'unanswered') {
    tally.silentWorkerGroups.add(workerGroup);
    grow(tally.byLaunchConfig, launchConfigId, capacity);
    return;
  }
  const isBooting = kind === 'ordered' || kind === 'requested';
  const group = tally.byWorkerGroup.get(workerGroup) ?? { existing: 0, requested: 0, stopping: 0 };
  tally.byWorkerGroup.set(workerGroup, group);
  if (kind === 'quarantined') {
    // They are among the running ones of their pool, launch config and group.
    tally.running -= capacity;
    group.existing -= capacity;
    return;
  }
  if (kind === 'stopping') group.stopping += capacity;
  else group.existing += capacity;
  if (isBooting) group.requested += capacity;
  if (launchConfigId === '') return;
  grow(tally.byLaunchConfig, launchConfigId, capacity);
  if (isBooting) grow(tally.bootingByLaunchConfig, launchConfigId, capacity);
}

function grow(sums: Map<string, number>, name: string, by: number): void {
  sums.set(name, (sums.get(name) ?? 0) + by);
}

const selectPoolCounts = prepared(
  'counts.of-pools',
  `select worker_pool_id as "name", state, sum(workers)::double precision as count, sum(capacity)::double precision as capacity
  from worker_count where worker_pool_id = any($1::text[]) and workers > 0 group by worker_pool_id, state`,
);
const selectLaunchConfigCounts = prepared(
  'counts.of-launch-configs',
  `select nullif(launch_config_id, '') as "name", state, sum(workers)::double precision as count, sum(capacity)::double precision as capacity
  from worker_count where worker_pool_id = $1 and workers > 0 group by launch_config_id, state
  order by nullif(launch_config_id, '') nulls last`,
);

interface CountRow<Name> {
  name: Name;
  state: keyof WorkerCounts;
  count: number;
  capacity: number;
}

function noWorkers(): WorkerCounts {
  const none = (): { count: number; capacity: number } => ({ count: 0, capacity: 0 });
  return { requested: none(), running: none(), stopping: none(), stopped: none() };
}

function countsBy<Name>(rows: readonly CountRow<Name>[], names: readonly Name[]): Map<Name, WorkerCounts> {
  const counts = new Map(names.map((name) => [name, noWorkers()]));
  for (const { name, state, count, capacity } of rows) {
    const ofName = counts.get(name) ?? noWorkers();
    ofName[state] = { count, capacity };
    counts.set(name, ofName);
  }
  return counts;
}

/** @param lists where listings are read. */
export function tallyStore(
  database: Database,
  lists: Database,
): Pick<LaunchStore, 'tallies'> & Pick<PoolStore, 'poolCounts' | 'launchConfigCounts'> {
  return {
    tallies: async (workerPoolIds, now) => readTallies(database, workerPoolIds, now),

    poolCounts: async (workerPoolIds) =>
      countsBy(await lists.rows<CountRow<string>>(selectPoolCounts, [workerPoolIds]), workerPoolIds),

    launchConfigCounts: async (workerPoolId) =>
      countsBy(await lists.rows<CountRow<string | null>>(selectLaunchConfigCounts, [workerPoolId]), []),
  };
}
