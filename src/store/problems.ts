import type { PoolErrorEvent } from '#core/events.ts';
import { nullProviderId } from '#core/pool.ts';
import type { Problem, ProblemReport, ProblemStore } from '#core/problem-store.ts';
import { statement } from './database.ts';
import type { Database, Queryable, Statement } from './database.ts';
import { countLaunches } from './launch-records.ts';
import { openNotice } from './notices.ts';
import { announce } from './outbox.ts';
import { instantOfKey, newestFirstKey, pageOf, rowsWanted } from './pages.ts';
import { problemStats } from './problem-stats.ts';
import { jsonText, storableJson, storableText } from './values.ts';
import type { SqlValue } from './values.ts';

const insertProblem = statement(
  'problems.insert',
  `insert into worker_pool_error (error_id, worker_pool_id, reported, kind, title, description, extra, launch_config_id)
  values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)`,
);
const selectProvider = statement(
  'problems.provider',
  'select provider_id as "providerId" from worker_pool where worker_pool_id = $1',
);
const deleteOld = statement('problems.expire', 'delete from worker_pool_error where reported < $1');

type Filter = Parameters<ProblemStore['problemsPage']>[0];

/** The statement of a page and its values. */
function pageQuery(filter: Filter, limit: number, after: readonly [Date, string] | null): [Statement, SqlValue[]] {
  const values: SqlValue[] = [filter.workerPoolId, limit];
  const conditions = ['worker_pool_id = $1'];
  const parameter = (value: SqlValue): string => `$${values.push(value)}`;
  if (filter.launchConfigId !== undefined) conditions.push(`launch_config_id = ${parameter(filter.launchConfigId)}`);
  if (filter.errorId !== undefined) conditions.push(`error_id = ${parameter(filter.errorId)}`);
  if (after !== null) conditions.push(`(reported, error_id) < (${parameter(after[0])}, ${parameter(after[1])})`);
  const text = `select error_id as "errorId", worker_pool_id as "workerPoolId", reported, kind, title, description, extra,
      launch_config_id as "launchConfigId"
    from worker_pool_error where ${conditions.join(' and ')} order by reported desc, error_id desc limit $2`;
  return [statement('problems.page', text), values];
}

/** @param lists where listings are read. */
export function problemStore(database: Database, lists: Database): ProblemStore {
  return {
    recordProblem: async (report, now) => {
      const problem = problemOf(report, now);
      return database.transaction(async (transaction) => record(transaction, problem, report, now));
    },

    problemsPage: async (filter, page) => {
      const after = page.after === null ? null : ([instantOfKey(page.after), page.after.id] as const);
      const rows = await lists.rows<Problem>(...pageQuery(filter, rowsWanted(page), after));
      return pageOf(rows, page, ({ reported, errorId }) => newestFirstKey(reported, errorId));
    },

    problemStats: async (workerPoolId, now) => problemStats(lists, workerPoolId, now),

    expireProblems: async (before) => database.run(deleteOld, [before]),
  };
}

/** Reports carry text of machines and clouds: what cannot be stored in them is replaced, since the rest may be what explains a loss (W47). */
function problemOf(report: ProblemReport, now: Date): Problem {
  return {
    errorId: report.errorId,
    workerPoolId: report.workerPoolId,
    reported: now,
    kind: storableText(report.kind),
    title: storableText(report.title),
    description: storableText(report.description),
    extra: storableJson(report.extra),
    launchConfigId: report.launchConfigId,
  };
}

async function record(
  transaction: Queryable,
  problem: Problem,
  { workerGroup, workerId, isCounted = false }: ProblemReport,
  now: Date,
): Promise<Problem> {
  const { errorId, workerPoolId, reported, kind, title, description, extra, launchConfigId } = problem;
  const values = [errorId, workerPoolId, reported, kind, title, description, jsonText(extra), launchConfigId];
  await transaction.run(insertProblem, values);
  const [pool] = await transaction.rows<{ providerId: string }>(selectProvider, [workerPoolId]);
  const event: PoolErrorEvent = {
    exchange: 'worker-pool-error',
    payload: {
      workerPoolId,
      // A pool that is gone was being deleted before.
      providerId: pool?.providerId ?? nullProviderId,
      errorId,
      kind,
      title,
      timestamp: reported.toISOString(),
      ...(workerId === undefined ? {} : { workerId }),
      ...(workerGroup === undefined ? {} : { workerGroup }),
      ...(launchConfigId === null ? {} : { launchConfigId }),
    },
  };
  await announce(transaction, [{ orderKey: `error ${errorId}`, event }], now);
  await openNotice(transaction, problem, now);
  if (launchConfigId !== null && !isCounted)
    await countLaunches(transaction, problem, { attempts: 0, failures: 1 }, now);
  return problem;
}
