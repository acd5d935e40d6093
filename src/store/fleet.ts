import type { FleetWorker } from '#core/provider.ts';
import type { DueWorker, WorkerStore } from '#core/worker-store.ts';
import type { WorkerKey, WorkerState } from '#core/worker.ts';
import { prepared, statement } from './database.ts';
import type { Database } from './database.ts';
import { pageOf, rowsWanted } from './pages.ts';
import { recordSet } from './values.ts';
import { fleetColumns, isRecord, keyMembers, keyRecord, keyValues } from './worker-row.ts';
import type { FleetRow } from './worker-row.ts';

const inScope = 'w.provider_id = $1 and w.scope = $2';
const providerDataColumn = 'w.provider_data as "providerData"';
const isOnItsWay = `w.state in ('requested', 'stopping')`;

const selectFleet = prepared(
  'fleet.page',
  `select ${fleetColumns} from worker w
  where ${inScope} and w.state <> 'stopped' and (w.worker_pool_id, w.worker_group, w.worker_id) > ($3, $4, $5)
  order by w.worker_pool_id, w.worker_group, w.worker_id limit $6`,
);
const selectKnown = statement(
  'fleet.known',
  `select w.worker_id as id, w.state from worker w where w.worker_id = any($3::text[]) and ${inScope}
  order by w.state = 'stopped' desc`,
);
const selectDue = prepared(
  'fleet.due',
  `select ${fleetColumns}, ${providerDataColumn} from worker w
  where ${inScope} and ${isOnItsWay} and w.due_at <= $3 order by w.due_at limit $4`,
);
const selectNextDue = prepared(
  'fleet.next-due',
  `select w.due_at as due from worker w where ${inScope} and ${isOnItsWay} and w.due_at is not null order by w.due_at limit 1`,
);
const setDue = statement(
  'fleet.reschedule',
  `update worker w set due_at = r."dueAt", attempts = w.attempts + 1
  from json_to_recordset($1::json) as r (${keyRecord}, "dueAt" timestamptz) where ${isRecord} and ${isOnItsWay}`,
);

const selectWorkers = statement(
  'fleet.workers',
  `select w.worker_pool_id as "workerPoolId", w.worker_group as "workerGroup", w.worker_id as "workerId", ${providerDataColumn}
  from worker w join json_to_recordset($1::json) as r (${keyRecord}) on ${isRecord}`,
);
const hastenWorkers = statement(
  'fleet.hasten',
  `update worker w set due_at = $4 where w.worker_id = any($3::text[]) and ${inScope} and ${isOnItsWay}`,
);

// Jumps from scope to scope in the index, however many workers each has.
const selectScopes = statement(
  'fleet.scopes',
  `with recursive found as (
    select min(w.scope) as scope from worker w where w.provider_id = $1 and w.state <> 'stopped'
    union all
    select (select min(w.scope) from worker w where w.provider_id = $1 and w.state <> 'stopped' and w.scope > f.scope)
    from found f where f.scope is not null
  )
  select scope from found where scope is not null
  union select scope from launch_order where provider_id = $1 and settled_at is null`,
);

const noteWhole = statement(
  'fleet.observed',
  `with observed as (
    insert into observation as o (provider_id, scope, started_at, completed_at) values ($1, $2, $3, $4)
    on conflict (provider_id, scope) do update set started_at = excluded.started_at, completed_at = excluded.completed_at
    where o.started_at < excluded.started_at
  )
  update worker w set expires = $4::timestamptz + interval '8 days'
  where ${inScope} and w.state <> 'stopped' and not w.is_declared and w.expires < $4::timestamptz + interval '6.5 days'`,
);

type FleetStore = Pick<
  WorkerStore,
  | 'fleetPage'
  | 'knownIds'
  | 'dueWorkers'
  | 'fleetWorkers'
  | 'reschedule'
  | 'hasten'
  | 'nextWorkerDue'
  | 'activeScopes'
  | 'noteObserved'
>;

const beforeAll: WorkerKey = { workerPoolId: '', workerGroup: '', workerId: '' };

export function fleetStore(database: Database): FleetStore {
  return {
    fleetPage: async (providerId, scope, page) => {
      const values = [providerId, scope, ...keyValues(page.after ?? beforeAll), rowsWanted(page)];
      const rows = await database.rows<FleetRow>(selectFleet, values);
      return pageOf(rows, page, ({ workerPoolId, workerGroup, workerId }) => ({ workerPoolId, workerGroup, workerId }));
    },

    knownIds: async (providerId, scope, workerIds) => {
      const rows = await database.rows<{ id: string; state: WorkerState }>(selectKnown, [providerId, scope, workerIds]);
      // Should several rows have the id, the last one, which is not stopped if any is not, stands for all.
      return new Map(rows.map(({ id, state }) => [id, state]));
    },

    dueWorkers: async (providerId, scope, now, limit) =>
      database.rows<DueWorker>(selectDue, [providerId, scope, now, limit]),

    fleetWorkers: async (workers) =>
      workers.length === 0
        ? []
        : database.rows<FleetWorker>(selectWorkers, [recordSet(workers.map((worker) => keyMembers(worker)))]),

    reschedule: async (next) => {
      if (next.length === 0) return;
      const records = next.map(({ worker, dueAt }) => ({ ...keyMembers(worker), dueAt }));
      await database.run(setDue, [recordSet(records)]);
    },

    hasten: async (providerId, scope, workerIds, now) =>
      workerIds.length > 0 && (await database.run(hastenWorkers, [providerId, scope, workerIds, now])) > 0,

    nextWorkerDue: async (providerId, scope) => {
      const [row] = await database.rows<{ due: Date }>(selectNextDue, [providerId, scope]);
      return row?.due ?? null;
    },

    activeScopes: async (providerId) => {
      const rows = await database.rows<{ scope: string }>(selectScopes, [providerId]);
      return new Set(rows.map(({ scope }) => scope));
    },

    noteObserved: async (providerId, scope, startedAt, now) => {
      await database.run(noteWhole, [providerId, scope, startedAt, now]);
    },
  };
}
