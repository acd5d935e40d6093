import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import type { Store } from '#core/store.ts';
import type { TaskKind } from '#core/task-store.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { systemClock } from '#lib/clock.ts';
import { openStore } from '#store/postgres.ts';
import { openPostgres, openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { runOn, urlOfDatabase } from '#test/database-server.ts';
import { anEngine, eventually, freezable, never, statusOf } from '#test/engines.ts';
import type { TestEngine } from '#test/engines.ts';
import { retryAfterMs } from './engine.ts';

const farMs = 3_600_000;
const inMs = (ms: number): Date => new Date(systemClock.now().getTime() + ms);
const later = async (): Promise<Date> => inMs(farMs);

async function aTask(store: Store, key: string, due = inMs(-1), kind: TaskKind = 'provision'): Promise<void> {
  await store.ensureTasks([{ kind, key }], due);
}

/** Another process's way to the same database. */
async function anotherStore(t: TestContext, url: string): Promise<Store> {
  const store = await openStore({ url });
  t.after(() => store.close());
  return store;
}

// spec: provisioning 2.1
describe('whose turn it is', () => {
  // spec: P-31, P-41
  test('a task has one holder at a time, however many engines take, and all engines share the work', async (t) => {
    const { store, url } = await openPostgres(t);
    const stores = [store, await anotherStore(t, url)];
    const keys = Array.from({ length: 12 }, (_, index) => `pool-${index}`);
    await store.ensureTasks(
      keys.map((key) => ({ kind: 'provision', key }) as const),
      inMs(-1),
    );
    const held = new Map<string, number>();
    let most = 0;
    await using stack = new AsyncDisposableStack();
    const engines = Array.from({ length: 4 }, (_, index): TestEngine =>
      stack.use(
        anEngine(stores[index % 2] ?? store, {
          provision: async ({ key }) => {
            held.set(key, (held.get(key) ?? 0) + 1);
            most = Math.max(most, held.get(key) ?? 0);
            await store.ping();
            held.set(key, (held.get(key) ?? 0) - 1);
            return systemClock.now();
          },
        }),
      ),
    );
    await Promise.all(engines.map(({ engine }) => engine.start()));
    await eventually('each has run 25', () => engines.every(({ runs }) => runs.length >= 25));
    await Promise.all(engines.map(({ engine }) => engine.stop()));
    assert.equal(most, 1);
    assert.deepEqual(
      engines.flatMap(({ troubles }) => troubles),
      [],
    );
    const statuses = await store.taskStatuses();
    assert.ok(statuses.every(({ lastCompletedAt, leaseOwner }) => lastCompletedAt !== null && leaseOwner === null));
  });

  // spec: P-05
  test('what is due longest comes first, and nothing before it is due', async (t) => {
    const store = await openPostgresStore(t);
    const soon = inMs(400);
    await aTask(store, 'soon', soon);
    await aTask(store, 'c', inMs(-1_000));
    await aTask(store, 'a', inMs(-3_000));
    await aTask(store, 'b', inMs(-2_000));
    const started: { key: string; at: Date }[] = [];
    const handler = async ({ key }: { key: string }): Promise<Date> => {
      started.push({ key, at: systemClock.now() });
      return later();
    };
    await using one = anEngine(store, { provision: handler }, { concurrency: 1 });
    await one.engine.start();
    await eventually('all four have run', () => started.length === 4);
    assert.deepEqual(
      started.map(({ key }) => key),
      ['a', 'b', 'c', 'soon'],
    );
    assert.ok(started[3]!.at >= soon);
  });

  test('a wake-up from another process starts a task at once', async (t) => {
    const { store, url } = await openPostgres(t);
    const other = await anotherStore(t, url);
    await aTask(store, 'waits', inMs(farMs));
    await using one = anEngine(store, { provision: later });
    await one.engine.start();
    await aTask(store, 'first');
    await eventually('the engine is at work', () => one.runs.length === 1);
    for (let round = 2; round <= 6; round += 1) {
      const wokenAt = systemClock.now().getTime();
      await other.wake([{ kind: 'provision', key: 'waits' }], systemClock.now());
      await eventually('it ran', () => one.runs.length === round);
      // By itself it would look again after two seconds.
      assert.ok(systemClock.now().getTime() - wokenAt < 1_000);
    }
  });

  test('runs that end leave the table in peace: it is asked when something is due', async (t) => {
    const store = await openPostgresStore(t);
    for (let index = 0; index < 12; index += 1) await aTask(store, `pool-${index}`);
    let asked = 0;
    const counted: Store = {
      ...store,
      lease: async (...call) => {
        asked += 1;
        return store.lease(...call);
      },
    };
    const soon = inMs(1_000);
    let handled = 0;
    const handler = async (): Promise<Date> => {
      handled += 1;
      await systemClock.sleep(5 * handled);
      return handled <= 12 ? soon : later();
    };
    await using one = anEngine(counted, { provision: handler, retire: later }, { concurrency: 16 });
    await one.engine.start();
    await eventually('each ran twice', () => one.runs.length === 24);
    assert.ok(asked <= 4, `asked ${asked} times`);
  });

  test('a task woken while it runs, runs again as soon as it has ended', async (t) => {
    const store = await openPostgresStore(t);
    await aTask(store, 'a');
    let runs = 0;
    const handler = async (): Promise<Date> => {
      runs += 1;
      if (runs === 1) await store.wake([{ kind: 'provision', key: 'a' }], systemClock.now());
      return later();
    };
    await using one = anEngine(store, { provision: handler });
    await one.engine.start();
    await eventually('it ran twice', () => runs === 2);
  });
});

describe('one task’s trouble is its own', () => {
  // spec: provisioning 2.1, P-05, P-07
  test('a handler that hangs is cut at its time slice, and meanwhile holds up no other lane', async (t) => {
    const store = await openPostgresStore(t);
    await aTask(store, 'hangs', inMs(-2));
    await aTask(store, 'behind it', inMs(-1));
    await aTask(store, 'beside it', inMs(-1), 'retire');
    let cut: AbortSignal | undefined;
    await using one = anEngine(
      store,
      {
        provision: async ({ key }, signal) => {
          if (key !== 'hangs') return later();
          cut = signal;
          return never();
        },
        retire: later,
      },
      { concurrency: 1, timeSliceMs: 300 },
    );
    await one.engine.start();
    await eventually('all have run', () => one.runs.length === 3);
    assert.deepEqual(
      one.runs.map(({ key }) => key),
      ['beside it', 'hangs', 'behind it'],
    );
    assert.ok(one.runs[1]!.error instanceof DeadlineExceeded);
    assert.ok(cut?.reason instanceof DeadlineExceeded);
    const status = await statusOf(store, 'hangs');
    assert.deepEqual(
      [status?.leaseOwner, status?.failures, status?.lastError],
      [null, 1, 'DeadlineExceeded: not done within 300 ms'],
    );
  });

  // spec: P-06
  test('whatever a handler throws is a failure of its task and of nothing else', async (t) => {
    const store = await openPostgresStore(t);
    for (const key of ['rejects', 'throws', 'text', 'good']) await aTask(store, key);
    await using one = anEngine(store, {
      provision: ({ key }) => {
        if (key === 'throws') throw new TypeError('at once');
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- this is the case to be shown
        if (key === 'text') return Promise.reject('no error at all');
        return key === 'good' ? later() : Promise.reject(new RangeError('later'));
      },
    });
    await one.engine.start();
    await eventually('all have run', () => one.runs.length === 4);
    await one.engine.stop();
    const errors = (await store.taskStatuses()).map(({ key, failures, lastError }) => [key, failures, lastError]);
    assert.deepEqual(errors, [
      ['good', 0, null],
      ['rejects', 1, 'RangeError: later'],
      ['text', 1, 'no error at all'],
      ['throws', 1, 'TypeError: at once'],
    ]);
  });

  test('the back-off doubles from a second to a minute', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map(retryAfterMs),
      [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000],
    );
    fc.assert(
      fc.property(fc.nat(10_000), (failures) => {
        assert.ok(retryAfterMs(failures + 1) >= retryAfterMs(failures) && retryAfterMs(failures) <= 60_000);
      }),
    );
  });
});

