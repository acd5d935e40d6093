import type { Clock } from '#core/clock.ts';
import type { RetirementRow, WorkerStore } from '#core/worker-store.ts';
import { statement } from './database.ts';
import type { Database } from './database.ts';
import { recordSet } from './values.ts';
import { decisionColumns, decisionOf, isRecord, keyMembers, keyRecord } from './worker-row.ts';

// The launch config of a worker is kept as long as the worker; one that is gone nevertheless was archived before. An active one is the present
// provider's: a pool that moves from one account to another with the same launch configs still leaves the first.
const selectCandidates = statement(
  'retirement.candidates',
  `select w.worker_pool_id as "workerPoolId", w.worker_group as "workerGroup", w.worker_id as "workerId", w.created, w.capacity,
    w.launch_config_id as "launchConfigId", (coalesce(lc.is_archived, w.launch_config_id is not null) or w.provider_id <> p.provider_id) as "isLaunchConfigArchived",
    w.is_declared as "isStatic", w.last_active as "lastActive", ${decisionColumns}
  from worker w
  join worker_pool p on p.worker_pool_id = w.worker_pool_id
  left join launch_config lc on lc.worker_pool_id = w.worker_pool_id and lc.launch_config_id = w.launch_config_id
  where w.worker_pool_id = $1 and w.state = 'running' and (w.quarantine_until is null or w.quarantine_until <= $2)`,
);

const setDecisions = statement(
  'retirement.decisions',
  `update worker w set decision_terminate = r.terminate, decision_reason = r.reason, decided_at = r."decidedAt"
  from json_to_recordset($1::json) as r (${keyRecord}, terminate boolean, reason text, "decidedAt" timestamptz)
  where ${isRecord} and (w.decision_terminate, w.decision_reason) is distinct from (r.terminate, r.reason)`,
);

// What the queue forgot is still known here; what it learned is never older than what is known.
const setActivity = statement(
  'retirement.activity',
  `update worker w set first_claim = coalesce(w.first_claim, r."firstClaim"),
    last_active = greatest(w.last_active, r."lastActive"), queue_checked_at = greatest(w.queue_checked_at, $2)
  from json_to_recordset($1::json) as r (${keyRecord}, "firstClaim" timestamptz, "lastActive" timestamptz)
  where ${isRecord} and w.state <> 'stopped' and (
    w.queue_checked_at is null or w.queue_checked_at < $2 or r."lastActive" > w.last_active
    or (w.first_claim is null and r."firstClaim" is not null) or (w.last_active is null and r."lastActive" is not null)
  )`,
);

// Advice given before a quarantine is void (W32).
const setQuarantines = statement(
  'retirement.quarantines',
  `with r as (
    select * from json_to_recordset($2::json) as r (${keyRecord}, until timestamptz)
  ), ended as (
    update worker w set quarantine_until = null
    where w.worker_pool_id = $1 and w.quarantine_until is not null and not exists (select from r where ${isRecord})
    returning 1
  ), changed as (
    update worker w set quarantine_until = r.until, decision_terminate = null, decision_reason = null, decided_at = null
    from r where ${isRecord} and w.worker_pool_id = $1 and w.quarantine_until is distinct from r.until
    returning 1
  )
  select ((select count(*) from ended) + (select count(*) from changed))::integer as changed`,
);

type RetirementStore = Pick<
  WorkerStore,
  'retirementCandidates' | 'saveDecisions' | 'saveQueueActivity' | 'saveQuarantines'
>;

type CandidateRow = Omit<RetirementRow, 'decision'> & Parameters<typeof decisionOf>[0];

/** @param clock says which quarantines have ended. */
export function retirementStore(database: Database, clock: Clock): RetirementStore {
  return {
    retirementCandidates: async (workerPoolId) => {
      const rows = await database.rows<CandidateRow>(selectCandidates, [workerPoolId, clock.now()]);
      return rows.map(({ decisionTerminate, decisionReason, decidedAt, ...row }) => ({
        ...row,
        decision: decisionOf({ decisionTerminate, decisionReason, decidedAt }),
      }));
    },

    saveDecisions: async (workerPoolId, decisions) => {
      if (decisions.length === 0) return;
      const records = decisions.map(({ worker, decision }) => ({
        ...keyMembers({ ...worker, workerPoolId }),
        ...decision,
      }));
      await database.run(setDecisions, [recordSet(records)]);
    },

    saveQueueActivity: async (seen, checkedAt) => {
      if (seen.length === 0) return;
      const records = seen.map(({ worker, firstClaim, lastDateActive }) => ({
        ...keyMembers(worker),
        firstClaim,
        lastActive: lastDateActive,
      }));
      await database.run(setActivity, [recordSet(records), checkedAt]);
    },

    saveQuarantines: async (workerPoolId, quarantined) => {
      const records = quarantined.map(({ worker, until }) => ({ ...keyMembers(worker), until }));
      const [row] = await database.rows<{ changed: number }>(setQuarantines, [workerPoolId, recordSet(records)]);
      return row?.changed ?? 0;
    },
  };
}
