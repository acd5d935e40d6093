import type { Endpoint } from '#contract/endpoint.ts';
import { patterns } from '#contract/patterns.ts';
import { paging, pool } from './parameters.ts';

const manage = 'worker-manager:manage-worker-pool:<workerPoolId>';
const manageWithProvider = { AllOf: [manage, 'worker-manager:provider:<providerId>'] } as const;
const get = 'worker-manager:get-worker-pool:<workerPoolId>';

const ofPool = {
  route: '/worker-pool/<workerPoolId>',
  greedy: 'workerPoolId',
  params: pool,
  query: {},
  category: 'Worker Pools',
} as const;

export const poolRoutes = {
  listProviders: {
    method: 'get',
    route: '/providers',
    params: {},
    query: { continuationToken: patterns.digits, limit: patterns.digits },
    stability: 'stable',
    category: 'Providers',
    title: 'List Providers',
    description: 'Lists the configured providers and their types, in the order of the configuration.',
    scopes: 'worker-manager:list-providers',
    authorizes: 'before',
    output: 'provider-list',
  },
  createWorkerPool: {
    ...ofPool,
    method: 'put',
    stability: 'stable',
    title: 'Create Worker Pool',
    description:
      'Creates a worker pool with its launch configs. Sending the same definition again succeeds; another definition for an existing id is refused.',
    scopes: manageWithProvider,
    authorizes: 'in-handler',
    input: 'create-worker-pool-request',
    output: 'worker-pool-full',
  },
  updateWorkerPool: {
    ...ofPool,
    method: 'post',
    stability: 'experimental',
    title: 'Update Worker Pool',
    description:
      'Replaces the definition of a worker pool. Launch configs that are not sent again are archived. To move a pool to another provider only the scope of the new one is needed; workers of the old one are left to finish.',
    scopes: manageWithProvider,
    authorizes: 'in-handler',
    input: 'update-worker-pool-request',
    output: 'worker-pool-full',
  },
  deleteWorkerPool: {
    ...ofPool,
    method: 'delete',
    stability: 'stable',
    title: 'Delete Worker Pool',
    description:
      'Marks a worker pool for deletion: its provider becomes `null-provider` and its launch configs are archived, so that no more workers are started. It disappears some time after its last worker has ended.',
    scopes: manage,
    authorizes: 'before',
    output: 'worker-pool-full',
  },
  listWorkerPoolLaunchConfigs: {
    method: 'get',
    route: '/worker-pool/<workerPoolId>/launch-configs',
    params: pool,
    query: { ...paging, includeArchived: patterns.boolean },
    stability: 'experimental',
    category: 'Worker Pool Launch Configs',
    title: 'List Launch Configs',
    description: 'Lists the launch configs of a worker pool; with `includeArchived=true` also those out of use.',
    scopes: get,
    authorizes: 'before',
    output: 'worker-pool-launch-config-list',
  },
  workerPoolStats: {
    ...ofPool,
    method: 'get',
    route: '/worker-pool/<workerPoolId>/stats',
    stability: 'experimental',
    title: 'Worker Pool Statistics',
    description: 'Counts the workers of a worker pool by launch config and state.',
    scopes: get,
    authorizes: 'before',
    output: 'worker-pool-stats',
  },
  workerPool: {
    ...ofPool,
    method: 'get',
    stability: 'stable',
    title: 'Get Worker Pool',
    description: 'Gives the definition of a worker pool and the counts of its workers.',
    scopes: get,
    authorizes: 'before',
    output: 'worker-pool-full',
  },
  listWorkerPools: {
    method: 'get',
    route: '/worker-pools',
    params: {},
    query: paging,
    stability: 'stable',
    category: 'Worker Pools',
    title: 'List Worker Pools',
    description: 'Lists all worker pools, those that are being deleted too, by id.',
    scopes: 'worker-manager:list-worker-pools',
    authorizes: 'before',
    output: 'worker-pool-list',
  },
  listWorkerPoolsStats: {
    method: 'get',
    route: '/worker-pools/stats',
    params: {},
    query: paging,
    stability: 'experimental',
    category: 'Worker Pools',
    title: 'List Worker Pool Statistics',
    description: 'Counts the workers of all worker pools by state, in the pages of the list of worker pools.',
    scopes: 'worker-manager:list-worker-pools',
    authorizes: 'before',
    output: 'worker-pool-list-stats',
  },
} as const satisfies Record<string, Endpoint>;
