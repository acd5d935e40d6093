import type { ProvisionReport, ReportStore } from '#core/store.ts';
import { prepared, statement } from './database.ts';
import type { Database } from './database.ts';
import { storableText } from './values.ts';

// Most pools decide the same again and again: that costs a write once a minute.
const upsertReport = prepared(
  'reports.save',
  `insert into provision_report as r (worker_pool_id, decided_at, pending_tasks, claimed_tasks, want, to_request, requested, reason)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (worker_pool_id) do update set decided_at = excluded.decided_at, pending_tasks = excluded.pending_tasks,
    claimed_tasks = excluded.claimed_tasks, want = excluded.want, to_request = excluded.to_request,
    requested = excluded.requested, reason = excluded.reason
  where r.decided_at < excluded.decided_at - interval '1 minute'
    or (r.pending_tasks, r.claimed_tasks, r.want, r.to_request, r.requested, r.reason)
      is distinct from (excluded.pending_tasks, excluded.claimed_tasks, excluded.want, excluded.to_request, excluded.requested, excluded.reason)`,
);
const selectReports = statement(
  'reports.all',
  `select worker_pool_id as "workerPoolId", decided_at as "decidedAt", pending_tasks as "pendingTasks",
    claimed_tasks as "claimedTasks", want, to_request as "toRequest", requested, reason
  from provision_report order by worker_pool_id`,
);

/** @param lists where listings are read. */
export function reportStore(database: Database, lists: Database): ReportStore {
  return {
    saveProvisionReport: async (report) => {
      const { workerPoolId, decidedAt, pendingTasks, claimedTasks, want, toRequest, requested, reason } = report;
      const numbers = [pendingTasks, claimedTasks, want, toRequest, requested];
      await database.run(upsertReport, [workerPoolId, decidedAt, ...numbers, storableText(reason)]);
    },

    provisionReports: async () => lists.rows<ProvisionReport>(selectReports),
  };
}
