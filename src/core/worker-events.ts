import type { WorkerEvent, WorkerEventPayload } from './events.ts';
import type { MoveName, Worker } from './worker.ts';

/** What a worker's event is made of. */
export type EventfulWorker = Pick<
  Worker,
  'workerPoolId' | 'providerId' | 'workerGroup' | 'workerId' | 'capacity' | 'launchConfigId'
>;

const exchanges = {
  request: 'worker-requested',
  register: 'worker-running',
  stop: 'worker-stopped',
} as const satisfies Record<string, WorkerEvent['exchange']>;

/** The event of a move (spec/api.md 8.3); `request` is a worker's beginning. @param reason only `remove` tells it. */
export function workerEvent(
  worker: EventfulWorker,
  move: MoveName | 'request',
  reason: string,
  now: Date,
): WorkerEvent {
  const payload = payloadOf(worker, now);
  if (move !== 'remove') return { exchange: exchanges[move], payload };
  return { exchange: 'worker-removed', payload: { ...payload, reason: reason === '' ? 'unknown' : reason } };
}

function payloadOf(worker: EventfulWorker, now: Date): WorkerEventPayload {
  const { workerPoolId, providerId, workerGroup, workerId, capacity, launchConfigId } = worker;
  return {
    workerPoolId,
    providerId,
    workerGroup,
    workerId,
    capacity,
    timestamp: now.toISOString(),
    ...(launchConfigId === null ? {} : { launchConfigId }),
  };
}
