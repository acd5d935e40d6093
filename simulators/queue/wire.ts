import { QueueRefusal } from './refusal.ts';

/** Priorities of tasks, first served first. */
export const priorities = ['highest', 'very-high', 'high', 'medium', 'low', 'very-low', 'lowest'] as const;
export type Priority = (typeof priorities)[number];

export type TaskState = 'pending' | 'running' | 'completed' | 'failed' | 'exception';

/** Reasons a worker may give to reportException. */
export const exceptionReasons = [
  'worker-shutdown',
  'malformed-payload',
  'resource-unavailable',
  'internal-error',
  'superseded',
  'intermittent-task',
] as const;
export type ExceptionReason = (typeof exceptionReasons)[number];

export type ReasonResolved =
  | ExceptionReason
  | 'completed'
  | 'failed'
  | 'deadline-exceeded'
  | 'canceled'
  | 'claim-expired';

/** A task as the API shows it, with every default filled in. */
export interface TaskDefinition {
  provisionerId: string;
  workerType: string;
  taskQueueId: string;
  schedulerId: string;
  projectId: string;
  taskGroupId: string;
  dependencies: readonly string[];
  requires: 'all-completed' | 'all-resolved';
  routes: readonly string[];
  priority: Priority;
  /** How often a run that ended through no fault of the task is repeated. */
  retries: number;
  created: string;
  deadline: string;
  expires: string;
  scopes: readonly string[];
  payload: Record<string, unknown>;
  metadata: Record<string, unknown>;
  tags: Record<string, unknown>;
  extra: Record<string, unknown>;
}

/** One run of a task as the API shows it; times are ISO texts. */
export interface RunStatus {
  runId: number;
  state: TaskState;
  reasonCreated: 'scheduled' | 'retry' | 'task-retry';
  reasonResolved?: ReasonResolved;
  workerGroup?: string;
  workerId?: string;
  takenUntil?: string;
  scheduled: string;
  started?: string;
  resolved?: string;
}

/** The `status` of a task that most calls answer with. */
export interface TaskStatus {
  taskId: string;
  provisionerId: string;
  workerType: string;
  taskQueueId: string;
  schedulerId: string;
  projectId: string;
  taskGroupId: string;
  deadline: string;
  expires: string;
  retriesLeft: number;
  state: TaskState;
  runs: readonly RunStatus[];
}

/** A worker as the queue names it within a task queue. */
export interface WorkerName {
  workerGroup: string;
  workerId: string;
}

export const slugidPattern = /^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$/;
export const taskQueueIdPattern = /^[a-zA-Z0-9-_]{1,38}\/[a-z]([-a-z0-9]{0,36}[a-z0-9])?$/;
const identifierPattern = /^[a-zA-Z0-9-_]{1,38}$/;

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a JSON array of strings. */
export function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * The body of claimWork.
 * @throws QueueRefusal InputValidationError
 */
export function parseClaimWork(body: unknown): WorkerName & { tasks: number } {
  const tasks = isRecord(body) ? (body['tasks'] ?? 1) : 1;
  if (typeof tasks !== 'number' || !Number.isInteger(tasks) || tasks < 1 || tasks > 32) {
    throw invalid('tasks must be a whole number from 1 to 32');
  }
  return { ...parseWorkerName(body), tasks };
}

/**
 * The body of claimTask, and the part of claimWork that says who claims.
 * @throws QueueRefusal InputValidationError
 */
export function parseWorkerName(body: unknown): WorkerName {
  const { workerGroup, workerId } = isRecord(body) ? body : {};
  if (!isIdentifier(workerGroup) || !isIdentifier(workerId)) {
    throw invalid('workerGroup and workerId must be identifiers');
  }
  return { workerGroup, workerId };
}

/**
 * The body of reportException.
 * @throws QueueRefusal InputValidationError
 */
export function parseExceptionReason(body: unknown): ExceptionReason {
  const given = isRecord(body) ? body['reason'] : undefined;
  const reason = exceptionReasons.find((known) => known === given);
  if (reason === undefined) {
    throw invalid(`reason must be one of ${exceptionReasons.join(', ')}`);
  }
  return reason;
}

/**
 * The body of quarantineWorker.
 * @throws QueueRefusal InputValidationError
 */
export function parseQuarantine(body: unknown): { quarantineUntil: Date; quarantineInfo: string } {
  const { quarantineUntil, quarantineInfo = '' } = isRecord(body) ? body : {};
  if (typeof quarantineInfo !== 'string') {
    throw invalid('quarantineInfo must be a string');
  }
  return { quarantineUntil: new Date(parseTime(quarantineUntil, 'quarantineUntil')), quarantineInfo };
}

/** An ISO time with milliseconds and Z. @throws QueueRefusal InputValidationError */
export function parseTime(value: unknown, name: string): string {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN;
  if (Number.isNaN(ms)) {
    throw invalid(`${name} must be a date-time`);
  }
  return new Date(ms).toISOString();
}

export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && identifierPattern.test(value);
}

export function invalid(message: string): QueueRefusal {
  return new QueueRefusal('InputValidationError', message);
}
