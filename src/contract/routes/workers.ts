import type { Endpoint } from '#contract/endpoint.ts';
import { launchConfigId, paging, pool, poolAndGroup, poolGroupAndWorker } from './parameters.ts';

const workers = { query: {}, stability: 'stable', category: 'Workers', authorizes: 'before' } as const;
const ofWorker = {
  ...workers,
  route: '/workers/<workerPoolId>/<workerGroup>/<workerId>',
  params: poolGroupAndWorker,
} as const;

const listWorkersForWorkerGroup = {
  ...workers,
  method: 'get',
  route: '/workers/<workerPoolId>/<workerGroup>',
  params: poolAndGroup,
  query: paging,
  title: 'List Workers of a Worker Group',
  description: 'Lists the workers of one group of a worker pool, newest first, ended ones too.',
  scopes: 'worker-manager:list-workers:<workerPoolId>/<workerGroup>',
  output: 'worker-list',
} as const;

const worker = {
  ...ofWorker,
  method: 'get',
  title: 'Get Worker',
  description: 'Gives a worker.',
  scopes: 'worker-manager:get-worker:<workerPoolId>/<workerGroup>/<workerId>',
  output: 'worker-full',
} as const;

const createWorker = {
  ...ofWorker,
  method: 'put',
  title: 'Create Worker',
  description:
    'Declares a worker that this service does not start. Only for worker pools whose provider takes declared workers, such as those of the type static.',
  scopes: 'worker-manager:create-worker:<workerPoolId>/<workerGroup>/<workerId>',
  input: 'create-worker-request',
  output: 'worker-full',
  masks: 'static-secret',
} as const;

const updateWorker = {
  ...ofWorker,
  method: 'post',
  title: 'Update Worker',
  description:
    'Changes a declared worker. What is not sent (the capacity, the secret) stays as it is; an `expires` in the past ends it.',
  scopes: 'worker-manager:update-worker:<workerPoolId>/<workerGroup>/<workerId>',
  input: 'create-worker-request',
  output: 'worker-full',
  masks: 'static-secret',
} as const;

/** The colon that old releases put after the pool id (spec/api.md 1.3). It is literal: a pool id never ends in one. */
const groupWithColon = '/workers/<workerPoolId>:/<workerGroup>';
const workerWithColon = '/workers/<workerPoolId>:/<workerGroup>/<workerId>';

export const workerRoutes = {
  listWorkersForWorkerGroupWithColon: {
    ...listWorkersForWorkerGroup,
    route: groupWithColon,
    twinOf: 'listWorkersForWorkerGroup',
  },
  listWorkersForWorkerGroup,
  workerWithColon: { ...worker, route: workerWithColon, twinOf: 'worker' },
  worker,
  createWorkerWithColon: { ...createWorker, route: workerWithColon, twinOf: 'createWorker' },
  createWorker,
  updateWorkerWithColon: { ...updateWorker, route: workerWithColon, twinOf: 'updateWorker' },
  updateWorker,
  removeWorker: {
    ...ofWorker,
    method: 'delete',
    title: 'Remove Worker',
    description:
      'Ends a worker: a machine in a cloud is terminated, whatever it is doing; a declared worker may not register any more. Workers call this themselves when they shut down.',
    scopes: 'worker-manager:remove-worker:<workerPoolId>/<workerGroup>/<workerId>',
  },
  shouldWorkerTerminate: {
    ...ofWorker,
    method: 'get',
    route: '/workers/<workerPoolId>/<workerGroup>/<workerId>/should-terminate',
    stability: 'experimental',
    title: 'Should a Worker Terminate',
    description: 'Tells an idle worker whether it is still wanted.',
    scopes: 'worker-manager:should-worker-terminate:<workerPoolId>/<workerGroup>/<workerId>',
    output: 'should-worker-terminate-response',
  },
  listWorkersForWorkerPool: {
    ...workers,
    method: 'get',
    route: '/workers/<workerPoolId>',
    /** In effect only for the empty id: longer paths belong to the routes above. */
    greedy: 'workerPoolId',
    params: pool,
    query: {
      ...paging,
      launchConfigId,
      state: '^(requested|running|stopping|stopped|standalone)$',
    },
    title: 'List Workers of a Worker Pool',
    description: 'Lists the workers of a worker pool, newest first, ended ones too.',
    scopes: 'worker-manager:list-workers:<workerPoolId>',
    output: 'worker-list',
  },
} as const satisfies Record<string, Endpoint>;
