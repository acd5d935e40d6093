import { incidentWindowMs } from '#core/mail.ts';
import type { Notice, NoticeStore, Problem } from '#core/problem-store.ts';
import { statement } from './database.ts';
import type { Database, Queryable } from './database.ts';

// An incident whose mail still waits stays as it is, however long the mail is late: one mail tells of it, and none is lost.
const openIncident = statement(
  'notices.open',
  `insert into notice as n (worker_pool_id, kind, title, error_id, opened_at)
  select $1, $2, $3, $4, $5 from worker_pool p where p.worker_pool_id = $1 and p.email_on_error
  on conflict (worker_pool_id, kind, title) do update set error_id = excluded.error_id, opened_at = excluded.opened_at, sent_at = null
  where n.sent_at is not null and n.opened_at <= $6`,
);

/** Opens an incident for a problem just stored, if its pool wants mail and none like it is open. */
export async function openNotice(transaction: Queryable, problem: Problem, now: Date): Promise<void> {
  const { workerPoolId, kind, title, errorId } = problem;
  const windowStart = new Date(now.getTime() - incidentWindowMs);
  await transaction.run(openIncident, [workerPoolId, kind, title, errorId, now, windowStart]);
}

const selectWaiting = statement(
  'notices.waiting',
  `select e.error_id as "errorId", e.worker_pool_id as "workerPoolId", e.reported, e.kind, e.title, e.description, e.extra,
    e.launch_config_id as "launchConfigId", p.owner
  from notice n join worker_pool_error e using (error_id) join worker_pool p on p.worker_pool_id = n.worker_pool_id
  where n.sent_at is null order by n.opened_at limit $1`,
);
const markSent = statement(
  'notices.sent',
  'update notice set sent_at = $2 where error_id = any($1::text[]) and sent_at is null',
);

export function noticeStore(database: Database): NoticeStore {
  return {
    waitingNotices: async (limit) => {
      const rows = await database.rows<Problem & { owner: string }>(selectWaiting, [limit]);
      return rows.map(({ owner, ...problem }): Notice => ({ problem, owner }));
    },

    confirmNotices: async (errorIds, now) => {
      await database.run(markSent, [errorIds, now]);
    },
  };
}
