import type { Endpoint } from '#contract/endpoint.ts';
import { patterns } from '#contract/patterns.ts';
import { launchConfigId, paging } from './parameters.ts';

/** The halves of a worker pool id, each held to its own pattern (W15). */
const taskQueue = {
  provisionerId: patterns.provisionerId,
  workerType: patterns.workerType,
} as const;
const queueView = {
  method: 'get',
  stability: 'experimental',
  category: 'Worker Metadata',
  authorizes: 'before',
} as const;

export const queueViewRoutes = {
  listWorkers: {
    ...queueView,
    route: '/provisioners/<provisionerId>/worker-types/<workerType>/workers',
    params: taskQueue,
    query: {
      ...paging,
      launchConfigId,
      quarantined: patterns.boolean,
      workerState: '^(requested|running|stopping|stopped)$',
    },
    title: 'List Workers the Queue Knows',
    description:
      'Lists the workers that have asked the queue for work, with what this service knows of them. `quarantined=true` leaves only those in quarantine.',
    scopes: 'worker-manager:list-workers:<provisionerId>/<workerType>',
    output: 'list-workers-response',
  },
  getWorker: {
    ...queueView,
    route: '/provisioners/<provisionerId>/worker-types/<workerType>/workers/<workerGroup>/<workerId>',
    params: {
      ...taskQueue,
      workerGroup: patterns.identifierInUrl,
      workerId: patterns.identifierInUrl,
    },
    query: {},
    title: 'Get a Worker the Queue Knows',
    description:
      'Gives a worker that has asked the queue for work, with its last tasks and its quarantine, and with what this service knows of it.',
    scopes: 'worker-manager:get-worker:<provisionerId>/<workerType>/<workerGroup>/<workerId>',
    output: 'worker-response',
  },
} as const satisfies Record<string, Endpoint>;
