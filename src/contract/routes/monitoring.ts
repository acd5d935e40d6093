import type { Endpoint } from '#contract/endpoint.ts';

const monitoring = {
  method: 'get',
  params: {},
  query: {},
  stability: 'stable',
  category: 'Monitoring',
  authorizes: 'before',
} as const;

export const monitoringRoutes = {
  ping: {
    ...monitoring,
    route: '/ping',
    title: 'Ping',
    description: 'Answers as long as the process listens, with the seconds since its start.',
  },
  lbheartbeat: {
    ...monitoring,
    route: '/__lbheartbeat__',
    title: 'Load Balancer Heartbeat',
    description: 'Answers as long as the process listens. Nothing else is checked.',
  },
  version: {
    ...monitoring,
    route: '/__version__',
    title: 'Version',
    description: 'Says which version of the service answers, as a Dockerflow version object.',
  },
} as const satisfies Record<string, Endpoint>;

export const heartbeatRoute = {
  heartbeat: {
    ...monitoring,
    route: '/__heartbeat__',
    title: 'Heartbeat',
    description: 'Answers when the parts that the service needs to work can be reached.',
  },
} as const satisfies Record<string, Endpoint>;
