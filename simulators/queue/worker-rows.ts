import type { Task } from './task.ts';
import type { WorkerName } from './wire.ts';

const dayMs = 24 * 3_600_000;
const tenYearsMs = 3653 * dayMs;
const recentTaskLimit = 20;

export interface QuarantineDetail {
  clientId: string;
  quarantineUntil: string;
  updatedAt: string;
  quarantineInfo: string;
}

/** What the queue remembers of a worker that has called it. */
export interface WorkerRow extends WorkerName {
  readonly taskQueueId: string;
  /** Rises with every new row of the queue; the order of listings. */
  readonly sequence: number;
  readonly firstClaim: Date;
  /** The last claim or reclaim. */
  lastDateActive: Date;
  expires: Date;
  /** Ten years before the first claim if never quarantined (spec/api.md 1.22). */
  quarantineUntil: Date;
  quarantineDetails: QuarantineDetail[];
  /** Eldest first. */
  recentTasks: { taskId: string; runId: number }[];
  /** Tasks whose running run is this worker's. */
  readonly claimed: Set<Task>;
}

/** True while the worker claims in vain. */
export function isQuarantined(row: WorkerRow, now: Date): boolean {
  return row.quarantineUntil > now;
}

/** The workers of one task queue. */
export class WorkerRows {
  readonly #taskQueueId: string;
  readonly #byName = new Map<string, WorkerRow>();
  /** In order of their sequence; rows that expired leave when the list has doubled. */
  #inOrder: WorkerRow[] = [];
  #nextSequence = 0;
  #tidyAt = 64;

  constructor(taskQueueId: string) {
    this.#taskQueueId = taskQueueId;
  }

  /** How many rows are kept. */
  get size(): number {
    return this.#byName.size;
  }

  /** The row of a worker that calls now, made if this is its first call. */
  seen(name: WorkerName, now: Date): WorkerRow {
    const expires = new Date(now.getTime() + dayMs);
    const known = this.find(name, now);
    if (known !== undefined) {
      known.lastDateActive = now;
      known.expires = expires;
      return known;
    }
    const row: WorkerRow = {
      ...name,
      taskQueueId: this.#taskQueueId,
      sequence: this.#nextSequence++,
      firstClaim: now,
      lastDateActive: now,
      expires,
      quarantineUntil: new Date(now.getTime() - tenYearsMs),
      quarantineDetails: [],
      recentTasks: [],
      claimed: new Set(),
    };
    this.#add(row, now);
    return row;
  }

  /** The row of a worker, unless it expired; a quarantined one stays until its quarantine ends. */
  find(name: WorkerName, now: Date): WorkerRow | undefined {
    const row = this.#byName.get(keyOf(name));
    return row !== undefined && isKept(row, now) ? row : undefined;
  }

  /** Up to `limit` rows after the given sequence that pass the filter, and the sequence to go on from if there may be more. */
  page(
    after: number,
    limit: number,
    passes: (row: WorkerRow) => boolean,
    now: Date,
  ): { rows: WorkerRow[]; next: number | undefined } {
    const rows: WorkerRow[] = [];
    for (let index = this.#indexAfter(after); index < this.#inOrder.length; index++) {
      const row = this.#inOrder[index];
      if (row === undefined || !isKept(row, now) || !passes(row)) {
        continue;
      }
      if (rows.length === limit) {
        return { rows, next: rows.at(-1)?.sequence };
      }
      rows.push(row);
    }
    return { rows, next: undefined };
  }

  #add(row: WorkerRow, now: Date): void {
    const earlier = this.#byName.get(keyOf(row));
    if (earlier !== undefined) {
      this.#inOrder = this.#inOrder.filter((other) => other !== earlier);
    }
    if (this.#inOrder.length >= this.#tidyAt) {
      this.#tidy(now);
    }
    this.#byName.set(keyOf(row), row);
    this.#inOrder.push(row);
  }

  #tidy(now: Date): void {
    for (const row of this.#inOrder) {
      if (!isKept(row, now)) {
        this.#byName.delete(keyOf(row));
      }
    }
    this.#inOrder = this.#inOrder.filter((row) => isKept(row, now));
    this.#tidyAt = Math.max(64, this.#inOrder.length * 2);
  }

  #indexAfter(sequence: number): number {
    let low = 0;
    let high = this.#inOrder.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#inOrder[middle]?.sequence ?? Infinity) <= sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** Notes that the worker works on this run; the last twenty are kept. */
export function noteTask(row: WorkerRow, task: Task, runId: number): void {
  row.recentTasks.push({ taskId: task.taskId, runId });
  if (row.recentTasks.length > recentTaskLimit) {
    row.recentTasks.shift();
  }
  row.claimed.add(task);
}

function isKept(row: WorkerRow, now: Date): boolean {
  return row.expires > now || isQuarantined(row, now);
}

function keyOf(name: WorkerName): string {
  return `${name.workerGroup}/${name.workerId}`;
}
