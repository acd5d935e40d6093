import type { Backlog } from './backlog.ts';
import { QueueRefusal } from './refusal.ts';
import type { RunStatus, TaskDefinition, TaskState, TaskStatus } from './wire.ts';
import type { WorkerRow, WorkerRows } from './worker-rows.ts';

/** A task and what became of it. */
export interface Task {
  readonly taskId: string;
  readonly definition: TaskDefinition;
  readonly queue: TaskQueue;
  readonly runs: RunStatus[];
  state: TaskState;
  retriesLeft: number;
  /** Who holds the running run. */
  claimant: WorkerRow | undefined;
}

/** One run that waits to be claimed. */
export interface WaitingRun {
  task: Task;
  run: RunStatus;
}

/** One task queue: what waits, how much of it, and who has asked. */
export interface TaskQueue {
  readonly taskQueueId: string;
  readonly backlog: Backlog<WaitingRun>;
  readonly workers: WorkerRows;
  pendingTasks: number;
  claimedTasks: number;
}

/** The status of a task as the API shows it. */
export function statusOf(task: Task): TaskStatus {
  const { definition } = task;
  return {
    taskId: task.taskId,
    provisionerId: definition.provisionerId,
    workerType: definition.workerType,
    taskQueueId: definition.taskQueueId,
    schedulerId: definition.schedulerId,
    projectId: definition.projectId,
    taskGroupId: definition.taskGroupId,
    deadline: definition.deadline,
    expires: definition.expires,
    retriesLeft: task.retriesLeft,
    state: task.state,
    runs: task.runs.map((run) => ({ ...run })),
  };
}

/** The last run of a task; there is always one. */
export function lastRun(task: Task): RunStatus {
  return runOf(task, task.runs.length - 1);
}

/**
 * A run by its number.
 * @throws QueueRefusal ResourceNotFound
 */
export function runOf(task: Task, runId: number): RunStatus {
  const run = task.runs[runId];
  if (run === undefined) {
    throw new QueueRefusal('ResourceNotFound', `task ${task.taskId} has no run ${runId}`);
  }
  return run;
}

/** True until a run has ended. */
export function isOpen(run: RunStatus): boolean {
  return run.state === 'pending' || run.state === 'running';
}
