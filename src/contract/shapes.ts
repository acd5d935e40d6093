import type { JsonObject } from '#core/json.ts';
import type { WorkerState } from '#core/worker.ts';

/**
 * The bodies of requests and answers as types (spec/api.md 0.2, 1). Instants are ISO 8601 texts here. The schemas of
 * the same names are what is checked; a test holds both together.
 */

/** What a user says of a worker pool. */
export interface WorkerPoolDefinition {
  providerId: string;
  description: string;
  /** Its form depends on the provider's type; cloud pools have their launch configs in it. */
  config: JsonObject;
  owner: string;
  emailOnError: boolean;
}

/** Counts of workers by state, and their summed capacity. */
export interface WorkerCountsShape {
  currentCapacity: number;
  requestedCount: number;
  runningCount: number;
  stoppingCount: number;
  stoppedCount: number;
  requestedCapacity: number;
  runningCapacity: number;
  stoppingCapacity: number;
  stoppedCapacity: number;
}

/** Body of updateWorkerPool; everything but the definition is ignored, except that `workerPoolId` must be the URL's. */
export interface WorkerPoolUpdate extends WorkerPoolDefinition, Partial<WorkerCountsShape> {
  workerPoolId?: string;
  created?: string;
  lastModified?: string;
}

export interface WorkerPoolFull extends WorkerPoolDefinition, WorkerCountsShape {
  workerPoolId: string;
  created: string;
  lastModified: string;
}

export interface WorkerPoolStatsItem extends WorkerCountsShape {
  workerPoolId: string;
}

export interface LaunchConfigStatsItem extends WorkerCountsShape {
  workerPoolId: string;
  /** `unknown` for workers without a launch config. */
  launchConfigId: string;
}

export interface LaunchConfigItem {
  launchConfigId: string;
  workerPoolId: string;
  isArchived: boolean;
  configuration: JsonObject;
  created: string;
  lastModified: string;
}

export interface ProviderItem {
  providerId: string;
  providerType: string;
}

/** Body of reportWorkerError. */
export interface WorkerErrorReport {
  workerGroup: string;
  workerId: string;
  kind: string;
  title: string;
  description: string;
  extra: JsonObject;
}

export interface WorkerPoolError {
  workerPoolId: string;
  errorId: string;
  reported: string;
  kind: string;
  title: string;
  description: string;
  extra: JsonObject;
  launchConfigId?: string;
}

type Counts = Readonly<Record<string, number>>;

export interface WorkerPoolErrorStats {
  /** Empty: all pools. */
  workerPoolId: string;
  totals: {
    total: number;
    daily: Counts;
    hourly: Counts;
    title: Counts;
    code: Counts;
    workerPool: Counts;
    launchConfig: Counts;
  };
}

/** Body of createWorker and updateWorker. */
export interface WorkerDeclaration {
  expires: string;
  capacity?: number;
  providerInfo?: { staticSecret: string };
}

export interface WorkerFull {
  workerPoolId: string;
  workerGroup: string;
  workerId: string;
  providerId: string;
  created: string;
  expires: string;
  lastModified: string;
  lastChecked: string;
  state: WorkerState;
  capacity: number;
  launchConfigId?: string;
}

export interface TerminationAdvice {
  terminate: boolean;
  reason: string;
}

/** What shows who a worker is, by type of provider: google, static, aws, azure. */
export type WorkerIdentityProof =
  | { token: string }
  | { staticSecret: string }
  | { document: string; signature: string }
  | { document: string };

/** Body of registerWorker. */
export interface WorkerRegistration {
  workerPoolId: string;
  providerId: string;
  workerGroup: string;
  workerId: string;
  workerIdentityProof: WorkerIdentityProof;
  systemBootTime?: string;
}

export interface TemporaryCredentials {
  clientId: string;
  accessToken: string;
  /** JSON text. */
  certificate: string;
}

export interface RegisteredAgain {
  expires: string;
  credentials: TemporaryCredentials;
  /** One-time, for reregisterWorker. */
  secret: string;
}

export interface RegisteredWorker extends RegisteredAgain {
  workerConfig: JsonObject;
}

/** Body of reregisterWorker. */
export interface WorkerReregistration {
  workerPoolId: string;
  workerGroup: string;
  workerId: string;
  secret: string;
}

export interface TaskRunShape {
  taskId: string;
  runId: number;
}

export interface QuarantineDetail {
  clientId: string;
  quarantineUntil: string;
  updatedAt: string;
  quarantineInfo: string;
}

/** What the queue and this service together know of a worker. */
interface QueueWorkerShape {
  workerPoolId?: string;
  workerGroup: string;
  workerId: string;
  lastDateActive?: string;
  quarantineUntil?: string;
  /** `standalone`: not managed here. */
  state?: WorkerState | 'standalone';
  /** 0: not known. */
  capacity?: number;
  /** `none`: not managed here. */
  providerId?: string;
  launchConfigId?: string;
}

export interface QueueWorkerItem extends QueueWorkerShape {
  firstClaim?: string;
  latestTask?: TaskRunShape;
}

export interface QueueWorkerFull extends QueueWorkerShape {
  provisionerId: string;
  workerType: string;
  firstClaim: string;
  /** The queue's. */
  expires: string;
  recentTasks: readonly TaskRunShape[];
  quarantineDetails?: readonly QuarantineDetail[];
}

/** One page; no token on the last one. */
interface PageShape {
  continuationToken?: string;
}

/** The body types by the names of their schemas. */
export interface Shapes {
  'create-worker-pool-request': WorkerPoolDefinition;
  'update-worker-pool-request': WorkerPoolUpdate;
  'worker-pool-full': WorkerPoolFull;
  'worker-pool-list': PageShape & { workerPools: readonly WorkerPoolFull[] };
  'worker-pool-list-stats': PageShape & { workerPoolsStats: readonly WorkerPoolStatsItem[] };
  'worker-pool-stats': { launchConfigStats: readonly LaunchConfigStatsItem[] };
  'worker-pool-launch-config-list': PageShape & {
    workerPoolLaunchConfigs: readonly LaunchConfigItem[];
  };
  'provider-list': PageShape & { providers: readonly ProviderItem[] };
  'report-worker-error-request': WorkerErrorReport;
  'worker-pool-error': WorkerPoolError;
  'worker-pool-error-list': PageShape & { workerPoolErrors: readonly WorkerPoolError[] };
  'worker-pool-error-stats': WorkerPoolErrorStats;
  'create-worker-request': WorkerDeclaration;
  'worker-full': WorkerFull;
  'worker-list': PageShape & { workers: readonly WorkerFull[] };
  'should-worker-terminate-response': TerminationAdvice;
  'register-worker-request': WorkerRegistration;
  'register-worker-response': RegisteredWorker;
  'reregister-worker-request': WorkerReregistration;
  'reregister-worker-response': RegisteredAgain;
  'list-workers-response': PageShape & { workers: readonly QueueWorkerItem[] };
  'worker-response': QueueWorkerFull;
}
