import { workerStates } from '#core/worker.ts';
import {
  capacity,
  continuationToken,
  dateTime,
  flag,
  launchConfigId,
  providerId,
  secret,
  workerGroup,
  workerId,
  workerPoolId,
} from './fields.ts';
import { closed, document, listOf, reference } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** Body of createWorker and updateWorker. */
export const createWorkerRequest = document('create-worker-request', {
  title: 'Worker to Create or Update',
  ...closed(
    {
      expires: dateTime('When the worker is forgotten.'),
      capacity: {
        ...capacity('How many tasks the worker runs at once. A new worker gets 1 by default.'),
        default: 1,
      },
      providerInfo: closed(
        {
          staticSecret: secret(
            'The secret by which a static worker proves who it is: 44 characters. Share it with this worker only.',
          ),
        },
        { description: 'What the provider needs to know of the worker.' },
      ),
    },
    { optional: ['capacity', 'providerInfo'] },
  ),
  description: 'What an operator says of a worker that is not started by this service.',
});

const state: JsonSchema = {
  type: 'string',
  enum: workerStates,
  description: 'Where the worker is in its life: asked for, registered, on its way out, or ended.',
};

/** WorkerFull (spec/api.md 0.2). */
export const workerFull = document('worker-full', {
  title: 'Worker',
  ...closed(
    {
      workerPoolId: workerPoolId(),
      workerGroup,
      workerId,
      providerId: {
        ...providerId,
        description: 'The provider that made the worker; it may be another than the present one of its worker pool.',
      },
      created: dateTime('When the worker was asked for or declared.'),
      expires: dateTime('When the worker is forgotten.'),
      lastModified: dateTime('When the worker last changed its state.'),
      lastChecked: dateTime('When the provider last looked after the worker.'),
      state,
      capacity: capacity('How many tasks the worker runs at once.'),
      launchConfigId,
    },
    { optional: ['launchConfigId'] },
  ),
  description: 'A worker, without anything that only its provider may know.',
});

/** Answer of listWorkersForWorkerPool and listWorkersForWorkerGroup. */
export const workerList = document('worker-list', {
  title: 'List of Workers',
  ...closed(
    {
      workers: listOf(reference('worker-full'), 'Workers, newest first.'),
      continuationToken,
    },
    { optional: ['continuationToken'] },
  ),
  description: 'One page of workers.',
});

/** Answer of shouldWorkerTerminate. */
export const shouldWorkerTerminateResponse = document('should-worker-terminate-response', {
  title: 'Termination Advice',
  ...closed({
    terminate: flag('Whether the worker should end itself as soon as it is idle.'),
    reason: { type: 'string', minLength: 1, description: 'Why; `none` when nothing was decided.' },
  }),
  description: 'Whether a worker is still wanted.',
});
