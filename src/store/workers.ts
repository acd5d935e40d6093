import { ServiceError } from '#core/error.ts';
import type { NewestFirstKey, WorkerStore } from '#core/worker-store.ts';
import type { TerminationDecision, Worker, WorkerKey, WorkerState } from '#core/worker.ts';
import { prepared, statement } from './database.ts';
import type { Database, Statement } from './database.ts';
import { instantOfKey, newestFirstKey, pageOf, rowsWanted } from './pages.ts';
import { recordSet } from './values.ts';
import type { SqlValue } from './values.ts';
import {
  decisionColumns,
  decisionOf,
  isRecord,
  isWorker,
  keyRecord,
  keyValues,
  workerColumns,
  workerOf,
} from './worker-row.ts';
import type { WorkerRow } from './worker-row.ts';

const selectWorker = prepared('workers.get', `select ${workerColumns} from worker w where ${isWorker}`);

const selectAdvice = prepared('workers.advice', `select w.state, ${decisionColumns} from worker w where ${isWorker}`);

const selectOf = statement(
  'workers.of-pool',
  `select ${workerColumns} from worker w join json_to_recordset($1::json) as r (${keyRecord}) on ${isRecord}`,
);

type Filter = Parameters<WorkerStore['workersPage']>[0];

const pageStatements = new Map<string, Statement>();

/** One prepared statement for each set of filters in use. */
function pageStatement(filter: Filter, isFirst: boolean): Statement {
  const conditions = ['w.worker_pool_id = $1'];
  let parameters = 2;
  const add = (condition: (first: number) => string, count: number): void => {
    conditions.push(condition(parameters + 1));
    parameters += count;
  };
  if (filter.workerGroup !== undefined) add((n) => `w.worker_group = $${n}`, 1);
  if (filter.state !== undefined) add((n) => `w.state = $${n}`, 1);
  if (filter.launchConfigId !== undefined) add((n) => `w.launch_config_id = $${n}`, 1);
  if (!isFirst) add((n) => `(w.created, w.worker_group, w.worker_id) < ($${n}, $${n + 1}, $${n + 2})`, 3);
  const where = conditions.join(' and ');
  const known = pageStatements.get(where);
  if (known !== undefined) return known;
  const made = prepared(
    `workers.page-${pageStatements.size + 1}`,
    `select ${workerColumns} from worker w where ${where}
    order by w.created desc, w.worker_group desc, w.worker_id desc limit $2`,
  );
  pageStatements.set(where, made);
  return made;
}

/** Groups and ids hold no slash (spec/api.md 0.1). */
function pageKey(worker: Worker): NewestFirstKey {
  return newestFirstKey(worker.created, `${worker.workerGroup}/${worker.workerId}`);
}

function pageKeyValues(key: NewestFirstKey): [Date, string, string] {
  const [workerGroup, workerId, ...rest] = key.id.split('/');
  if (workerGroup === undefined || workerId === undefined || rest.length > 0) {
    throw new ServiceError('invalid-input', 'the key of the page is malformed');
  }
  return [instantOfKey(key), workerGroup, workerId];
}

// In portions: a long absence of this job must not end in one statement that takes minutes.
const portion = 5_000;
const deleteExpired = statement(
  'workers.expire',
  `delete from worker w using (
    select worker_id, worker_pool_id, worker_group from worker
    where (state = 'stopped' or is_declared) and expires < $1 order by expires limit ${portion}
  ) as e
  where w.worker_id = e.worker_id and w.worker_pool_id = e.worker_pool_id and w.worker_group = e.worker_group
    and (w.state = 'stopped' or w.is_declared) and w.expires < $1`,
);
const deleteEmptyCounts = statement('workers.expire-counts', 'delete from worker_count where workers = 0');

type WorkerRowStore = Pick<WorkerStore, 'worker' | 'workersPage' | 'workersOf' | 'terminationAdvice' | 'expireWorkers'>;

/** @param lists where listings are read. */
export function workerStore(database: Database, lists: Database): WorkerRowStore {
  const readWorker = async (key: WorkerKey): Promise<Worker | null> => {
    const [row] = await database.rows<WorkerRow>(selectWorker, keyValues(key));
    return row === undefined ? null : workerOf(row);
  };

  return {
    worker: readWorker,

    workersPage: async (filter, page) => {
      const { workerPoolId, workerGroup, state, launchConfigId } = filter;
      const filters = [workerGroup, state, launchConfigId].filter((value) => value !== undefined);
      const values: SqlValue[] = [workerPoolId, rowsWanted(page), ...filters];
      if (page.after !== null) values.push(...pageKeyValues(page.after));
      const rows = await lists.rows<WorkerRow>(pageStatement(filter, page.after === null), values);
      return pageOf(rows.map(workerOf), page, pageKey);
    },

    workersOf: async (workerPoolId, keys) => {
      const asked = keys.map(({ workerGroup, workerId }) => ({ workerPoolId, workerGroup, workerId }));
      const rows = await database.rows<WorkerRow>(selectOf, [recordSet(asked)]);
      return rows.map(workerOf);
    },

    terminationAdvice: async (key) => {
      const [row] = await database.rows<AdviceRow>(selectAdvice, keyValues(key));
      return row === undefined ? null : { state: row.state, decision: decisionOf(row) };
    },

    expireWorkers: async (now) => {
      let deleted = 0;
      let last: number;
      do {
        last = await database.run(deleteExpired, [now]);
        deleted += last;
      } while (last === portion);
      await database.run(deleteEmptyCounts);
      return deleted;
    },
  };
}

interface AdviceRow {
  state: WorkerState;
  decisionTerminate: boolean | null;
  decisionReason: TerminationDecision['reason'] | null;
  decidedAt: Date | null;
}
