import {
  continuationToken,
  dateTime,
  flag,
  identifier,
  prose,
  providerId,
  text,
  workerCountNames,
  workerCounts,
  workerPoolId,
} from './fields.ts';
import { closed, document, freeForm, listOf, reference } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const description = prose('What the pool is for, in Markdown.');
const config = freeForm(
  "How the pool's workers are started and how many there may be. Its form depends on the type of the provider: see the `config-…` schemas.",
);
const owner: JsonSchema = {
  type: 'string',
  format: 'email',
  description: 'Where mail about errors of the pool goes.',
};
const emailOnError = flag('Whether the owner wants mail about errors of the pool.');
const created = dateTime('When the pool was created.');
const lastModified = dateTime('When the definition of the pool was last changed.');

const definition = { providerId, description, config, owner, emailOnError } as const;

/** Body of createWorkerPool. */
export const createWorkerPoolRequest = document('create-worker-pool-request', {
  title: 'Worker Pool to Create',
  ...closed(definition),
  description: 'The definition of a new worker pool; its id is in the URL.',
});

/** Body of updateWorkerPool. A pool as it was read is accepted: what users cannot set is ignored (W11). */
export const updateWorkerPoolRequest = document('update-worker-pool-request', {
  title: 'Worker Pool to Update',
  ...closed(
    { workerPoolId: workerPoolId(), ...definition, created, lastModified, ...workerCounts },
    { optional: ['workerPoolId', 'created', 'lastModified', ...workerCountNames] },
  ),
  description:
    'The new definition of an existing worker pool. It replaces the old one whole. A pool can be sent as it was read: dates and counts are ignored, and `workerPoolId` must be that of the URL.',
});

/** WorkerPoolFull (spec/api.md 0.2). */
export const workerPoolFull = document('worker-pool-full', {
  title: 'Worker Pool',
  ...closed(
    { workerPoolId: workerPoolId(), ...definition, created, lastModified, ...workerCounts },
    { optional: ['workerPoolId'] },
  ),
  description:
    'A worker pool with all its definition and the present counts of its workers. The provider `null-provider` means that it is being deleted. Clients should read the counts from the statistics endpoints instead.',
});

/** Answer of listWorkerPools. */
export const workerPoolList = document('worker-pool-list', {
  title: 'List of Worker Pools',
  ...closed(
    {
      workerPools: listOf(reference('worker-pool-full'), 'Worker pools, by id.'),
      continuationToken,
    },
    { optional: ['continuationToken'] },
  ),
  description: 'One page of the worker pools.',
});

/** Answer of listWorkerPoolsStats. */
export const workerPoolListStats = document('worker-pool-list-stats', {
  title: 'List of Worker Pool Statistics',
  ...closed(
    {
      workerPoolsStats: listOf(
        closed({ workerPoolId: workerPoolId(), ...workerCounts }),
        'Counts of workers, one item per worker pool, by id.',
      ),
      continuationToken,
    },
    { optional: ['continuationToken'] },
  ),
  description:
    'One page of the counts of all worker pools. Pages are those of the list of worker pools: a token of the one is good for the other.',
});

/** Answer of workerPoolStats. */
export const workerPoolStats = document('worker-pool-stats', {
  title: 'Worker Pool Statistics',
  ...closed({
    launchConfigStats: listOf(
      closed({
        workerPoolId: workerPoolId(),
        launchConfigId: text('The launch config; `unknown` for workers that were started by none.'),
        ...workerCounts,
      }),
      'Counts of workers, one item per launch config that has workers.',
    ),
  }),
  description: "Counts of a worker pool's workers by launch config.",
});

/** Answer of listWorkerPoolLaunchConfigs. */
export const workerPoolLaunchConfigList = document('worker-pool-launch-config-list', {
  title: 'List of Launch Configs',
  ...closed(
    {
      workerPoolLaunchConfigs: listOf(
        closed({
          launchConfigId: text('The launch config, unique in its worker pool.'),
          workerPoolId: text('The worker pool.'),
          isArchived: flag('Whether it is out of use; it starts no workers any more.'),
          configuration: freeForm('The launch config as it was sent.'),
          created: dateTime('When the launch config was created.'),
          lastModified: dateTime('When the launch config was last sent or archived.'),
        }),
        'Launch configs, by id.',
      ),
      continuationToken,
    },
    { optional: ['continuationToken'] },
  ),
  description: "One page of a worker pool's launch configs.",
});

/** Answer of listProviders. */
export const providerList = document('provider-list', {
  title: 'List of Providers',
  ...closed(
    {
      providers: listOf(
        closed({
          providerId: identifier('The configured provider.'),
          providerType: text('The sort of provider, e.g. `aws` or `static`.'),
        }),
        'Configured providers, in the order of the configuration.',
      ),
      continuationToken,
    },
    { optional: ['continuationToken'] },
  ),
  description: 'One page of the configured providers.',
});
