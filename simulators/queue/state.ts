import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '#lib/clock.ts';
import { Backlog } from './backlog.ts';
import { QueueRefusal } from './refusal.ts';
import { Runs } from './runs.ts';
import type { Claim, TaskTotals } from './runs.ts';
import { isOpen, lastRun, runOf } from './task.ts';
import type { Task, TaskQueue } from './task.ts';
import { isQuarantined, WorkerRows } from './worker-rows.ts';
import type { ExceptionReason, RunStatus, TaskDefinition, WorkerName } from './wire.ts';

/** Tasks of one queue at an instant. */
export interface TaskCounts {
  pendingTasks: number;
  claimedTasks: number;
}

/**
 * What the queue knows and the rules by which it changes. Time is read from the clock when something is asked: what
 * became due since then (claims, deadlines, expiries) happens first, each at its own instant.
 *
 * Claims, counts and resolutions cost the same with ten tasks and with a hundred thousand.
 */
export class QueueState {
  readonly #clock: Clock;
  readonly #tasks = new Map<string, Task>();
  readonly #queues = new Map<string, TaskQueue>();
  readonly #runs = new Runs((task) => this.#tasks.delete(task.taskId));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What has happened since the start. */
  get totals(): Readonly<TaskTotals> {
    this.#catchUp();
    return this.#runs.totals;
  }

  /**
   * Adds a task, which waits at once. The same task again is no change.
   * @throws QueueRefusal RequestConflict for another task of that id, InputError for a deadline in the past.
   */
  createTask(taskId: string, definition: TaskDefinition): Task {
    const now = this.#catchUp();
    const known = this.#tasks.get(taskId);
    if (known !== undefined) {
      if (!isDeepStrictEqual(known.definition, definition)) {
        throw new QueueRefusal('RequestConflict', `there is another task ${taskId}`);
      }
      return known;
    }
    if (Date.parse(definition.deadline) <= now.getTime()) {
      throw new QueueRefusal('InputError', 'the deadline is past');
    }
    const task: Task = {
      taskId,
      definition,
      queue: this.#queue(definition.taskQueueId),
      runs: [],
      state: 'pending',
      retriesLeft: definition.retries,
      claimant: undefined,
    };
    this.#tasks.set(taskId, task);
    this.#runs.begin(task, now);
    return task;
  }

  /** @throws QueueRefusal ResourceNotFound */
  task(taskId: string): Task {
    this.#catchUp();
    const task = this.#tasks.get(taskId);
    if (task === undefined) {
      throw new QueueRefusal('ResourceNotFound', `no task ${taskId}`);
    }
    return task;
  }

