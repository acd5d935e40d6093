import { QueueRefusal } from './refusal.ts';
import type { Call, Route } from './route.ts';
import type { NeededScopes } from './scopes.ts';
import { statusOf } from './task.ts';
import { parseTaskDefinition, splitTaskQueueId } from './task-definition.ts';
import { priorities, slugidPattern, taskQueueIdPattern } from './wire.ts';

/** Creating, reading and cancelling tasks, and counting them. */
export const taskRoutes: readonly Route[] = [
  {
    name: 'createTask',
    verb: 'PUT',
    path: '/task/<taskId>',
    scopes: creationScopes,
    answer: (call) => {
      const taskId = taskIdOf(call);
      return { status: statusOf(call.desk.state.createTask(taskId, parseTaskDefinition(taskId, call.body))) };
    },
  },
  {
    name: 'task',
    verb: 'GET',
    path: '/task/<taskId>',
    scopes: (call) => `queue:get-task:${call.param('taskId')}`,
    answer: (call) => call.desk.state.task(taskIdOf(call)).definition,
  },
  {
    name: 'status',
    verb: 'GET',
    path: '/task/<taskId>/status',
    scopes: (call) => `queue:status:${call.param('taskId')}`,
    answer: (call) => ({ status: statusOf(call.desk.state.task(taskIdOf(call))) }),
  },
  {
    name: 'cancelTask',
    verb: 'POST',
    path: '/task/<taskId>/cancel',
    scopes: cancellationScopes,
    answer: (call) => ({ status: statusOf(call.desk.state.cancelTask(taskIdOf(call))) }),
  },
  {
    name: 'pendingTasks',
    verb: 'GET',
    path: '/pending/<taskQueueId>',
    scopes: (call) => `queue:pending-count:${call.param('taskQueueId')}`,
    answer: (call) => {
      const taskQueueId = taskQueueIdOf(call);
      const { pendingTasks } = call.desk.counts(taskQueueId);
      return { taskQueueId, ...splitTaskQueueId(taskQueueId), pendingTasks };
    },
  },
  {
    name: 'taskQueueCounts',
    verb: 'GET',
    path: '/task-queues/<taskQueueId>/counts',
    scopes: (call) => ({
      allOf: [`queue:pending-count:${call.param('taskQueueId')}`, `queue:claimed-count:${call.param('taskQueueId')}`],
    }),
    answer: (call) => {
      const taskQueueId = taskQueueIdOf(call);
      return { taskQueueId, ...splitTaskQueueId(taskQueueId), ...call.desk.counts(taskQueueId) };
    },
  },
];

/** The task's id. @throws QueueRefusal InvalidRequestArguments */
export function taskIdOf(call: Call): string {
  const taskId = call.param('taskId');
  if (!slugidPattern.test(taskId)) {
    throw new QueueRefusal('InvalidRequestArguments', 'taskId must be a slugid');
  }
  return taskId;
}

/** The task queue's id. @throws QueueRefusal InvalidRequestArguments */
export function taskQueueIdOf(call: Call): string {
  const taskQueueId = call.param('taskQueueId');
  if (!taskQueueIdPattern.test(taskQueueId)) {
    throw new QueueRefusal('InvalidRequestArguments', 'taskQueueId must be <provisionerId>/<workerType>');
  }
  return taskQueueId;
}

/** Who may create tasks of a priority may create those of lower ones too. */
function creationScopes(call: Call): NeededScopes {
  const task = parseTaskDefinition(call.param('taskId'), call.body);
  const higher = priorities.slice(0, priorities.indexOf(task.priority) + 1);
  return {
    allOf: [
      ...task.scopes,
      ...task.routes.map((route) => `queue:route:${route}`),
      `queue:create-task:project:${task.projectId}`,
      `queue:scheduler-id:${task.schedulerId}`,
      { anyOf: higher.map((priority) => `queue:create-task:${priority}:${task.taskQueueId}`) },
    ],
  };
}

function cancellationScopes(call: Call): NeededScopes {
  const { taskId, definition } = call.desk.state.task(taskIdOf(call));
  const { schedulerId, taskGroupId, projectId } = definition;
  return {
    anyOf: [
      `queue:cancel-task:${schedulerId}/${taskGroupId}/${taskId}`,
      `queue:cancel-task-in-project:${projectId}`,
      { allOf: ['queue:cancel-task', `assume:scheduler-id:${schedulerId}/${taskGroupId}`] },
    ],
  };
}
