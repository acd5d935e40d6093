import {
  continuationToken,
  count,
  dateTime,
  errorDescription,
  errorKind,
  errorTitle,
  launchConfigId,
  slugid,
  workerGroup,
  workerId,
  workerPoolId,
} from './fields.ts';
import { closed, document, freeForm, listOf, reference } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** Body of reportWorkerError. */
export const reportWorkerErrorRequest = document('report-worker-error-request', {
  title: 'Worker Error Report',
  ...closed({
    workerGroup,
    workerId,
    kind: errorKind,
    title: errorTitle,
    description: errorDescription,
    extra: freeForm(
      'More facts about the error. `code`, when it is a string, is counted in the statistics. Everybody who may list errors can read all of this: never put secrets here.',
    ),
  }),
  description: 'An error that a worker wants the people behind its worker pool to know of.',
});

/** WorkerPoolError (spec/api.md 0.2). */
export const workerPoolError = document('worker-pool-error', {
  title: 'Worker Pool Error',
  ...closed(
    {
      workerPoolId: workerPoolId(),
      errorId: slugid('The error; random.'),
      reported: dateTime('When it was reported.'),
      kind: errorKind,
      title: errorTitle,
      description: errorDescription,
      extra: freeForm('More facts about the error.'),
      launchConfigId,
    },
    { optional: ['launchConfigId'] },
  ),
  description: 'An error that happened to a worker pool or to one of its workers.',
});

/** Answer of listWorkerPoolErrors. */
export const workerPoolErrorList = document('worker-pool-error-list', {
  title: 'List of Worker Pool Errors',
  ...closed(
    {
      workerPoolErrors: listOf(reference('worker-pool-error'), 'Errors, newest first.'),
      continuationToken,
    },
    { optional: ['continuationToken'] },
  ),
  description: "One page of a worker pool's errors.",
});

function countsBy(description: string): JsonSchema {
  return { type: 'object', description, additionalProperties: count('Number of errors.') };
}

/** Answer of workerPoolErrorStats. */
export const workerPoolErrorStats = document('worker-pool-error-stats', {
  title: 'Worker Pool Error Statistics',
  ...closed({
    workerPoolId: {
      type: 'string',
      description: 'The worker pool that was asked for; empty for all of them.',
    },
    totals: closed(
      {
        total: count('Number of errors of the last seven days.'),
        daily: countsBy('Number of errors by start of the day (UTC), for the last seven days.'),
        hourly: countsBy('Number of errors by start of the hour, for the last 24 hours.'),
        title: countsBy('Number of errors by title.'),
        code: countsBy('Number of errors by their `extra.code`; `other` for those without one.'),
        workerPool: countsBy('Number of errors by worker pool.'),
        launchConfig: countsBy(
          'Number of errors by launch config, `unknown` for those without one. Empty when no worker pool was asked for.',
        ),
      },
      { description: 'The counts.' },
    ),
  }),
  description: 'How many errors there were, by several measures.',
});
