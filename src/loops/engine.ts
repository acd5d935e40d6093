import type { Clock } from '#core/clock.ts';
import type { LeasedTask, TaskKind, TaskStore } from '#core/task-store.ts';
import { withDeadline } from '#lib/deadline.ts';

/**
 * One run of a task. Resolves with the time of its next run. Must stop soon after the signal is aborted; whatever it did until then stays
 * done, so every handler can be cut at any await.
 */
export type TaskHandler = (task: LeasedTask, signal: AbortSignal) => Promise<Date>;

/** The kinds a process works on, how, and how many at once of each: one kind's trouble takes no place from another's. */
export type Lanes = Partial<Record<TaskKind, { handler: TaskHandler; concurrency: number }>>;

export interface EngineParts {
  store: TaskStore;
  clock: Clock;
  /** Names this process among all that share the table; unique for each start. */
  owner: string;
  lanes: Lanes;
  leaseMs: number;
  timeSliceMs: number;
  /** Called for every run, also failed ones; `error` is null after success. */
  onRun: (task: LeasedTask, durationMs: number, error: unknown) => void;
  /** The engine's own trouble (the database is away): it goes on by itself. */
  onTrouble: (error: unknown) => void;
}

interface Running {
  task: LeasedTask;
  abort: AbortController;
  done: Promise<void>;
}

/** The longest rest without asking the table: finds what a dead process held even if no wake-up comes. */
const longestRestMs = 2_000;
/** The shortest rest unless somebody wakes us: what becomes due in it is taken together, with one question. */
const shortestRestMs = 50;
/** How long running tasks may finish by themselves at a stop, how long after their abort, and how long giving back may take: under 10 s in all. */
const gentleStopMs = 4_000;
const abortedStopMs = 3_000;
const giveBackMs = 2_000;
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/** When a task that failed `failures` times in a row is tried again: 1, 2, 4 … 60 s. */
export function retryAfterMs(failures: number): number {
  return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures, 16));
}

