import type { LeasedTask, TaskKey, TaskStatus, TaskStore } from '#core/task-store.ts';
import { prepared, statement } from './database.ts';
import type { Database } from './database.ts';
import { recordSet, storableText } from './values.ts';
import { wakeChannel } from './wake-listener.ts';
import type { WakeListener } from './wake-listener.ts';

// NOTIFY is part of the transaction that makes a task due: who wakes finds it.
const notify = `pg_notify('${wakeChannel}', '')`;
const keyRecord = 'kind text, key text';
const isFree = '(t.lease_until is null or t.lease_until < now())';

const insertTasks = statement(
  'tasks.ensure',
  `with added as (
    insert into task (kind, key, due) select kind, key, $2 from json_to_recordset($1::json) as r (${keyRecord}) order by 1, 2
    on conflict (kind, key) do nothing returning 1
  )
  select ${notify} where exists (select from added)`,
);
const deleteTasks = statement(
  'tasks.drop',
  `delete from task t using json_to_recordset($1::json) as r (${keyRecord}) where t.kind = r.kind and t.key = r.key`,
);
const selectKeys = statement('tasks.keys', 'select key from task where kind = $1 order by key');

const leaseTasks = prepared(
  'tasks.lease',
  `with free as (
    select f.kind, f.key from unnest($1::text[], $3::integer[]) as room (kind, places), lateral (
      select t.kind, t.key from task t where t.kind = room.kind and t.due <= $5 and ${isFree}
      order by t.due limit room.places for no key update skip locked
    ) as f
  )
  update task t set lease_owner = $2, lease_until = now() + $4 * interval '1 millisecond', fence = t.fence + 1,
    is_woken = false, last_started_at = $5
  from free f where t.kind = f.kind and t.key = f.key
  returning t.kind, t.key, t.fence, t.due, t.failures`,
);

const heldRecord = `${keyRecord}, fence bigint`;
const isHeld = 't.kind = r.kind and t.key = r.key and t.fence = r.fence and t.lease_owner is not null';

const prolong = prepared(
  'tasks.heartbeat',
  `with held as (
    select t.kind, t.key from task t join json_to_recordset($1::json) as r (${heldRecord}) on ${isHeld}
    where t.lease_owner = $2 order by t.kind, t.key for no key update of t
  )
  update task t set lease_until = now() + $3 * interval '1 millisecond' from held h where t.kind = h.kind and t.key = h.key
  returning t.kind, t.key`,
);

const completeTasks = prepared(
  'tasks.complete',
  `with held as (
    select r.* from task t join json_to_recordset($1::json) as r (${heldRecord}, due timestamptz, error text) on ${isHeld}
    order by t.kind, t.key for no key update of t
  )
  update task t set due = case when t.is_woken then least(r.due, $2) else r.due end,
    lease_owner = null, lease_until = null, is_woken = false, last_error = r.error,
    failures = case when r.error is null then 0 else t.failures + 1 end, last_completed_at = $2
  from held r where ${isHeld}
  returning t.due`,
);

const releaseTasks = statement(
  'tasks.release',
  `with released as (
    update task set lease_owner = null, lease_until = null, is_woken = false where lease_owner = $1 returning 1
  )
  select ${notify} where exists (select from released)`,
);

const wakeTasks = prepared(
  'tasks.wake',
  `with woken as (
    insert into task as t (kind, key, due) select kind, key, $2 from json_to_recordset($1::json) as r (${keyRecord}) order by 1, 2
    on conflict (kind, key) do update set due = least(t.due, excluded.due), is_woken = t.lease_owner is not null
  )
  select ${notify}`,
);

const selectNextDue = prepared(
  'tasks.next-due',
  `select min(first.due) as due from unnest($1::text[]) as kind,
    lateral (select t.due from task t where t.kind = kind.kind and ${isFree} order by t.due limit 1) as first`,
);
const selectStatuses = statement(
  'tasks.statuses',
  `select kind, key, due, case when lease_until >= now() then lease_owner end as "leaseOwner", failures, last_error as "lastError",
    last_started_at as "lastStartedAt", last_completed_at as "lastCompletedAt"
  from task order by kind, key`,
);

/** Who holds it is told by the fence: each lease has another one. */
function heldMembers({ kind, key, fence }: LeasedTask): { kind: string; key: string; fence: string } {
  return { kind, key, fence: String(fence) };
}

function keyMembers({ kind, key }: TaskKey): { kind: string; key: string } {
  return { kind, key };
}

export function taskStore(database: Database, listener: WakeListener): TaskStore {
  return {
    ensureTasks: async (tasks, due) => {
      if (tasks.length > 0) await database.run(insertTasks, [recordSet(tasks.map(keyMembers)), due]);
    },

    dropTasks: async (tasks) => {
      if (tasks.length > 0) await database.run(deleteTasks, [recordSet(tasks.map(keyMembers))]);
    },

    taskKeys: async (kind) => {
      const rows = await database.rows<{ key: string }>(selectKeys, [kind]);
      return rows.map(({ key }) => key);
    },

    lease: async (room, owner, leaseMs, now) => {
      const rows = await database.rows<LeasedTask>(leaseTasks, [
        [...room.keys()],
        owner,
        [...room.values()],
        leaseMs,
        now,
      ]);
      return rows.toSorted((one, other) => one.due.getTime() - other.due.getTime());
    },

    heartbeat: async (owner, tasks, leaseMs) => {
      if (tasks.length === 0) return [];
      const records = recordSet(tasks.map(heldMembers));
      const kept = await database.rows<TaskKey>(prolong, [records, owner, leaseMs]);
      const names = new Set(kept.map(nameOf));
      return tasks.filter((task) => !names.has(nameOf(task)));
    },

    complete: async (tasks, now) => {
      if (tasks.length === 0) return null;
      const records = tasks.map(({ task, due, error }) => ({
        ...heldMembers(task),
        due,
        error: error === null ? null : storableText(error),
      }));
      const rows = await database.rows<{ due: Date }>(completeTasks, [recordSet(records), now]);
      const [first] = rows.toSorted((one, other) => one.due.getTime() - other.due.getTime());
      return first?.due ?? null;
    },

    releaseAll: async (owner) => {
      await database.run(releaseTasks, [owner]);
    },

    wake: async (tasks, now) => {
      if (tasks.length > 0) await database.run(wakeTasks, [recordSet(tasks.map(keyMembers)), now]);
    },

    nextDue: async (kinds) => {
      const [row] = await database.rows<{ due: Date | null }>(selectNextDue, [kinds]);
      return row?.due ?? null;
    },

    onWake: async (callback) => listener.listen(callback),

    taskStatuses: async () => database.rows<TaskStatus>(selectStatuses),
  };
}

function nameOf({ kind, key }: TaskKey): string {
  return `${kind} ${key}`;
}
