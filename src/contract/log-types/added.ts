import { fields } from './log-type.ts';
import type { LogType } from './log-type.ts';

/** What only this implementation logs. */
export const addedLogTypes = {
  expired: {
    type: 'expired',
    title: 'Expired',
    level: 'info',
    version: 1,
    description: 'What was kept long enough has been deleted.',
    fields: { sort: 'The sort of thing.', count: 'How many of it.' },
  },
  mailRefused: {
    type: 'mail-refused',
    title: 'Mail Refused',
    level: 'warning',
    version: 1,
    description: 'A mail about an incident was refused for good, and is given up.',
    fields: fields('workerPoolId', 'errorId', 'error'),
  },
  orderSettled: {
    type: 'order-settled',
    title: 'Order Settled',
    level: 'any',
    version: 1,
    description:
      'It was found out what became of an order for workers whose answer was lost. The level is info, and warning when it stays unknown for long.',
    fields: {
      orderId: 'The order.',
      ...fields('workerPoolId', 'providerId'),
      verdict: 'What became of it.',
      ...fields('reason'),
    },
  },
  orphan: {
    type: 'orphan',
    title: 'Orphan',
    level: 'warning',
    version: 1,
    description: 'There is a machine at a cloud that is ours and that no worker stands for.',
    fields: {
      ...fields('providerId', 'workerGroup', 'workerId'),
      verdict: 'What is done about it.',
      ...fields('reason'),
    },
  },
  postgres: {
    type: 'postgres',
    title: 'Embedded Database',
    level: 'debug',
    version: 1,
    description: 'A line that the embedded database wrote.',
    fields: { line: 'The line.' },
  },
  previousProviderDrained: {
    type: 'previous-provider-drained',
    title: 'Previous Provider Drained',
    level: 'info',
    version: 1,
    description: 'The last worker of a former provider of a worker pool has ended.',
    fields: fields('workerPoolId', 'providerId'),
  },
  providerSetupFailed: {
    type: 'provider-setup-failed',
    title: 'Provider Setup Failed',
    level: 'err',
    version: 1,
    description: 'A provider cannot be used for now; it is tried again.',
    fields: fields('providerId', 'error'),
  },
  queueSilent: {
    type: 'queue-silent',
    title: 'Queue Silent',
    level: 'warning',
    version: 1,
    description: 'The queue did not say what it knows of workers, so nothing is concluded from its silence.',
    fields: fields('error'),
  },
  terminationDecisions: {
    type: 'termination-decisions',
    title: 'Termination Decisions',
    level: 'info',
    version: 1,
    description: 'It was decided which workers of a worker pool should end when they are idle.',
    fields: {
      ...fields('workerPoolId'),
      target: 'The capacity to keep.',
      changes: 'How many workers are advised otherwise than before.',
      over_capacity: 'How many are advised to end because they are too many.',
      launch_config_archived: 'How many because their launch config is out of use.',
      ...fields('reason'),
    },
  },
  terminationRefused: {
    type: 'termination-refused',
    title: 'Termination Refused',
    level: 'warning',
    version: 1,
    description: 'A cloud did not take the order to end a worker; it is given again.',
    fields: {
      ...fields('providerId', 'workerPoolId', 'workerGroup', 'workerId'),
      class: 'The sort of refusal.',
      code: "The cloud's own code.",
      message: 'What the cloud said.',
    },
  },
} as const satisfies Record<string, LogType>;