/** Takes due tasks from the shared table and runs them, as many at once as their lanes allow, until stopped. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #running = new Map<TaskKind, Set<Running>>();
  readonly #stopping = new AbortController();
  readonly #ended = new AbortController();
  #wake: () => void = () => undefined;
  #isWoken = false;
  /** When the table is asked again, in milliseconds since the epoch. */
  #restsUntil = 0;
  #unsubscribe: () => Promise<void> = () => Promise.resolve();
  #taking: Promise<void> = Promise.resolve();
  #beating: Promise<void> = Promise.resolve();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    for (const kind of this.#kinds()) this.#running.set(kind, new Set());
  }

  /** Begins; resolves when the first tasks may be running. */
  async start(): Promise<void> {
    this.#unsubscribe = await this.#parts.store.onWake(() => this.#stir());
    this.#taking = this.#takeLoop();
    this.#beating = this.#heartbeatLoop();
  }

  /** Ends within 10 s: no new tasks, time for the running ones to finish, then their abort; all leases are given back. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the engine stops'));
    this.#stir();
    // What is just being taken is waited for, too: else it would be taken after all was given back.
    const finished = Promise.all([this.#taking, ...this.#all().map((running) => running.done)]);
    if (!(await this.#endsWithin(finished, gentleStopMs))) {
      for (const running of this.#all()) running.abort.abort(new Error('the process stops'));
      await this.#endsWithin(finished, abortedStopMs);
    }
    this.#ended.abort(new Error('the engine has stopped'));
    await Promise.all([this.#taking, this.#beating]);
    await this.#giveBack();
  }

  /** What cannot be given back, because the database does not answer, is free when its lease ends. */
  async #giveBack(): Promise<void> {
    const { store, clock, owner, onTrouble } = this.#parts;
    const ends = Promise.all([this.#unsubscribe(), store.releaseAll(owner)]);
    await withDeadline({ clock, limitMs: giveBackMs }, async () => ends).catch(onTrouble);
  }

  /** Asks the store for no longer than a lease lasts: on a connection that has fallen silent an answer may be a quarter of an hour away. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { clock, leaseMs } = this.#parts;
    return withDeadline({ clock, limitMs: leaseMs, signals: [this.#ended.signal] }, question);
  }

  #tellTrouble(error: unknown): void {
    // After the end it is the end itself that cuts what is still asked.
    if (!this.#ended.signal.aborted) this.#parts.onTrouble(error);
  }

  #kinds(): TaskKind[] {
    return Object.keys(this.#parts.lanes) as TaskKind[];
  }

  #all(): Running[] {
    return [...this.#running.values()].flatMap((set) => [...set]);
  }

  #stir(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** A task is due then: no rest may last longer. */
  #expect(due: Date): void {
    if (due.getTime() >= this.#restsUntil) return;
    this.#restsUntil = due.getTime();
    this.#wake();
  }

  /** Rests until stirred, or until the time that is set meanwhile. */
  async #rest(): Promise<void> {
    const { clock } = this.#parts;
    const earliest = clock.now().getTime() + shortestRestMs;
    while (!this.#isWoken) {
      const leftMs = Math.max(earliest, this.#restsUntil) - clock.now().getTime();
      if (leftMs <= 0) return;
      const enough = new AbortController();
      this.#wake = () => enough.abort();
      await clock.sleep(leftMs, enough.signal).catch(() => undefined);
    }
  }

  async #endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
    const enough = new AbortController();
    const inTime = work.then(() => true);
    const late = this.#parts.clock.sleep(ms, enough.signal).then(
      () => false,
      () => false,
    );
    const result = await Promise.race([inTime, late]);
    enough.abort();
    return result;
  }

  async #takeLoop(): Promise<void> {
    const { store, clock } = this.#parts;
    while (!this.#stopping.signal.aborted) {
      this.#isWoken = false;
      this.#restsUntil = clock.now().getTime() + longestRestMs;
      try {
        const free = await this.#takeDue();
        const due = free.length === 0 ? null : await this.#ask(() => store.nextDue(free));
        if (due !== null) this.#expect(due);
      } catch (error) {
        this.#tellTrouble(error);
        this.#restsUntil = clock.now().getTime() + firstRetryMs;
      }
      await this.#rest();
    }
  }

  /** Fills every lane. Returns the kinds that still have room. */
  async #takeDue(): Promise<TaskKind[]> {
    const { store, clock, owner, leaseMs } = this.#parts;
    const room = this.#room();
    if (room.size === 0) return [];
    const tasks = await this.#ask(() => store.lease(room, owner, leaseMs, clock.now()));
    // Whoever stops the engine gives them back.
    if (this.#stopping.signal.aborted) return [];
    for (const task of tasks) this.#run(task);
    return [...this.#room().keys()];
  }

  /** How many more tasks of each kind may run; kinds without room are left out. */
  #room(): Map<TaskKind, number> {
    const room = new Map<TaskKind, number>();
    for (const [kind, running] of this.#running) {
      const places = (this.#parts.lanes[kind]?.concurrency ?? 0) - running.size;
      if (places > 0) room.set(kind, places);
    }
    return room;
  }

  #run(task: LeasedTask): void {
    const lane = this.#running.get(task.kind);
    const settings = this.#parts.lanes[task.kind];
    if (lane === undefined || settings === undefined) return;
    const running: Running = { task, abort: new AbortController(), done: Promise.resolve() };
    running.done = this.#carryOut(running, settings.handler).then((due) => {
      const wasFull = lane.size >= settings.concurrency;
      lane.delete(running);
      // Others may wait for the place, or the task itself, in a way that we do not know.
      if (wasFull || due === null) this.#stir();
      else this.#expect(due);
    });
    lane.add(running);
  }

  /** @returns when the task is due again; null: not known. */
  async #carryOut({ task, abort }: Running, handler: TaskHandler): Promise<Date | null> {
    const { store, clock, timeSliceMs, onRun } = this.#parts;
    const startedAt = clock.now().getTime();
    let due: Date;
    let failure: unknown = null;
    try {
      due = await withDeadline({ clock, limitMs: timeSliceMs, signals: [abort.signal] }, (signal) =>
        handler(task, signal),
      );
    } catch (error) {
      failure = error;
      due = new Date(clock.now().getTime() + retryAfterMs(task.failures));
    }
    onRun(task, clock.now().getTime() - startedAt, failure);
    // Cut by a stop, which gives it back as it was, or by the loss of its lease, so that another has it: not its own failure.
    if (failure !== null && abort.signal.aborted) return null;
    const error = failure === null ? null : messageOf(failure);
    return this.#ask(() => store.complete([{ task, due, error }], clock.now())).catch((trouble: unknown) => {
      this.#tellTrouble(trouble);
      return null;
    });
  }

  async #heartbeatLoop(): Promise<void> {
    const { store, clock, owner, leaseMs } = this.#parts;
    const ended = this.#ended.signal;
    while (!ended.aborted) {
      await clock.sleep(leaseMs / 3, ended).catch(() => undefined);
      const running = this.#all();
      if (running.length === 0) continue;
      const tasks = running.map((entry) => entry.task);
      const lost = await this.#ask(() => store.heartbeat(owner, tasks, leaseMs)).catch((error: unknown) => {
        this.#tellTrouble(error);
        return [];
      });
      for (const { task, abort } of running) {
        if (lost.some((other) => other.kind === task.kind && other.key === task.key)) {
          abort.abort(new Error('the lease was lost'));
        }
      }
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
