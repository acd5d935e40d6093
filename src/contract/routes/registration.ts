import type { Endpoint } from '#contract/endpoint.ts';

const workerInterface = {
  method: 'post',
  params: {},
  query: {},
  category: 'Worker Interface',
  masks: 'whole',
} as const;

export const registrationRoutes = {
  registerWorker: {
    ...workerInterface,
    route: '/worker/register',
    stability: 'stable',
    title: 'Register Worker',
    description:
      'Gives a worker that has just started its credentials and its configuration. Needs no scopes: the identity proof in the body shows who calls.',
    authorizes: 'before',
    input: 'register-worker-request',
    output: 'register-worker-response',
  },
  reregisterWorker: {
    ...workerInterface,
    route: '/worker/reregister',
    stability: 'experimental',
    title: 'Register Worker Again',
    description:
      'Gives a registered worker fresh credentials before its present ones end, against the secret it got the last time.',
    scopes: 'worker-manager:reregister-worker:<workerPoolId>/<workerGroup>/<workerId>',
    authorizes: 'in-handler',
    input: 'reregister-worker-request',
    output: 'reregister-worker-response',
  },
} as const satisfies Record<string, Endpoint>;
