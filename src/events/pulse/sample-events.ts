import type { OutboxEntry, ServiceEvent } from '#core/events.ts';

const pool = { workerPoolId: 'proj-x/linux-1', providerId: 'aws' };
const timestamp = '2026-03-04T12:34:56.789Z';
const worker = { ...pool, workerGroup: 'us-west-2', workerId: 'i-0a1', capacity: 2, timestamp, launchConfigId: 'lc-1' };

/** One event of each kind, and the routing key that consumers bind to (spec/api.md 8.2). */
export const sampleEvents: readonly { event: ServiceEvent; routingKey: string }[] = [
  {
    event: { exchange: 'worker-pool-created', payload: pool },
    routingKey: 'primary._._._._._._._',
  },
  {
    event: { exchange: 'worker-pool-updated', payload: { ...pool, previousProviderId: 'gcp' } },
    routingKey: 'primary._._._._._._._',
  },
  ...(['launch-config-created', 'launch-config-updated', 'launch-config-archived'] as const).map((exchange) => ({
    event: { exchange, payload: { ...pool, launchConfigId: 'lc-1' } },
    routingKey: 'primary.aws.proj-x.linux-1._._.lc-1._',
  })),
  ...(['worker-requested', 'worker-running', 'worker-stopped'] as const).map((exchange) => ({
    event: { exchange, payload: worker },
    routingKey: 'primary.aws.proj-x.linux-1.us-west-2.i-0a1.lc-1._',
  })),
  {
    event: { exchange: 'worker-removed', payload: { ...worker, reason: 'terminateAfter time exceeded, naïve ☃' } },
    routingKey: 'primary.aws.proj-x.linux-1.us-west-2.i-0a1.lc-1._',
  },
  {
    event: {
      exchange: 'worker-pool-error',
      payload: { ...pool, errorId: 'abcdefghQZCabcdefghijA', kind: 'creation-error', title: 'No', timestamp },
    },
    routingKey: 'primary.aws.proj-x.linux-1._._._._',
  },
];

/** Events as they wait in the outbox, oldest first, all of one order key. */
export function waiting(events: readonly ServiceEvent[], orderKey = 'pool proj-x/linux-1'): OutboxEntry[] {
  const createdAt = new Date(timestamp);
  return events.map((event, index) => ({ sequence: BigInt(index + 1), orderKey, event, createdAt }));
}

/** Events about a worker of its own, so that messages can be told apart. */
export function workerRunning(workerId: string): ServiceEvent {
  return { exchange: 'worker-running', payload: { ...worker, workerId } };
}

export function workerStopped(workerId: string): ServiceEvent {
  return { exchange: 'worker-stopped', payload: { ...worker, workerId } };
}
