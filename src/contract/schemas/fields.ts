import { patterns } from '#contract/patterns.ts';
import type { JsonSchema } from './json-schema.ts';

/** Members that occur in many documents (spec/api.md 0). Each takes the words that say what it is there. */

export function workerPoolId(
  description = 'The worker pool: `<provisionerId>/<workerType>`. The queue calls the same thing a task queue.',
): JsonSchema {
  return { type: 'string', description, pattern: patterns.workerPoolId };
}

/** providerId, workerGroup, workerId, launchConfigId. */
export function identifier(description: string): JsonSchema {
  return {
    type: 'string',
    description,
    pattern: patterns.identifier,
    minLength: 1,
    maxLength: 38,
  };
}

export const providerId = identifier('The configured provider that starts the workers.');
export const workerGroup = identifier(
  "The group of the worker: for cloud workers the part of the cloud it is in, otherwise its operator's choice.",
);
export const workerId = identifier(
  'The worker, unique in its worker group: for cloud workers the id that the cloud gave the machine.',
);
export const launchConfigId = identifier('The launch config the worker was started by. Absent when there is none.');

export function dateTime(description: string): JsonSchema {
  return { type: 'string', format: 'date-time', description };
}

export function text(description: string): JsonSchema {
  return { type: 'string', description };
}

export function flag(description: string): JsonSchema {
  return { type: 'boolean', description };
}

export function count(description: string): JsonSchema {
  return { type: 'integer', minimum: 0, description };
}

export function capacity(description: string): JsonSchema {
  return { type: 'integer', minimum: 1, description };
}

export function slugid(description: string): JsonSchema {
  return { type: 'string', pattern: patterns.slugid, description };
}

export function secret(description: string): JsonSchema {
  return { type: 'string', pattern: patterns.secret, description };
}

/** Free text in Markdown that people read. */
export function prose(description: string): JsonSchema {
  return { type: 'string', maxLength: 10240, description };
}

export const continuationToken = text(
  'Where the next page begins. Absent on the last page. Send it back as it is; its content means nothing to a client.',
);

/** The nine counts of a pool's or launch config's workers (spec/api.md 0.2). */
export const workerCounts = {
  currentCapacity: count('Capacity of all workers that are not stopped.'),
  requestedCount: count('Number of workers that were asked for and have not registered yet.'),
  runningCount: count('Number of registered workers.'),
  stoppingCount: count('Number of workers on their way out.'),
  stoppedCount: count('Number of workers that have ended and are still remembered.'),
  requestedCapacity: count('Capacity of workers that were asked for and have not registered yet.'),
  runningCapacity: count('Capacity of registered workers.'),
  stoppingCapacity: count('Capacity of workers on their way out.'),
  stoppedCapacity: count('Capacity of workers that have ended and are still remembered.'),
} as const satisfies Record<string, JsonSchema>;

/** Names of the nine counts. */
export const workerCountNames = Object.keys(workerCounts) as (keyof typeof workerCounts)[];

/** What makes up an error report (spec/api.md 0.2 WorkerPoolError). */
export const errorKind: JsonSchema = {
  type: 'string',
  pattern: patterns.errorKind,
  maxLength: 128,
  description: 'A short machine-readable name for this sort of error, e.g. `creation-error`.',
};
export const errorTitle: JsonSchema = {
  type: 'string',
  maxLength: 128,
  description: 'A short human-readable name of the error.',
};
export const errorDescription = prose('What happened, for people.');