describe('leases', { concurrency: true }, () => {
  const leaseMs = 600;

  test('a task that takes many times its lease stays with its holder', async (t) => {
    const store = await openPostgresStore(t);
    await aTask(store, 'long');
    const handler = async (): Promise<Date> => {
      await systemClock.sleep(3 * leaseMs);
      return inMs(farMs);
    };
    await using stack = new AsyncDisposableStack();
    const engines = [0, 1].map(() => stack.use(anEngine(store, { provision: handler }, { leaseMs })));
    await Promise.all(engines.map(({ engine }) => engine.start()));
    await eventually('it is done', async () => (await statusOf(store, 'long'))?.lastCompletedAt !== null);
    assert.deepEqual(
      engines.flatMap(({ runs }) => runs),
      [{ key: 'long', error: null }],
    );
  });

  test('a dead engine’s task is taken over after its lease, not before; should it come back, it hears that it lost the task', async (t) => {
    const store = await openPostgresStore(t);
    await aTask(store, 'a');
    const connections = freezable(store);
    let lost: AbortSignal | undefined;
    await using dead = anEngine(
      connections.store,
      {
        provision: async (_task, signal) => {
          lost = signal;
          return never();
        },
      },
      { leaseMs },
    );
    await dead.engine.start();
    await eventually('it holds the task', () => lost !== undefined);
    connections.freeze();
    const { owner } = dead;
    assert.equal((await statusOf(store, 'a'))?.leaseOwner, owner);
    let takenAt = 0;
    await using heir = anEngine(
      store,
      {
        provision: async () => {
          takenAt = systemClock.now().getTime();
          return later();
        },
      },
      { leaseMs },
    );
    const startedAt = systemClock.now().getTime();
    await heir.engine.start();
    await eventually('it is taken over', () => takenAt > 0);
    // The lease was last prolonged a third of it ago at most; an engine at rest looks every two seconds.
    assert.ok(takenAt - startedAt > leaseMs / 2 && takenAt - startedAt < leaseMs + 2_500, `${takenAt - startedAt}`);
    await eventually('it is done', async () => (await statusOf(store, 'a'))?.leaseOwner === null);
    const done = await statusOf(store, 'a');

    connections.thaw();
    await eventually('it is told', () => lost?.aborted === true);
    assert.match(String(lost?.reason), /the lease was lost/);
    await eventually('its run is over', () => dead.runs.length === 1);
    await dead.engine.stop();
    assert.deepEqual(await statusOf(store, 'a'), done, 'the late end of its run changes nothing');
  });
});

