import { randomUUID } from 'node:crypto';
import type { Store } from '#core/store.ts';
import type { TaskKind, TaskStatus, TaskStore } from '#core/task-store.ts';
import type { Clock } from '#core/clock.ts';
import { systemClock } from '#lib/clock.ts';
import type { SteppedClock } from '#lib/clock.ts';
import { Engine } from '#loops/engine.ts';
import type { Lanes, TaskHandler } from '#loops/engine.ts';

/** One run of a task, as the engine told of it. */
export interface Run {
  key: string;
  /** Null after success. */
  error: unknown;
}

export interface TestEngineOptions {
  clock?: Clock;
  concurrency?: number;
  leaseMs?: number;
  timeSliceMs?: number;
}

/** An engine under test, to be held with `await using`. */
export interface TestEngine extends AsyncDisposable {
  engine: Engine;
  owner: string;
  runs: Run[];
  troubles: unknown[];
}

/** An engine with these handlers, not yet started; stopped when it is disposed of, unless it is stopped already. */
export function anEngine(
  store: TaskStore,
  handlers: Partial<Record<TaskKind, TaskHandler>>,
  options: TestEngineOptions = {},
): TestEngine {
  const { clock = systemClock, concurrency = 4, leaseMs = 15_000, timeSliceMs = 60_000 } = options;
  const owner = randomUUID();
  const runs: Run[] = [];
  const troubles: unknown[] = [];
  const lanes: Lanes = Object.fromEntries(
    Object.entries(handlers).map(([kind, handler]) => [kind, { handler, concurrency }]),
  );
  const engine = new Engine({
    store,
    clock,
    owner,
    lanes,
    leaseMs,
    timeSliceMs,
    onRun: ({ key }, _durationMs, error) => runs.push({ key, error }),
    onTrouble: (error) => troubles.push(error),
  });
  return { engine, owner, runs, troubles, [Symbol.asyncDispose]: () => engine.stop() };
}

/** A promise that nothing keeps. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/**
 * The same store, behind connections that can fall silent. What its engine asks while they are frozen reaches the database when they are
 * thawed, and never when they are replaced.
 */
export function freezable(store: Store): { store: Store; freeze(): void; thaw(): void; replace(): void } {
  let thawed = Promise.resolve();
  let thaw = (): void => undefined;
  return {
    store: {
      ...store,
      lease: async (...call) => thawed.then(() => store.lease(...call)),
      nextDue: async (...call) => thawed.then(() => store.nextDue(...call)),
      heartbeat: async (...call) => thawed.then(() => store.heartbeat(...call)),
      complete: async (...call) => thawed.then(() => store.complete(...call)),
      releaseAll: async (...call) => thawed.then(() => store.releaseAll(...call)),
    },
    freeze: () => {
      ({ promise: thawed, resolve: thaw } = Promise.withResolvers<void>());
    },
    thaw: () => thaw(),
    replace: () => {
      thawed = Promise.resolve();
    },
  };
}

export async function statusOf(store: TaskStore, key: string): Promise<TaskStatus | undefined> {
  return (await store.taskStatuses()).find((status) => status.key === key);
}

/** Waits until something holds, looking again and again. @throws when it still does not after `limitMs` of real time. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 20_000,
  betweenMs = 5,
): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${limitMs} ms: ${what}`);
    await systemClock.sleep(betweenMs);
  }
}

/** Steps a clock on until something holds; between the steps there is real time for sockets. @returns how much of its time has passed. */
export async function stepUntil(
  clock: SteppedClock,
  what: string,
  holds: () => boolean | Promise<boolean>,
  stepMs = 100,
): Promise<number> {
  const startedAt = clock.now().getTime();
  await eventually(what, async () => {
    if (await holds()) return true;
    await clock.step(stepMs);
    return false;
  });
  return clock.now().getTime() - startedAt;
}
