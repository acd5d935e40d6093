import { QueueRefusal } from './refusal.ts';
import type { Call, Route } from './route.ts';
import { taskIdOf, taskQueueIdOf } from './routes-tasks.ts';
import type { NeededScopes } from './scopes.ts';
import { statusOf } from './task.ts';
import { parseClaimWork, parseExceptionReason, parseWorkerName } from './wire.ts';

/** What workers call: claiming, renewing and ending runs. */
export const claimRoutes: readonly Route[] = [
  {
    name: 'claimWork',
    verb: 'POST',
    path: '/claim-work/<taskQueueId>',
    scopes: (call) => ({ allOf: [`queue:claim-work:${call.param('taskQueueId')}`, workerScope(call)] }),
    answer: (call) => {
      const { tasks, ...worker } = parseClaimWork(call.body);
      const claims = call.desk.state.claimWork(taskQueueIdOf(call), worker, tasks);
      return { tasks: claims.map((claim) => call.desk.showClaim(claim)) };
    },
  },
  {
    name: 'claimTask',
    verb: 'POST',
    path: '/task/<taskId>/runs/<runId>/claim',
    scopes: (call) => {
      const { taskQueueId } = call.desk.state.task(taskIdOf(call)).definition;
      return { allOf: [`queue:claim-task:${taskQueueId}`, workerScope(call)] };
    },
    answer: (call) =>
      call.desk.showClaim(call.desk.state.claimTask(taskIdOf(call), runIdOf(call), parseWorkerName(call.body))),
  },
  {
    name: 'reclaimTask',
    verb: 'POST',
    path: '/task/<taskId>/runs/<runId>/reclaim',
    scopes: (call) => runScope(call, 'reclaim'),
    answer: (call) => call.desk.showRenewal(call.desk.state.reclaimTask(taskIdOf(call), runIdOf(call))),
  },
  {
    name: 'reportCompleted',
    verb: 'POST',
    path: '/task/<taskId>/runs/<runId>/completed',
    scopes: (call) => runScope(call, 'resolve'),
    answer: (call) => ({ status: statusOf(call.desk.state.resolve(taskIdOf(call), runIdOf(call), 'completed')) }),
  },
  {
    name: 'reportFailed',
    verb: 'POST',
    path: '/task/<taskId>/runs/<runId>/failed',
    scopes: (call) => runScope(call, 'resolve'),
    answer: (call) => ({ status: statusOf(call.desk.state.resolve(taskIdOf(call), runIdOf(call), 'failed')) }),
  },
  {
    name: 'reportException',
    verb: 'POST',
    path: '/task/<taskId>/runs/<runId>/exception',
    scopes: (call) => runScope(call, 'resolve'),
    answer: (call) => {
      const reason = parseExceptionReason(call.body);
      return { status: statusOf(call.desk.state.reportException(taskIdOf(call), runIdOf(call), reason)) };
    },
  },
];

function runIdOf(call: Call): number {
  const runId = call.param('runId');
  if (!/^\d{1,4}$/.test(runId)) {
    throw new QueueRefusal('InvalidRequestArguments', 'runId must be a whole number');
  }
  return Number(runId);
}

function workerScope(call: Call): NeededScopes {
  const { workerGroup, workerId } = parseWorkerName(call.body);
  return `queue:worker-id:${workerGroup}/${workerId}`;
}

function runScope(call: Call, deed: 'reclaim' | 'resolve'): NeededScopes {
  return `queue:${deed}-task:${call.param('taskId')}/${call.param('runId')}`;
}
