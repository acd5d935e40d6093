import { defaultQueueInactivityTimeoutMs, defaultReregistrationTimeoutMs } from '#core/pool.ts';
import { capacity, count, identifier } from './fields.ts';
import { closed, document, reference } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/**
 * 30 days in seconds: with the backdating of a certificate this stays under the 31 days that it may last (spec/api.md
 * 4).
 */
const longestReregistrationTimeout = 2_592_000;
/** 20 minutes in seconds: the time that the queue gives a worker to renew its claim (spec/provisioning.md 1.3). */
const shortestQueueInactivityTimeout = 1200;

/** How long the credentials of a worker last. */
export const reregistrationTimeout: JsonSchema = {
  type: 'integer',
  maximum: longestReregistrationTimeout,
  default: defaultReregistrationTimeoutMs / 1000,
  description:
    'Seconds for which the credentials of a worker last. A worker that has not registered again by then is ended.',
};

/**
 * The `lifecycle` of a cloud pool's config. Defaults are applied where they are used: a config is kept as it was sent
 * (W44).
 */
export const workerLifecycle = document('worker-lifecycle', {
  title: 'Worker Lifecycle',
  ...closed(
    {
      registrationTimeout: {
        type: 'integer',
        description:
          'Seconds that a worker has to register after it was asked for; then it is ended. Without this it has as long as `reregistrationTimeout`.',
      },
      reregistrationTimeout,
      queueInactivityTimeout: {
        type: 'integer',
        minimum: shortestQueueInactivityTimeout,
        default: defaultQueueInactivityTimeoutMs / 1000,
        description:
          'Seconds without a sign of life at the queue after which a registered worker is ended. Workers in quarantine are left alone.',
      },
    },
    { optional: ['registrationTimeout', 'reregistrationTimeout', 'queueInactivityTimeout'] },
  ),
  description: 'How long the parts of the life of a worker may last.',
});

const share = { type: 'number', minimum: 0, maximum: 1 } as const;

const workerManagerMembers = {
  launchConfigId: identifier(
    'A name for this launch config, unique in its worker pool. Without one it gets a name that follows from its content.',
  ),
  capacityPerInstance: capacity('How many tasks one worker runs at once.'),
  initialWeight: {
    ...share,
    default: 1,
    description:
      'How much this launch config is preferred before capacity and errors are taken into account. 0 switches it off.',
  },
  maxCapacity: count(
    'The most capacity that this launch config may have at any time. By default as much as the worker pool.',
  ),
} as const;

/** The `workerManager` block of a launch config, with the members that only one provider type has. */
export function workerManager(more: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  const members: Readonly<Record<string, JsonSchema>> = { ...workerManagerMembers, ...more };
  return closed(members, {
    optional: Object.keys(members),
    description: 'What concerns this service and not the cloud.',
  });
}

/** The place where the capacity of a worker was said before there was `workerManager`. */
export const deprecatedCapacityPerInstance = capacity(
  'How many tasks one worker runs at once. Deprecated: say it in `workerManager`, which wins.',
);

/** The config of a cloud pool, whatever the cloud (spec/api.md 5.1). */
export function cloudConfig(launchConfig: JsonSchema): JsonSchema {
  return closed(
    {
      minCapacity: count('Capacity that is kept even when there are no tasks.'),
      maxCapacity: count('The most capacity that the worker pool may have at any time.'),
      scalingRatio: {
        ...share,
        default: 1,
        description: 'Capacity to add per pending task.',
      },
      lifecycle: reference('worker-lifecycle'),
      launchConfigs: {
        type: 'array',
        uniqueItems: true,
        items: launchConfig,
        description: 'The ways in which workers can be started.',
      },
    },
    { optional: ['scalingRatio', 'lifecycle'] },
  );
}