test('an outage of the database is survived: what ended meanwhile is done again, and wake-ups arrive as before', async (t) => {
  const { store, url } = await openPostgres(t);
  const database = new URL(url).pathname.slice(1);
  const server = urlOfDatabase(url, 'postgres');
  await aTask(store, 'across', inMs(-1));
  const finish = Promise.withResolvers<Date>();
  await using one = anEngine(store, { provision: async () => finish.promise, retire: later }, { leaseMs: 600 });
  await one.engine.start();
  await eventually('it runs', async () => (await statusOf(store, 'across'))?.leaseOwner === one.owner);
  await runOn(server, `alter database ${database} allow_connections false`);
  try {
    await runOn(server, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`);
    finish.resolve(inMs(farMs));
    await eventually('it is noticed', () => one.runs.length === 1 && one.troubles.length >= 2);
  } finally {
    await runOn(server, `alter database ${database} allow_connections true`);
  }
  await eventually('it is done again', () => one.runs.length === 2);
  await eventually('and stored', async () => (await statusOf(store, 'across'))?.lastCompletedAt !== null);
  await store.wake([{ kind: 'retire', key: 'woken' }], systemClock.now());
  await eventually('the woken one ran', () => one.runs.length === 3);
  assert.deepEqual(
    one.runs.map(({ error }) => error),
    [null, null, null],
  );
});
