import { QueueRefusal } from './refusal.ts';
import type { Call, Route } from './route.ts';
import { isIdentifier, parseQuarantine, taskQueueIdPattern } from './wire.ts';
import { isQuarantined } from './worker-rows.ts';
import type { WorkerRow } from './worker-rows.ts';

const maxPage = 1000;
const workerPath = '/provisioners/<provisionerId>/worker-types/<workerType>/workers/<workerGroup>/<workerId>';

/** The queue's view of workers. */
export const workerRoutes: readonly Route[] = [
  {
    name: 'listWorkers',
    verb: 'GET',
    path: '/provisioners/<provisionerId>/worker-types/<workerType>/workers',
    scopes: (call) => `queue:list-workers:${queueOf(call)}`,
    answer: listWorkers,
  },
  {
    name: 'getWorker',
    verb: 'GET',
    path: workerPath,
    scopes: (call) => `queue:get-worker:${workerOf(call)}`,
    answer: (call) => showWorker(knownWorker(call)),
  },
  {
    name: 'quarantineWorker',
    verb: 'PUT',
    path: workerPath,
    scopes: (call) => `queue:quarantine-worker:${workerOf(call)}`,
    answer: (call, { clientId }) => {
      const { quarantineUntil, quarantineInfo } = parseQuarantine(call.body);
      const row = knownWorker(call);
      row.quarantineUntil = quarantineUntil;
      row.quarantineDetails.push({
        clientId,
        quarantineUntil: quarantineUntil.toISOString(),
        updatedAt: call.desk.clock.now().toISOString(),
        quarantineInfo,
      });
      return showWorker(row);
    },
  },
];

function listWorkers(call: Call): Record<string, unknown> {
  const limit = numberIn(call, 'limit', maxPage);
  const after = numberIn(call, 'continuationToken', -1);
  const quarantined = call.query.get('quarantined');
  if (limit < 1 || !['true', 'false', null].includes(quarantined)) {
    throw new QueueRefusal('InvalidRequestArguments', 'limit must be positive and quarantined true or false');
  }
  const now = call.desk.clock.now();
  const passes = (row: WorkerRow): boolean =>
    quarantined === null || isQuarantined(row, now) === (quarantined === 'true');
  const workers = call.desk.state.workers(queueOf(call));
  const page = workers?.page(after, Math.min(limit, maxPage), passes, now) ?? { rows: [], next: undefined };
  return {
    workers: page.rows.map(summarise),
    ...(page.next === undefined ? {} : { continuationToken: String(page.next) }),
  };
}

function summarise(row: WorkerRow): Record<string, unknown> {
  const latestTask = row.recentTasks.at(-1);
  return {
    workerGroup: row.workerGroup,
    workerId: row.workerId,
    firstClaim: row.firstClaim.toISOString(),
    lastDateActive: row.lastDateActive.toISOString(),
    quarantineUntil: row.quarantineUntil.toISOString(),
    ...(latestTask === undefined ? {} : { latestTask }),
  };
}

function showWorker(row: WorkerRow): Record<string, unknown> {
  const [provisionerId, workerType] = row.taskQueueId.split('/');
  return {
    provisionerId,
    workerType,
    workerPoolId: row.taskQueueId,
    workerGroup: row.workerGroup,
    workerId: row.workerId,
    recentTasks: row.recentTasks,
    expires: row.expires.toISOString(),
    firstClaim: row.firstClaim.toISOString(),
    lastDateActive: row.lastDateActive.toISOString(),
    quarantineUntil: row.quarantineUntil.toISOString(),
    quarantineDetails: row.quarantineDetails,
    actions: [],
  };
}

function knownWorker(call: Call): WorkerRow {
  const name = { workerGroup: call.param('workerGroup'), workerId: call.param('workerId') };
  if (!isIdentifier(name.workerGroup) || !isIdentifier(name.workerId)) {
    throw new QueueRefusal('InvalidRequestArguments', 'workerGroup and workerId must be identifiers');
  }
  const row = call.desk.state.workers(queueOf(call))?.find(name, call.desk.clock.now());
  if (row === undefined) {
    throw new QueueRefusal('ResourceNotFound', `no worker ${workerOf(call)}`);
  }
  return row;
}

function queueOf(call: Call): string {
  const taskQueueId = `${call.param('provisionerId')}/${call.param('workerType')}`;
  if (!taskQueueIdPattern.test(taskQueueId)) {
    throw new QueueRefusal('InvalidRequestArguments', 'provisionerId and workerType must name a task queue');
  }
  return taskQueueId;
}

function workerOf(call: Call): string {
  return `${queueOf(call)}/${call.param('workerGroup')}/${call.param('workerId')}`;
}

function numberIn(call: Call, name: string, byDefault: number): number {
  const text = call.query.get(name);
  if (text !== null && !/^\d{1,9}$/.test(text)) {
    throw new QueueRefusal('InvalidRequestArguments', `${name} is malformed`);
  }
  return text === null ? byDefault : Number(text);
}
