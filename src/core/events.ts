/** The messages this service tells the world (spec/api.md 8.3), as data. Each leaves through the outbox of the transaction it belongs to. */
export type PoolEvent = {
  exchange: 'worker-pool-created' | 'worker-pool-updated';
  payload: { workerPoolId: string; providerId: string; previousProviderId?: string };
};

export type LaunchConfigEvent = {
  exchange: 'launch-config-created' | 'launch-config-updated' | 'launch-config-archived';
  payload: { workerPoolId: string; providerId: string; launchConfigId: string };
};

export interface WorkerEventPayload {
  workerPoolId: string;
  providerId: string;
  workerGroup: string;
  workerId: string;
  capacity: number;
  /** ISO 8601. */
  timestamp: string;
  launchConfigId?: string;
}

export type WorkerEvent =
  | {
      exchange: 'worker-requested' | 'worker-running' | 'worker-stopped';
      payload: WorkerEventPayload;
    }
  | { exchange: 'worker-removed'; payload: WorkerEventPayload & { reason: string } };

export type PoolErrorEvent = {
  exchange: 'worker-pool-error';
  payload: {
    workerPoolId: string;
    providerId: string;
    errorId: string;
    kind: string;
    title: string;
    timestamp: string;
    workerId?: string;
    workerGroup?: string;
    launchConfigId?: string;
  };
};

export type ServiceEvent = PoolEvent | LaunchConfigEvent | WorkerEvent | PoolErrorEvent;

/** An event waiting in the outbox. */
export interface OutboxEntry {
  /** Rises in the order of commits per `orderKey`. */
  sequence: bigint;
  /** Entries of one key leave in order (a worker, a pool). */
  orderKey: string;
  event: ServiceEvent;
  createdAt: Date;
}

/** Where events go. Resolves when the receiver has confirmed every one of them; on rejection all of them are sent again later. */
export interface EventSink {
  publish(entries: readonly OutboxEntry[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
