import {
  capacity,
  dateTime,
  errorKind,
  errorTitle,
  identifier,
  launchConfigId,
  providerId,
  slugid,
  text,
  workerGroup,
  workerId,
  workerPoolId,
} from './fields.ts';
import { closed, document } from './json-schema.ts';

/** Payload of worker-pool-created and worker-pool-updated. */
export const pulseWorkerPoolMessage = document('pulse-worker-pool-message', {
  title: 'Worker Pool Message',
  ...closed(
    {
      workerPoolId: workerPoolId(),
      providerId,
      previousProviderId: identifier(
        'The provider before the update; the same as `providerId` when it did not change.',
      ),
    },
    { optional: ['previousProviderId'] },
  ),
  description: 'A worker pool was created or changed.',
});

/** Payload of launch-config-created, -updated and -archived. */
export const pulseLaunchConfigMessage = document('pulse-launch-config-message', {
  title: 'Launch Config Message',
  ...closed({
    workerPoolId: workerPoolId(),
    providerId: identifier('The provider of the worker pool after the change.'),
    launchConfigId: identifier('The launch config.'),
  }),
  description: 'A launch config was created, sent again or archived.',
});

/** Payload of worker-pool-error. */
export const pulseWorkerPoolErrorMessage = document('pulse-worker-pool-error-message', {
  title: 'Worker Pool Error Message',
  ...closed(
    {
      workerPoolId: workerPoolId(),
      providerId: identifier('The provider of the worker pool.'),
      errorId: slugid('The error. Ask for it to read its description.'),
      kind: errorKind,
      title: errorTitle,
      timestamp: dateTime('When it was reported.'),
      workerId,
      workerGroup,
      launchConfigId,
    },
    { optional: ['workerId', 'workerGroup', 'launchConfigId'] },
  ),
  description: 'An error happened to a worker pool or to one of its workers.',
});

const worker = {
  workerPoolId: workerPoolId(),
  providerId: identifier('The provider that made the worker.'),
  workerGroup,
  workerId,
  capacity: capacity('How many tasks the worker runs at once.'),
  timestamp: dateTime('When it happened.'),
  launchConfigId,
} as const;

/** Payload of worker-requested, worker-running and worker-stopped. */
export const pulseWorkerMessage = document('pulse-worker-message', {
  title: 'Worker Message',
  ...closed(worker, { optional: ['launchConfigId'] }),
  description: 'A worker was asked for, has registered, or has ended.',
});

/** Payload of worker-removed. */
export const pulseWorkerRemovedMessage = document('pulse-worker-removed-message', {
  title: 'Worker Removed Message',
  ...closed({ ...worker, reason: text('Why its end was decided.') }, { optional: ['launchConfigId'] }),
  description: 'The end of a worker was decided.',
});
