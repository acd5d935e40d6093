import type { Endpoint } from '#contract/endpoint.ts';
import { orEmpty, patterns } from '#contract/patterns.ts';
import { launchConfigId, paging, pool } from './parameters.ts';

const ofPool = {
  route: '/worker-pool-errors/<workerPoolId>',
  greedy: 'workerPoolId',
  params: pool,
} as const;
const list = 'worker-manager:list-worker-pool-errors:<workerPoolId>';

export const problemRoutes = {
  reportWorkerError: {
    ...ofPool,
    method: 'post',
    query: {},
    stability: 'stable',
    category: 'Worker Interface',
    title: 'Report an Error from a Worker',
    description:
      'Tells the people behind a worker pool of an error that a worker met. The report can be read by everybody who may list errors, so it must hold no secrets. Each call makes a new error.',
    scopes: {
      AllOf: ['assume:worker-pool:<workerPoolId>', 'assume:worker-id:<workerGroup>/<workerId>'],
    },
    authorizes: 'in-handler',
    input: 'report-worker-error-request',
    output: 'worker-pool-error',
  },
  workerPoolErrorStats: {
    method: 'get',
    route: '/worker-pool-errors/stats',
    params: {},
    /** A pool id or nothing (W18). */
    query: { workerPoolId: orEmpty(patterns.workerPoolId) },
    stability: 'experimental',
    category: 'Worker Pools',
    title: 'Worker Pool Error Statistics',
    description: 'Counts errors by time, title, code, worker pool and launch config, for one worker pool or for all.',
    scopes: list,
    authorizes: 'in-handler',
    output: 'worker-pool-error-stats',
  },
  listWorkerPoolErrors: {
    ...ofPool,
    method: 'get',
    query: { ...paging, launchConfigId, errorId: patterns.errorId },
    stability: 'stable',
    category: 'Worker Pools',
    title: 'List Worker Pool Errors',
    description: 'Lists the errors of a worker pool, newest first.',
    scopes: list,
    authorizes: 'before',
    output: 'worker-pool-error-list',
  },
} as const satisfies Record<string, Endpoint>;
