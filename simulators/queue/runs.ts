import type { Task, WaitingRun } from './task.ts';
import { Agenda } from './agenda.ts';
import { isOpen, lastRun } from './task.ts';
import { noteTask } from './worker-rows.ts';
import type { WorkerRow } from './worker-rows.ts';
import type { ReasonResolved, RunStatus } from './wire.ts';

/** How long a claim holds unless it is renewed: the queue's claim timeout (spec/provisioning.md 1.3). */
const claimTimeoutMs = 20 * 60_000;

/** A run that a worker holds. */
export interface Claim {
  task: Task;
  run: RunStatus;
  takenUntil: Date;
}

/** What has happened since the start. */
export interface TaskTotals {
  created: number;
  /** Runs claimed; a retried task counts again. */
  claimed: number;
  completed: number;
  failed: number;
  /** Runs that ended as exception, by reason; a retried task counts again. */
  exceptions: Partial<Record<ReasonResolved, number>>;
}

type Appointment =
  | { kind: 'claim-expires'; task: Task; run: RunStatus }
  | { kind: 'deadline'; task: Task }
  | { kind: 'expires'; task: Task };

/** Reasons that are no fault of the task: the run is repeated while retries are left. */
const retryReasons: ReadonlySet<ReasonResolved> = new Set(['worker-shutdown', 'claim-expired', 'intermittent-task']);

/** The moves of runs: waiting, running, ended and perhaps repeated; and what time alone does to them. */
export class Runs {
  readonly totals: TaskTotals = { created: 0, claimed: 0, completed: 0, failed: 0, exceptions: {} };
  readonly #agenda = new Agenda<Appointment>();
  readonly #forget: (task: Task) => void;

  /** `forget` is told each task whose expiry has come. */
  constructor(forget: (task: Task) => void) {
    this.#forget = forget;
  }

  /** Begins a new task: its first run waits. */
  begin(task: Task, now: Date): void {
    this.#schedule(task, 'scheduled', now);
    this.#agenda.add(Date.parse(task.definition.deadline), { kind: 'deadline', task });
    this.#agenda.add(Date.parse(task.definition.expires), { kind: 'expires', task });
    this.totals.created += 1;
  }

  /** waiting → running */
  start({ task, run }: WaitingRun, row: WorkerRow, now: Date): Claim {
    run.state = task.state = 'running';
    run.workerGroup = row.workerGroup;
    run.workerId = row.workerId;
    run.started = now.toISOString();
    task.claimant = row;
    task.queue.pendingTasks -= 1;
    task.queue.claimedTasks += 1;
    noteTask(row, task, run.runId);
    this.totals.claimed += 1;
    return this.hold(task, run, now);
  }

  /** Holds a running run for another claim timeout. */
  hold(task: Task, run: RunStatus, now: Date): Claim {
    const takenUntil = new Date(now.getTime() + claimTimeoutMs);
    run.takenUntil = takenUntil.toISOString();
    this.#agenda.add(takenUntil.getTime(), { kind: 'claim-expires', task, run });
    return { task, run, takenUntil };
  }

  /** running → completed or failed */
  resolve(task: Task, run: RunStatus, outcome: 'completed' | 'failed', at: Date): void {
    this.#end(task, run, outcome, outcome, at);
    this.totals[outcome] += 1;
  }

  /** waiting or running → exception, and a new run if the reason is no fault of the task and retries are left */
  except(task: Task, run: RunStatus, reason: ReasonResolved, at: Date): void {
    this.#end(task, run, 'exception', reason, at);
    this.totals.exceptions[reason] = (this.totals.exceptions[reason] ?? 0) + 1;
    if (retryReasons.has(reason) && task.retriesLeft > 0) {
      task.retriesLeft -= 1;
      this.#schedule(task, reason === 'intermittent-task' ? 'task-retry' : 'retry', at);
    }
  }

  /** Does what became due up to `now`, each thing at its own instant. */
  catchUp(now: Date): void {
    const nowMs = now.getTime();
    for (let due = this.#agenda.takeDue(nowMs); due !== undefined; due = this.#agenda.takeDue(nowMs)) {
      this.#keep(due.item, new Date(due.atMs));
    }
  }

  #keep(appointment: Appointment, at: Date): void {
    const { kind, task } = appointment;
    if (kind === 'claim-expires') {
      const { run } = appointment;
      // A renewed claim has another appointment.
      if (run.state === 'running' && run.takenUntil === at.toISOString()) {
        this.except(task, run, 'claim-expired', at);
      }
    } else if (kind === 'expires') {
      this.#forget(task);
    } else if (isOpen(lastRun(task))) {
      this.except(task, lastRun(task), 'deadline-exceeded', at);
    }
  }

  #schedule(task: Task, reasonCreated: RunStatus['reasonCreated'], now: Date): void {
    const run: RunStatus = { runId: task.runs.length, state: 'pending', reasonCreated, scheduled: now.toISOString() };
    task.runs.push(run);
    task.state = 'pending';
    task.queue.backlog.add(task.definition.priority, { task, run });
    task.queue.pendingTasks += 1;
  }

  #end(
    task: Task,
    run: RunStatus,
    state: 'completed' | 'failed' | 'exception',
    reason: ReasonResolved,
    at: Date,
  ): void {
    task.queue[run.state === 'running' ? 'claimedTasks' : 'pendingTasks'] -= 1;
    run.state = task.state = state;
    run.reasonResolved = reason;
    run.resolved = at.toISOString();
    task.claimant?.claimed.delete(task);
    task.claimant = undefined;
  }
}
