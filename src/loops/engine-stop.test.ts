import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '#core/store.ts';
import type { LeasedTask } from '#core/task-store.ts';
import { SteppedClock } from '#lib/clock.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { anEngine, eventually, freezable, never, statusOf, stepUntil } from '#test/engines.ts';

const start = new Date('2026-03-04T12:00:00Z');
const at = (ms: number): Date => new Date(start.getTime() + ms);
const farMs = 3_600_000;

async function aTask(store: Store, key: string, due = start): Promise<void> {
  await store.ensureTasks([{ kind: 'provision', key }], due);
}

// spec: provisioning 2.1
test('failures in a row are tried again after 1, 2, 4, 8 seconds; a success makes it begin anew', async (t) => {
  const store = await openPostgresStore(t);
  const clock = new SteppedClock(start);
  await aTask(store, 'a');
  const outcomes = ['bad', 'bad', 'bad', 'bad', 'good', 'bad'];
  let runs = 0;
  const handler = async (): Promise<Date> => {
    runs += 1;
    if (outcomes[runs - 1] === 'bad') throw new Error('no');
    return new Date(clock.now().getTime() + 500);
  };
  const waits: number[] = [];
  const watched: Store = {
    ...store,
    complete: async (tasks, now) => {
      waits.push(...tasks.map(({ due }) => due.getTime() - now.getTime()));
      return store.complete(tasks, now);
    },
  };
  await using one = anEngine(watched, { provision: handler }, { clock });
  await one.engine.start();
  await stepUntil(clock, 'six runs', () => waits.length === outcomes.length, 500);
  await one.engine.stop();
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 500, 1_000]);
  assert.equal((await statusOf(store, 'a'))?.failures, 1);
});

// spec: provisioning 2.2
test('a stop waits for runs that end soon, and starts nothing more', async (t) => {
  const store = await openPostgresStore(t);
  const clock = new SteppedClock(start);
  for (const key of ['a', 'b']) await aTask(store, key);
  const finish = Promise.withResolvers<Date>();
  const started = Promise.withResolvers<void>();
  const handler = async (): Promise<Date> => {
    started.resolve();
    return finish.promise;
  };
  await using one = anEngine(store, { provision: handler }, { clock, concurrency: 1 });
  await one.engine.start();
  await started.promise;
  const stopped = one.engine.stop();
  await aTask(store, 'c');
  await clock.step(1_000);
  finish.resolve(at(farMs));
  await stopped;
  assert.deepEqual(one.runs, [{ key: 'a', error: null }]);
  const left = (await store.taskStatuses()).map(({ key, due, leaseOwner }) => [key, due, leaseOwner]);
  assert.deepEqual(left, [
    ['a', at(farMs), null],
    ['b', start, null],
    ['c', start, null],
  ]);
});

// spec: provisioning 2.2
test('a stop cuts what does not end, within ten seconds, and gives it back as if it had not been begun', async (t) => {
  const store = await openPostgresStore(t);
  const clock = new SteppedClock(start);
  for (const key of ['deaf', 'heeds']) await aTask(store, key);
  const signals = new Map<string, AbortSignal>();
  await using one = anEngine(
    store,
    {
      provision: async ({ key }, signal) => {
        signals.set(key, signal);
        if (key === 'heeds') await clock.sleep(farMs, signal);
        return never();
      },
    },
    { clock },
  );
  await one.engine.start();
  await eventually('both run', () => signals.size === 2);
  let isStopped = false;
  void one.engine.stop().then(() => (isStopped = true));
  assert.ok((await stepUntil(clock, 'the stop', () => isStopped)) < 10_000);
  assert.ok([...signals.values()].every(({ aborted }) => aborted));
  for (const key of ['deaf', 'heeds']) {
    const status = await statusOf(store, key);
    assert.deepEqual([status?.due, status?.leaseOwner, status?.failures, status?.lastError], [start, null, 0, null]);
  }
});

for (const [moment, isAsked] of [
  ['on their way to it', true],
  ['not yet asked for at the table', false],
] as const) {
  test(`tasks that are ${moment} when the engine stops are given back and not run`, async (t) => {
    const store = await openPostgresStore(t);
    await aTask(store, 'a');
    const asked = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const leased = Promise.withResolvers<readonly LeasedTask[]>();
    const slow: Store = {
      ...store,
      lease: async (...call) => {
        if (!isAsked) asked.resolve();
        if (!isAsked) await goOn.promise;
        leased.resolve(store.lease(...call));
        await leased.promise;
        asked.resolve();
        await goOn.promise;
        return leased.promise;
      },
    };
    let isRun = false;
    const handler = async (): Promise<Date> => {
      isRun = true;
      return at(farMs);
    };
    await using one = anEngine(slow, { provision: handler });
    await one.engine.start();
    await asked.promise;
    const stopped = one.engine.stop();
    // Long enough to give everything back, if that did not wait.
    for (let turn = 0; turn < 20; turn += 1) await store.ping();
    goOn.resolve();
    await stopped;
    assert.equal((await leased.promise).length, 1);
    assert.deepEqual([isRun, one.troubles], [false, []]);
    const status = await statusOf(store, 'a');
    assert.deepEqual([status?.due, status?.leaseOwner], [start, null]);
  });
}

test('a stop ends within ten seconds also when the database has fallen silent', async (t) => {
  const store = await openPostgresStore(t);
  const clock = new SteppedClock(start);
  for (const key of ['done in time', 'hangs']) await aTask(store, key);
  const connections = freezable(store);
  const finish = Promise.withResolvers<Date>();
  let runs = 0;
  const handler = async ({ key }: LeasedTask): Promise<Date> => {
    runs += 1;
    return key === 'hangs' ? never() : finish.promise;
  };
  await using one = anEngine(connections.store, { provision: handler }, { clock });
  await one.engine.start();
  await eventually('both run', () => runs === 2);
  connections.freeze();
  finish.resolve(at(farMs));
  let isStopped = false;
  void one.engine.stop().then(() => (isStopped = true));
  assert.ok((await stepUntil(clock, 'the stop', () => isStopped)) <= 10_000);
  connections.thaw();
});

test('a silent connection costs an engine no more than a lease: then it asks anew', async (t) => {
  const store = await openPostgresStore(t);
  const clock = new SteppedClock(start);
  await aTask(store, 'a');
  const connections = freezable(store);
  let runs = 0;
  const handler = async (): Promise<Date> => {
    runs += 1;
    if (runs === 1) connections.freeze();
    return new Date(clock.now().getTime() + farMs);
  };
  await using one = anEngine(connections.store, { provision: handler }, { clock, leaseMs: 500, concurrency: 1 });
  await one.engine.start();
  await eventually('it ran, and what came of it is never answered', () => runs === 1);
  assert.ok((await stepUntil(clock, 'it is given up', () => one.troubles.length > 0)) <= 700);
  connections.replace();
  await stepUntil(clock, 'it runs again', () => runs > 1);
});
