import type { WorkerKey } from './worker.ts';

/** What a pool's tasks ask for, as the queue said at `at`. */
export interface Demand {
  pendingTasks: number;
  claimedTasks: number;
  at: Date;
}

/** One run of a task. */
export interface TaskRun {
  taskId: string;
  runId: number;
}

/** The queue's own view of a worker (spec/api.md 1.22); null where the queue has no value. */
export interface QueueWorker extends WorkerKey {
  firstClaim: Date | null;
  lastDateActive: Date | null;
  quarantineUntil: Date | null;
  latestTask: TaskRun | null;
}

/** The queue's view of one worker, in full. */
export interface QueueWorkerDetail extends QueueWorker {
  expires: Date | null;
  recentTasks: readonly TaskRun[];
  quarantineDetails: readonly {
    clientId: string;
    quarantineUntil: string;
    updatedAt: string;
    quarantineInfo: string;
  }[];
}

export interface QueueWorkerPage {
  workers: readonly QueueWorker[];
  /** Absent on the last page. */
  continuationToken?: string;
}

/**
 * Who asks for capacity. Every method rejects when the queue cannot answer within its own time limits and retries: no answer is
 * never read as "no demand" or "no activity".
 */
export interface DemandSource {
  /** Pending and claimed tasks of one pool now. */
  counts(workerPoolId: string, signal: AbortSignal): Promise<Demand>;
  /** One page of the workers the queue knows of a pool; `quarantined`: only those under quarantine now. */
  workerPage(
    workerPoolId: string,
    page: { quarantined?: boolean; limit?: number; continuationToken?: string },
    signal: AbortSignal,
  ): Promise<QueueWorkerPage>;
  /** One worker, or null when the queue does not know it. */
  worker(key: WorkerKey, signal: AbortSignal): Promise<QueueWorkerDetail | null>;
}

/** All pages of `workerPage`, one worker after another. */
export async function* queueWorkers(
  source: DemandSource,
  workerPoolId: string,
  options: { quarantined?: boolean },
  signal: AbortSignal,
): AsyncGenerator<QueueWorker> {
  let continuationToken: string | undefined;
  do {
    const page: QueueWorkerPage = await source.workerPage(
      workerPoolId,
      { ...options, ...(continuationToken === undefined ? {} : { continuationToken }) },
      signal,
    );
    yield* page.workers;
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
}
