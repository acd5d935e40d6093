import type { Clock } from '#core/clock.ts';
import type { DemandSource, QueueWorker, QueueWorkerDetail, TaskRun } from '#core/demand.ts';
import { ServiceError } from '#core/error.ts';
import type { WorkerKey } from '#core/worker.ts';
import { isJsonObject } from '#lib/json.ts';
import type { JsonObject, JsonValue } from '#lib/json.ts';
import { QueueClient } from './queue-client.ts';
import type { QueueClientOptions } from './queue-client.ts';

/** Demand as Taskcluster's queue service tells it over its HTTP API (spec/api.md 7.8). */
export function queueSource(options: QueueClientOptions): DemandSource {
  const client = new QueueClient(options);
  return {
    counts: (workerPoolId, signal) => counts(client, options.clock, workerPoolId, signal),
    workerPage: (workerPoolId, page, signal) => workerPage(client, workerPoolId, page, signal),
    worker: (key, signal) => worker(client, key, signal),
  };
}

async function counts(client: QueueClient, clock: Clock, workerPoolId: string, signal: AbortSignal) {
  const at = clock.now();
  const path = `/task-queues/${encodeURIComponent(workerPoolId)}/counts`;
  const answer = objectIn(await client.get(path, signal), path);
  return {
    pendingTasks: countIn(answer, 'pendingTasks', path),
    claimedTasks: countIn(answer, 'claimedTasks', path),
    at,
  };
}

async function workerPage(
  client: QueueClient,
  workerPoolId: string,
  page: { quarantined?: boolean; limit?: number; continuationToken?: string },
  signal: AbortSignal,
) {
  const query = new URLSearchParams();
  if (page.quarantined !== undefined) query.set('quarantined', String(page.quarantined));
  if (page.limit !== undefined) query.set('limit', String(page.limit));
  if (page.continuationToken !== undefined) query.set('continuationToken', page.continuationToken);
  const path = `${workersPath(workerPoolId)}?${query.toString()}`;
  const answer = await client.get(path, signal);
  if (answer === null) return { workers: [] };
  const { workers, continuationToken } = objectIn(answer, path);
  if (!Array.isArray(workers)) throw malformed(path);
  return {
    workers: workers.map((entry) => queueWorker(workerPoolId, objectIn(entry, path))),
    ...(typeof continuationToken === 'string' ? { continuationToken } : {}),
  };
}

async function worker(client: QueueClient, key: WorkerKey, signal: AbortSignal): Promise<QueueWorkerDetail | null> {
  const name = `${encodeURIComponent(key.workerGroup)}/${encodeURIComponent(key.workerId)}`;
  const path = `${workersPath(key.workerPoolId)}/${name}`;
  const answer = await client.get(path, signal);
  if (answer === null) return null;
  const detail = objectIn(answer, path);
  const recentTasks = arrayOf(detail['recentTasks']).flatMap((run) => taskRun(run) ?? []);
  return {
    ...queueWorker(key.workerPoolId, { ...detail, workerGroup: key.workerGroup, workerId: key.workerId }),
    latestTask: recentTasks.at(-1) ?? null,
    recentTasks,
    expires: dateOf(detail['expires']),
    quarantineDetails: arrayOf(detail['quarantineDetails']).flatMap(quarantineDetail),
  };
}

function workersPath(workerPoolId: string): string {
  const [provisionerId = '', workerType = ''] = workerPoolId.split('/');
  return `/provisioners/${encodeURIComponent(provisionerId)}/worker-types/${encodeURIComponent(workerType)}/workers`;
}

function queueWorker(workerPoolId: string, entry: JsonObject): QueueWorker {
  return {
    workerPoolId,
    workerGroup: textOf(entry['workerGroup']),
    workerId: textOf(entry['workerId']),
    firstClaim: dateOf(entry['firstClaim']),
    lastDateActive: dateOf(entry['lastDateActive']),
    quarantineUntil: dateOf(entry['quarantineUntil']),
    latestTask: taskRun(entry['latestTask']) ?? null,
  };
}

function taskRun(value: JsonValue | undefined): TaskRun | null {
  if (!isJsonObject(value)) return null;
  const { taskId, runId } = value;
  return typeof taskId === 'string' && typeof runId === 'number' ? { taskId, runId } : null;
}

function quarantineDetail(value: JsonValue): QueueWorkerDetail['quarantineDetails'] {
  if (!isJsonObject(value)) return [];
  const text = (name: string): string => textOf(value[name]);
  return [
    {
      clientId: text('clientId'),
      quarantineUntil: text('quarantineUntil'),
      updatedAt: text('updatedAt'),
      quarantineInfo: text('quarantineInfo'),
    },
  ];
}

function dateOf(value: JsonValue | undefined): Date | null {
  const date = typeof value === 'string' ? new Date(value) : null;
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}

function arrayOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function countIn(answer: JsonObject, name: string, path: string): number {
  const value = answer[name];
  if (typeof value !== 'number' || value < 0) throw malformed(path);
  return value;
}

function objectIn(value: unknown, path: string): JsonObject {
  if (!isJsonObject(value)) throw malformed(path);
  return value;
}

function malformed(path: string): ServiceError {
  return new ServiceError('unavailable', `the queue's answer to ${path} makes no sense`);
}
