import type { QueueWorkerFull, QueueWorkerItem } from '#contract/shapes.ts';
import type { DemandSource, QueueWorker, QueueWorkerDetail, QueueWorkerPage } from '#core/demand.ts';
import type { Page } from '#core/pool-store.ts';
import type { WorkerStore } from '#core/worker-store.ts';
import type { Worker, WorkerKey } from '#core/worker.ts';
import { largestPage } from './pages.ts';
import type { QueuePlace } from './pages.ts';

/** Which of the queue's workers are wanted. */
export interface QueueWorkerFilter {
  workerPoolId: string;
  quarantined: boolean;
  workerState: string | undefined;
  launchConfigId: string | undefined;
}

/** Pages of the queue that are read for one of ours at most: a filter may leave nothing of many. */
const mostQueuePages = 20;

/**
 * One page of the workers that the queue knows, joined with what is known here by pool, group and id, never by id alone (W14).
 * A page may be short, but `next` is null only at the end.
 */
export async function queueWorkerPage(
  parts: { demand: DemandSource; store: Pick<WorkerStore, 'workersOf'> },
  filter: QueueWorkerFilter,
  { after, limit }: { after: QueuePlace | null; limit: number },
  signal: AbortSignal,
): Promise<Page<QueueWorkerItem, QueuePlace>> {
  const isFiltered = filter.workerState !== undefined || filter.launchConfigId !== undefined;
  const rows: QueueWorkerItem[] = [];
  let place = after ?? { token: null, skip: 0 };
  for (let read = 0; read < mostQueuePages; read += 1) {
    const asked = isFiltered ? largestPage : limit;
    const page = await parts.demand.workerPage(filter.workerPoolId, queuePage(filter, place, asked), signal);
    const items = await joined(parts.store, filter, page, place.skip);
    const room = limit - rows.length;
    rows.push(...items.slice(0, room).map(({ item }) => item));
    const beyond = items[room];
    if (beyond !== undefined) return { rows, next: { ...place, skip: beyond.index } };
    if (page.continuationToken === undefined) return { rows, next: null };
    place = { token: page.continuationToken, skip: Math.max(0, place.skip - page.workers.length) };
    if (!isFiltered && rows.length === limit) break;
  }
  return { rows, next: place };
}

function queuePage(
  { quarantined }: QueueWorkerFilter,
  { token }: QueuePlace,
  limit: number,
): { quarantined?: boolean; limit: number; continuationToken?: string } {
  return {
    limit,
    ...(quarantined ? { quarantined } : {}),
    ...(token === null ? {} : { continuationToken: token }),
  };
}

/** What the filter leaves of a page of the queue after `skip`, each with its index there. */
async function joined(
  store: Pick<WorkerStore, 'workersOf'>,
  { workerPoolId, workerState, launchConfigId }: QueueWorkerFilter,
  page: QueueWorkerPage,
  skip: number,
): Promise<{ index: number; item: QueueWorkerItem }[]> {
  const seen = page.workers.slice(skip);
  const rows = seen.length === 0 ? [] : await store.workersOf(workerPoolId, seen);
  const byName = new Map(rows.map((row) => [nameOf(row), row]));
  return seen
    .map((worker, index) => ({
      index: skip + index,
      item: queueWorkerItem(worker, byName.get(nameOf(worker))),
    }))
    .filter(
      ({ item }) =>
        (workerState === undefined || item.state === workerState) &&
        (launchConfigId === undefined || item.launchConfigId === launchConfigId),
    );
}

function nameOf({ workerGroup, workerId }: Pick<WorkerKey, 'workerGroup' | 'workerId'>): string {
  return `${workerGroup}/${workerId}`;
}

function queueWorkerItem(seen: QueueWorker, row: Worker | undefined): QueueWorkerItem {
  const { firstClaim, latestTask } = seen;
  return {
    ...common(seen, row),
    ...(firstClaim === null ? {} : { firstClaim: firstClaim.toISOString() }),
    ...(latestTask === null ? {} : { latestTask }),
  };
}

/** What members `listWorkers` and `getWorker` share. */
function common({ workerPoolId, ...seen }: QueueWorker, row: Worker | undefined): QueueWorkerItem {
  const { workerGroup, workerId, lastDateActive, quarantineUntil } = seen;
  return {
    workerPoolId,
    workerGroup,
    workerId,
    ...(lastDateActive === null ? {} : { lastDateActive: lastDateActive.toISOString() }),
    ...(quarantineUntil === null ? {} : { quarantineUntil: quarantineUntil.toISOString() }),
    state: row?.state ?? 'standalone',
    capacity: row?.capacity ?? 0,
    providerId: row?.providerId ?? 'none',
    ...(row == null || row.launchConfigId === null ? {} : { launchConfigId: row.launchConfigId }),
  };
}

/** Tasks that are shown of a worker. */
const mostRecentTasks = 20;

/** One worker that the queue knows, in full; null when it has forgotten it, unless it is in quarantine still (spec/api.md 1.22). */
export function queueWorkerFull(seen: QueueWorkerDetail, row: Worker | null, now: Date): QueueWorkerFull | null {
  const { expires, firstClaim, quarantineUntil } = seen;
  const isQuarantined = quarantineUntil !== null && quarantineUntil > now;
  if (expires !== null && expires <= now && !isQuarantined) return null;
  const [provisionerId = '', workerType = ''] = seen.workerPoolId.split('/');
  return {
    provisionerId,
    workerType,
    ...common(seen, row ?? undefined),
    recentTasks: seen.recentTasks.slice(-mostRecentTasks),
    // The queue has both of every worker that it tells about.
    expires: (expires ?? now).toISOString(),
    firstClaim: (firstClaim ?? now).toISOString(),
    quarantineDetails: seen.quarantineDetails,
  };
}
