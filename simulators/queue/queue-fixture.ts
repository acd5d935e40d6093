import type { TestContext } from 'node:test';
import { systemClock } from '#lib/clock.ts';
import type { ClientLookup } from './authentication.ts';
import { startQueueSimulator } from './server.ts';
import type { QueueSimulator, QueueSimulatorOptions } from './server.ts';
import { issueTemporaryCredentials } from './temporary-credentials.ts';

const minuteMs = 60_000;

export interface Credentials {
  clientId: string;
  accessToken: string;
  certificate?: string;
}

export interface Status {
  taskId: string;
  taskQueueId: string;
  state: string;
  retriesLeft: number;
  runs: { reasonResolved?: string; takenUntil?: string }[];
}

export interface Claim {
  status: Status;
  runId: number;
  takenUntil: string;
  credentials: Credentials;
  task: { provisionerId: string; payload: { durationMs: number } };
}

export interface Row {
  workerId: string;
  latestTask?: { taskId: string; runId: number };
}

export interface WorkerDetail {
  quarantineUntil: string;
  recentTasks: unknown[];
  quarantineDetails: { updatedAt?: string }[];
}

/** The parts of the published client that are used here; it has no types of its own. */
export interface QueueApi {
  createTask(taskId: string, task: object): Promise<{ status: Status }>;
  task(taskId: string): Promise<{ schedulerId: string }>;
  status(taskId: string): Promise<{ status: Status }>;
  cancelTask(taskId: string): Promise<{ status: Status }>;
  pendingTasks(taskQueueId: string): Promise<{ pendingTasks: number }>;
  taskQueueCounts(taskQueueId: string): Promise<{ pendingTasks: number }>;
  claimWork(taskQueueId: string, body: object): Promise<{ tasks: Claim[] }>;
  claimTask(taskId: string, runId: number, body: object): Promise<Claim>;
  reclaimTask(taskId: string, runId: number): Promise<Claim>;
  reportCompleted(taskId: string, runId: number): Promise<{ status: Status }>;
  reportFailed(taskId: string, runId: number): Promise<{ status: Status }>;
  reportException(taskId: string, runId: number, body: object): Promise<{ status: Status }>;
  listWorkers(
    provisionerId: string,
    workerType: string,
    query?: object,
  ): Promise<{ workers: Row[]; continuationToken?: string }>;
  getWorker(provisionerId: string, workerType: string, group: string, id: string): Promise<WorkerDetail>;
  quarantineWorker(p: string, w: string, group: string, id: string, body: object): Promise<WorkerDetail>;
}

export interface ApiError {
  statusCode?: number;
  code?: string;
  body?: { message: string };
}

type ApiClass = new (options: {
  rootUrl: string;
  credentials?: Credentials;
  retries?: number;
  authorizedScopes?: string[];
  timeout?: number;
}) => QueueApi;
// A name that is not literal, because the package declares no types.
const clientPackage: string = 'taskcluster-client';
const { default: taskcluster } = (await import(clientPackage)) as { default: { Queue: ApiClass } };

/** May do everything. */
export const root = { clientId: 'root', accessToken: 'root-token' };
/** May issue credentials to workers, and ask for pending tasks. */
export const manager = { clientId: 'static/taskcluster/worker-manager', accessToken: 'manager-token' };
/** The simulator's knowledge of both. */
export const clients: ClientLookup = (id) => {
  const known = {
    [root.clientId]: { accessToken: root.accessToken, scopes: ['*'] },
    [manager.clientId]: {
      accessToken: manager.accessToken,
      scopes: [
        'auth:create-client:worker/*',
        'queue:claim-work:*',
        'queue:worker-id:*',
        'queue:pending-count:*',
        'worker-manager:*',
      ],
    },
  };
  return known[id];
};

/** Credentials of a worker `g/w` of the pool `prov/type`, as a worker manager issues them. */
export function workerCredentials(scopes: string[], now = new Date(), lifeMs = 60 * minuteMs) {
  return issueTemporaryCredentials({
    clientId: 'worker/static/prov/type/g/w',
    scopes,
    start: new Date(now.getTime() - 15 * minuteMs),
    expiry: new Date(now.getTime() + lifeMs),
    issuer: manager,
  });
}

/** A task's id. */
export const taskId = 'fN1SbArXTPSVFNUvaOlinQ';

/** The body of createTask for `prov/type`. */
export function aTask(members = {}) {
  const now = Date.now();
  return {
    taskQueueId: 'prov/type',
    created: new Date(now).toISOString(),
    deadline: new Date(now + 60 * minuteMs).toISOString(),
    payload: { durationMs: 1000 },
    metadata: { name: 'n', description: 'd', owner: 'o@example.com', source: 'https://example.com' },
    ...members,
  };
}

/** A simulator that ends with the test. */
export async function aSimulator(
  t: TestContext,
  options: Partial<QueueSimulatorOptions> = {},
): Promise<QueueSimulator> {
  const simulator = await startQueueSimulator({ clock: systemClock, ...options });
  t.after(() => simulator.close());
  return simulator;
}

/** The published client, unmodified; every call is made once. */
export function clientOf(simulator: QueueSimulator, credentials?: Credentials, others = {}): QueueApi {
  return new taskcluster.Queue({
    rootUrl: simulator.url,
    retries: 0,
    ...(credentials === undefined ? {} : { credentials }),
    ...others,
  });
}

/** The error of a refused call. */
export function withStatus(statusCode: number, code: string) {
  return (error: ApiError) => error.statusCode === statusCode && error.code === code;
}