  /** Hands up to `limit` waiting tasks to a worker, none while it is quarantined; either way it was seen now. */
  claimWork(taskQueueId: string, worker: WorkerName, limit: number): Claim[] {
    const now = this.#catchUp();
    const queue = this.#queue(taskQueueId);
    const row = queue.workers.seen(worker, now);
    const claims: Claim[] = [];
    while (claims.length < limit && !isQuarantined(row, now)) {
      const waiting = queue.backlog.take(({ run }) => run.state === 'pending');
      if (waiting === undefined) {
        break;
      }
      claims.push(this.#runs.start(waiting, row, now));
    }
    return claims;
  }

  /**
   * Hands one certain run to a worker.
   * @throws QueueRefusal ResourceNotFound, or RequestConflict when the run is not waiting.
   */
  claimTask(taskId: string, runId: number, worker: WorkerName): Claim {
    const task = this.task(taskId);
    const now = this.#clock.now();
    const run = runOf(task, runId);
    const row = task.queue.workers.seen(worker, now);
    if (run.state !== 'pending' || isQuarantined(row, now)) {
      throw new QueueRefusal('RequestConflict', `run ${runId} of task ${taskId} is not to be had`);
    }
    return this.#runs.start({ task, run }, row, now);
  }

  /**
   * Renews a claim for another claim timeout.
   * @throws QueueRefusal ResourceNotFound, or RequestConflict when the run is not running any more.
   */
  reclaimTask(taskId: string, runId: number): Claim {
    const { task, run } = this.#running(taskId, runId);
    const now = this.#clock.now();
    const name = task.claimant;
    if (name !== undefined) {
      task.queue.workers.seen(name, now);
    }
    return this.#runs.hold(task, run, now);
  }

  /**
   * Ends a run as completed or failed; a repeat is no change.
   * @throws QueueRefusal ResourceNotFound, or RequestConflict when the run ended otherwise or never began.
   */
  resolve(taskId: string, runId: number, outcome: 'completed' | 'failed'): Task {
    const task = this.task(taskId);
    if (runOf(task, runId).reasonResolved === outcome) {
      return task;
    }
    this.#runs.resolve(task, this.#running(taskId, runId).run, outcome, this.#clock.now());
    return task;
  }

  /**
   * Ends a run as exception, and repeats the task if the reason is no fault of its own; a repeat is no change.
   * @throws QueueRefusal ResourceNotFound, or RequestConflict when the run ended otherwise or never began.
   */
  reportException(taskId: string, runId: number, reason: ExceptionReason): Task {
    const task = this.task(taskId);
    if (runOf(task, runId).reasonResolved !== reason) {
      this.#runs.except(task, this.#running(taskId, runId).run, reason, this.#clock.now());
    }
    return task;
  }

  /**
   * Ends a task that has not ended; cancelling again is no change.
   * @throws QueueRefusal ResourceNotFound, or RequestConflict when it has ended by itself.
   */
  cancelTask(taskId: string): Task {
    const task = this.task(taskId);
    const run = lastRun(task);
    if (isOpen(run)) {
      this.#runs.except(task, run, 'canceled', this.#clock.now());
    } else if (run.reasonResolved !== 'canceled') {
      throw new QueueRefusal('RequestConflict', `task ${taskId} has ended`);
    }
    return task;
  }

  /** A copy of the counts now. */
  counts(taskQueueId: string): TaskCounts {
    this.#catchUp();
    const { pendingTasks = 0, claimedTasks = 0 } = this.#queues.get(taskQueueId) ?? {};
    return { pendingTasks, claimedTasks };
  }

  /** Every queue that was ever named. */
  queues(): readonly TaskQueue[] {
    this.#catchUp();
    return [...this.#queues.values()];
  }

  /** The workers of a queue; undefined if nobody ever named it. */
  workers(taskQueueId: string): WorkerRows | undefined {
    this.#catchUp();
    return this.#queues.get(taskQueueId)?.workers;
  }

  /**
   * What worker-removed and worker-stopped messages do: each run the worker holds ends as exception/worker-shutdown and
   * is repeated (spec/provisioning.md 1.8). Returns how many; a repeat, or a worker nobody saw, is 0.
   */
  workerGone(taskQueueId: string, worker: WorkerName): number {
    const now = this.#catchUp();
    const held = [...(this.#queues.get(taskQueueId)?.workers.find(worker, now)?.claimed ?? [])];
    for (const task of held) {
      this.#runs.except(task, lastRun(task), 'worker-shutdown', now);
    }
    return held.length;
  }

  #catchUp(): Date {
    const now = this.#clock.now();
    this.#runs.catchUp(now);
    return now;
  }

  #running(taskId: string, runId: number): { task: Task; run: RunStatus } {
    const task = this.task(taskId);
    const run = runOf(task, runId);
    if (run.state !== 'running') {
      throw new QueueRefusal('RequestConflict', `run ${runId} of task ${taskId} is ${run.state}`);
    }
    return { task, run };
  }

  #queue(taskQueueId: string): TaskQueue {
    let queue = this.#queues.get(taskQueueId);
    if (queue === undefined) {
      queue = {
        taskQueueId,
        backlog: new Backlog(),
        workers: new WorkerRows(taskQueueId),
        pendingTasks: 0,
        claimedTasks: 0,
      };
      this.#queues.set(taskQueueId, queue);
    }
    return queue;
  }
}
