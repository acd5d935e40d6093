import { launchRecordHalfLifeMs, wholePool } from '#core/launch-record.ts';
import type { LaunchRecord, LaunchStore } from '#core/launch-store.ts';
import { prepared, statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import { recordSet } from './values.ts';

/** Whose record: a worker's, an order's, or a problem's pool and launch config. */
interface Subject {
  workerPoolId: string;
  launchConfigId: string | null;
}

// In all of these: rows in one order always, so that transactions wait for each other instead of blocking each other for good.

const addLaunches = statement(
  'launch-records.add',
  `insert into launch_record as r (worker_pool_id, launch_config_id, attempts, failures, as_of)
  select $1, id, $3, $4, $5 from unnest($2::text[]) as id order by id
  on conflict (worker_pool_id, launch_config_id) do update set
    attempts = faded(r.attempts, r.as_of, excluded.as_of, ${launchRecordHalfLifeMs}) + excluded.attempts,
    failures = faded(r.failures, r.as_of, excluded.as_of, ${launchRecordHalfLifeMs}) + excluded.failures,
    as_of = greatest(r.as_of, excluded.as_of)`,
);

// Machines of a pool register in waves, and writing one row makes them wait for each other: a record that says so already is left alone.
const addRegistration = prepared(
  'launch-records.registration',
  `insert into launch_record as r (worker_pool_id, launch_config_id, as_of, last_registration_at)
  select $1, id, $3, $3 from unnest($2::text[]) as id
  where not exists (
    select from launch_record k where k.worker_pool_id = $1 and k.launch_config_id = id
      and k.unregistered_streak = 0 and k.last_registration_at > $3::timestamptz - interval '1 second'
  )
  order by id
  on conflict (worker_pool_id, launch_config_id) do update set
    unregistered_streak = 0, streak_since = null,
    last_registration_at = greatest(r.last_registration_at, excluded.last_registration_at)`,
);

const addLosses = statement(
  'launch-records.losses',
  `insert into launch_record as r (worker_pool_id, launch_config_id, as_of, unregistered_streak, streak_since, last_loss_at)
  select "workerPoolId", "launchConfigId", $2, lost, $2, $2
  from json_to_recordset($1::json) as l ("workerPoolId" text, "launchConfigId" text, lost integer) order by 1, 2
  on conflict (worker_pool_id, launch_config_id) do update set
    unregistered_streak = r.unregistered_streak + excluded.unregistered_streak,
    streak_since = coalesce(r.streak_since, excluded.streak_since),
    last_loss_at = excluded.last_loss_at`,
);

const selectRecords = statement(
  'launch-records.get',
  `select launch_config_id as "launchConfigId", attempts, failures, as_of as "asOf", unregistered_streak as "unregisteredStreak",
    streak_since as "streakSince", last_registration_at as "lastRegistrationAt", last_loss_at as "lastLossAt"
  from launch_record where worker_pool_id = $1 order by launch_config_id`,
);

/** The records that something about a launch config goes into: its own, if it has one, and its pool's. */
function recordIds({ launchConfigId }: Subject): readonly string[] {
  return launchConfigId === null ? [wholePool] : [wholePool, launchConfigId];
}

/** Adds machines asked for and machines that failed. */
export async function countLaunches(
  transaction: Queryable,
  subject: Subject,
  added: { attempts: number; failures: number },
  now: Date,
): Promise<void> {
  const { attempts, failures } = added;
  await transaction.run(addLaunches, [subject.workerPoolId, recordIds(subject), attempts, failures, now]);
}

/** A machine registered, known to the second: whatever ended before it without registering is forgiven. */
export async function countRegistration(transaction: Queryable, subject: Subject, now: Date): Promise<void> {
  await transaction.run(addRegistration, [subject.workerPoolId, recordIds(subject), now]);
}

/** These machines ended without ever registering. */
export async function countLosses(transaction: Queryable, lost: readonly Subject[], now: Date): Promise<void> {
  if (lost.length === 0) return;
  const records = new Map<string, { workerPoolId: string; launchConfigId: string; lost: number }>();
  for (const subject of lost) {
    const { workerPoolId } = subject;
    for (const launchConfigId of recordIds(subject)) {
      const name = `${workerPoolId} ${launchConfigId}`;
      const record = records.get(name) ?? { workerPoolId, launchConfigId, lost: 0 };
      record.lost += 1;
      records.set(name, record);
    }
  }
  await transaction.run(addLosses, [recordSet([...records.values()]), now]);
}

export function launchRecordStore(database: Database): Pick<LaunchStore, 'launchRecords'> {
  return {
    launchRecords: async (workerPoolId) => database.rows<LaunchRecord>(selectRecords, [workerPoolId]),
  };
}
