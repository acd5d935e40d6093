import { QueueRefusal } from './refusal.ts';
import { invalid, isIdentifier, isRecord, isTextList, parseTime, priorities, taskQueueIdPattern } from './wire.ts';
import type { Priority, TaskDefinition } from './wire.ts';

const knownMembers = new Set(
  (
    'taskQueueId provisionerId workerType schedulerId projectId taskGroupId dependencies requires routes priority retries ' +
    'created deadline expires scopes payload metadata tags extra'
  ).split(' '),
);
const metadataMembers = ['name', 'description', 'owner', 'source'];
const maxDeadlineMs = 5 * 24 * 3_600_000;
const yearMs = 365 * 24 * 3_600_000;

/**
 * The body of createTask with every default filled in.
 * @throws QueueRefusal InputValidationError for a wrong shape, InputError for times that cannot be and for dependencies,
 * which this queue does not follow.
 */
export function parseTaskDefinition(taskId: string, body: unknown): TaskDefinition {
  if (!isRecord(body)) {
    throw invalid('a task must be an object');
  }
  const unknown = Object.keys(body).find((name) => !knownMembers.has(name));
  if (unknown !== undefined) {
    throw invalid(`a task has no member ${unknown}`);
  }
  if (textList(body, 'dependencies').length > 0) {
    throw new QueueRefusal('InputError', 'this queue does not know dependencies between tasks');
  }
  return {
    ...taskQueueOf(body),
    schedulerId: identifier(body, 'schedulerId', '-'),
    projectId: text(body, 'projectId', 'none'),
    taskGroupId: text(body, 'taskGroupId', taskId),
    dependencies: [],
    requires: requiresOf(body),
    routes: textList(body, 'routes'),
    priority: priorityOf(body),
    retries: retriesOf(body),
    ...timesOf(body),
    scopes: textList(body, 'scopes'),
    payload: record(body, 'payload'),
    metadata: metadataOf(body),
    tags: record(body, 'tags', {}),
    extra: record(body, 'extra', {}),
  };
}

function taskQueueOf(
  body: Record<string, unknown>,
): Pick<TaskDefinition, 'taskQueueId' | 'provisionerId' | 'workerType'> {
  const { provisionerId, workerType, taskQueueId = `${String(provisionerId)}/${String(workerType)}` } = body;
  if (typeof taskQueueId !== 'string' || !taskQueueIdPattern.test(taskQueueId)) {
    throw invalid('taskQueueId (or provisionerId and workerType) must name a task queue');
  }
  return { taskQueueId, ...splitTaskQueueId(taskQueueId) };
}

/** The two halves of a task queue's id. */
export function splitTaskQueueId(taskQueueId: string): { provisionerId: string; workerType: string } {
  const slash = taskQueueId.indexOf('/');
  return { provisionerId: taskQueueId.slice(0, slash), workerType: taskQueueId.slice(slash + 1) };
}

function timesOf(body: Record<string, unknown>): Pick<TaskDefinition, 'created' | 'deadline' | 'expires'> {
  const created = parseTime(body['created'], 'created');
  const deadline = parseTime(body['deadline'], 'deadline');
  const createdMs = Date.parse(created);
  const deadlineMs = Date.parse(deadline);
  const expires =
    body['expires'] === undefined ? new Date(createdMs + yearMs).toISOString() : parseTime(body['expires'], 'expires');
  if (deadlineMs <= createdMs || deadlineMs > createdMs + maxDeadlineMs || Date.parse(expires) < deadlineMs) {
    throw new QueueRefusal('InputError', 'deadline must lie after created, at most 5 days, and not after expires');
  }
  return { created, deadline, expires };
}

function requiresOf(body: Record<string, unknown>): TaskDefinition['requires'] {
  const given = body['requires'] ?? 'all-completed';
  if (given !== 'all-completed' && given !== 'all-resolved') {
    throw invalid('requires must be all-completed or all-resolved');
  }
  return given;
}

/** `normal` is the old name of the lowest priority. */
function priorityOf(body: Record<string, unknown>): Priority {
  const given = body['priority'] ?? 'lowest';
  const priority = given === 'normal' ? 'lowest' : priorities.find((known) => known === given);
  if (priority === undefined) {
    throw invalid(`priority must be one of ${priorities.join(', ')}`);
  }
  return priority;
}

function retriesOf(body: Record<string, unknown>): number {
  const retries = body['retries'] ?? 5;
  if (typeof retries !== 'number' || !Number.isInteger(retries) || retries < 0 || retries > 49) {
    throw invalid('retries must be a whole number from 0 to 49');
  }
  return retries;
}

function metadataOf(body: Record<string, unknown>): Record<string, unknown> {
  const metadata = record(body, 'metadata');
  const missing = metadataMembers.find((name) => typeof metadata[name] !== 'string');
  if (missing !== undefined) {
    throw invalid(`metadata.${missing} must be a string`);
  }
  return metadata;
}

function text(body: Record<string, unknown>, name: string, byDefault: string): string {
  const value = body[name] ?? byDefault;
  if (typeof value !== 'string' || value === '') {
    throw invalid(`${name} must be a string`);
  }
  return value;
}

function identifier(body: Record<string, unknown>, name: string, byDefault: string): string {
  const value = body[name] ?? byDefault;
  if (!isIdentifier(value)) {
    throw invalid(`${name} must be an identifier`);
  }
  return value;
}

function textList(body: Record<string, unknown>, name: string): readonly string[] {
  const value = body[name] ?? [];
  if (!isTextList(value)) {
    throw invalid(`${name} must be a list of strings`);
  }
  return value;
}

function record(
  body: Record<string, unknown>,
  name: string,
  byDefault?: Record<string, unknown>,
): Record<string, unknown> {
  const value = body[name] ?? byDefault;
  if (!isRecord(value)) {
    throw invalid(`${name} must be an object`);
  }
  return value;
}
