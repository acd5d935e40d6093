import { patterns } from '#contract/patterns.ts';
import {
  continuationToken,
  count,
  dateTime,
  identifier,
  slugid,
  text,
  workerGroup,
  workerId,
  workerPoolId,
} from './fields.ts';
import { closed, document, listOf, reference } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** Not a body by itself: other documents refer to its members. */
export const task = document('task', {
  title: 'Task Queue of a Task',
  ...closed({
    provisionerId: {
      type: 'string',
      pattern: patterns.provisionerId,
      description: 'The first half of a worker pool id.',
    },
    workerType: {
      type: 'string',
      pattern: patterns.workerType,
      description: 'The second half of a worker pool id.',
    },
    workerPoolId: workerPoolId(),
  }),
  description: 'The names of the task queue that a task waits in.',
});

/** TaskRun (spec/api.md 0.2). */
export const taskRun = document('task-run', {
  title: 'Task Run',
  ...closed({
    taskId: slugid('The task.'),
    runId: {
      type: 'integer',
      minimum: 0,
      maximum: 1000,
      description: 'Which of its runs, from 0.',
    },
  }),
  description: 'One run of a task.',
});

const state: JsonSchema = {
  type: 'string',
  enum: ['requested', 'running', 'stopping', 'stopped', 'standalone'],
  description: 'Where the worker is in its life; `standalone` when this service does not manage it.',
};
const common = {
  workerPoolId: reference('task', '/properties/workerPoolId'),
  workerGroup,
  workerId,
  firstClaim: dateTime('When the worker first asked the queue for work.'),
  lastDateActive: dateTime('When the worker last asked for work or worked, to a few minutes.'),
  quarantineUntil: dateTime('Until when the worker gets no work. Long past for a worker that never was in quarantine.'),
  state,
  capacity: count('How many tasks the worker runs at once; 0 when not known.'),
  providerId: identifier('The provider that made the worker; `none` when no provider did.'),
  launchConfigId: identifier('The launch config it was started by. Absent when there is none.'),
} as const;

/** Answer of getWorker. */
export const workerResponse = document('worker-response', {
  title: 'Worker as the Queue Knows It',
  ...closed(
    {
      provisionerId: reference('task', '/properties/provisionerId'),
      workerType: reference('task', '/properties/workerType'),
      ...common,
      recentTasks: {
        ...listOf(reference('task-run'), 'The task runs it claimed last, oldest first.'),
        maxItems: 20,
      },
      expires: dateTime('When the queue forgets the worker.'),
      quarantineDetails: listOf(
        closed({
          clientId: text('The client that decided it.'),
          quarantineUntil: dateTime('Until when it was to last.'),
          updatedAt: dateTime('When it was decided.'),
          quarantineInfo: text('Why it was decided.'),
        }),
        'The history of its quarantine.',
      ),
    },
    {
      optional: [
        'workerPoolId',
        'lastDateActive',
        'quarantineUntil',
        'quarantineDetails',
        'state',
        'capacity',
        'providerId',
        'launchConfigId',
      ],
    },
  ),
  description: 'What the queue and this service together know of a worker.',
});

/** Answer of listWorkers. */
export const listWorkersResponse = document('list-workers-response', {
  title: 'List of Workers as the Queue Knows Them',
  ...closed(
    {
      workers: listOf(
        closed(
          { ...common, latestTask: reference('task-run') },
          {
            optional: [
              'workerPoolId',
              'firstClaim',
              'lastDateActive',
              'quarantineUntil',
              'state',
              'capacity',
              'providerId',
              'launchConfigId',
              'latestTask',
            ],
          },
        ),
        'Workers that have asked the queue for work, by worker group and id.',
      ),
      continuationToken,
    },
    { optional: ['continuationToken'] },
  ),
  description: 'One page of the workers of a task queue.',
});
