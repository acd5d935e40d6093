import type { ServiceEvent } from '#core/events.ts';
import { routingKeyKind, routingKeyWords } from '#core/routing-key.ts';
import type { RoutingKeyWord } from '#core/routing-key.ts';
import type { SchemaName } from './schemas/published.ts';

/** What all exchange names begin with. */
export const exchangePrefix = 'exchange/taskcluster-worker-manager/v1/';

/** One exchange, as data (spec/api.md 8.3). */
export interface Exchange {
  /** Its name in clients. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly schema: SchemaName;
  /** Whether its routing keys always name provider, pool and worker. */
  readonly isAboutWorker: boolean;
}

const aboutPools = { schema: 'pulse-worker-pool-message', isAboutWorker: false } as const;
const aboutLaunchConfigs = { schema: 'pulse-launch-config-message', isAboutWorker: false } as const;
const aboutWorkers = { schema: 'pulse-worker-message', isAboutWorker: true } as const;

/** The ten exchanges by their name under the prefix, in published order. */
export const exchanges = {
  'worker-pool-created': {
    ...aboutPools,
    name: 'workerPoolCreated',
    title: 'Worker Pool Created',
    description: 'A worker pool was created, or its creation was repeated.',
  },
  'worker-pool-updated': {
    ...aboutPools,
    name: 'workerPoolUpdated',
    title: 'Worker Pool Updated',
    description:
      'The definition of a worker pool was sent anew, or the worker pool was marked for deletion. The message says which provider it had before.',
  },
  'worker-pool-error': {
    name: 'workerPoolError',
    title: 'Worker Pool Error',
    description: 'An error happened to a worker pool or to one of its workers.',
    schema: 'pulse-worker-pool-error-message',
    isAboutWorker: false,
  },
  'worker-requested': {
    ...aboutWorkers,
    name: 'workerRequested',
    title: 'Worker Requested',
    description: 'A worker was asked for at its cloud.',
  },
  'worker-running': {
    ...aboutWorkers,
    name: 'workerRunning',
    title: 'Worker Running',
    description: 'A worker has registered for the first time.',
  },
  'worker-stopped': {
    ...aboutWorkers,
    name: 'workerStopped',
    title: 'Worker Stopped',
    description: 'Nothing is left of a worker.',
  },
  'worker-removed': {
    name: 'workerRemoved',
    title: 'Worker Removed',
    description: 'The end of a worker was decided; the message says why.',
    schema: 'pulse-worker-removed-message',
    isAboutWorker: true,
  },
  'launch-config-created': {
    ...aboutLaunchConfigs,
    name: 'launchConfigCreated',
    title: 'Launch Config Created',
    description: 'A worker pool got a new launch config.',
  },
  'launch-config-updated': {
    ...aboutLaunchConfigs,
    name: 'launchConfigUpdated',
    title: 'Launch Config Updated',
    description: 'A launch config was sent again, changed or not, or taken out of the archive.',
  },
  'launch-config-archived': {
    ...aboutLaunchConfigs,
    name: 'launchConfigArchived',
    title: 'Launch Config Archived',
    description: 'A launch config is out of use and starts no workers any more.',
  },
} as const satisfies Record<ServiceEvent['exchange'], Exchange>;

/** One word of a routing key, as the published reference describes it. */
export interface RoutingKeyEntry {
  readonly name: RoutingKeyWord | 'routingKeyKind';
  readonly summary: string;
  readonly constant?: string;
  readonly multipleWords: boolean;
  readonly required: boolean;
}

const summaries: Record<RoutingKeyWord, string> = {
  providerId: 'The provider.',
  provisionerId: 'The first half of the worker pool id.',
  workerType: 'The second half of the worker pool id.',
  workerGroup: 'The group of the worker.',
  workerId: 'The worker.',
  launchConfigId: 'The launch config.',
  reserved: 'Room for more words one day: always match it with `#`.',
};

/** The words of an exchange's routing keys (spec/api.md 8.2). */
export function routingKeyEntries({ isAboutWorker }: Exchange): readonly RoutingKeyEntry[] {
  const kind: RoutingKeyEntry = {
    name: 'routingKeyKind',
    summary: `The kind of routing key: always \`${routingKeyKind}\`.`,
    constant: routingKeyKind,
    multipleWords: false,
    required: true,
  };
  const words = routingKeyWords.map((name): RoutingKeyEntry => {
    const isOptional = name === 'launchConfigId' || name === 'reserved';
    return {
      name,
      summary: summaries[name],
      multipleWords: name === 'reserved',
      required: isAboutWorker && !isOptional,
    };
  });
  return [kind, ...words];
}
