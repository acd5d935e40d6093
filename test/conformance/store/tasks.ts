import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeasedTask, TaskKey, TaskStatus } from '#core/task-store.ts';
import type { Store } from '#core/store.ts';
import { after, hourMs, minuteMs, now, only } from './samples.ts';
import type { OpenStore } from './samples.ts';

const leaseMs = 15_000;
const key = (name: string): TaskKey => ({ kind: 'provision', key: name });
const names = (tasks: readonly TaskKey[]): string[] => tasks.map((task) => task.key);

async function lease(
  store: Store,
  owner = 'me',
  limit = 10,
  at = now,
  forMs = leaseMs,
): Promise<readonly LeasedTask[]> {
  return store.lease(new Map([['provision', limit]]), owner, forMs, at);
}

async function statusOf(store: Store, name: string): Promise<TaskStatus | undefined> {
  return (await store.taskStatuses()).find((status) => status.key === name);
}

/** What every store promises of recurring tasks. */
export function taskPromises(open: OpenStore): void {
  test('tasks are made once, due as told, and left as they are when they exist', async (t) => {
    const store = await open(t);
    await store.ensureTasks([key('b'), key('a'), { kind: 'expire', key: 'workers' }], after(5));
    await store.ensureTasks([key('a'), key('c')], after(9));
    await store.ensureTasks([], now);
    assert.deepEqual(await store.taskKeys('provision'), ['a', 'b', 'c']);
    assert.deepEqual(await store.taskKeys('deliver'), []);
    assert.deepEqual(await statusOf(store, 'a'), {
      kind: 'provision',
      key: 'a',
      due: after(5),
      leaseOwner: null,
      failures: 0,
      lastError: null,
      lastStartedAt: null,
      lastCompletedAt: null,
    });
    assert.deepEqual((await statusOf(store, 'c'))?.due, after(9));
  });

  test('due tasks of the asked kinds are taken, longest due first, up to the limit, each by one', async (t) => {
    const store = await open(t);
    await store.ensureTasks([key('later')], after(3));
    await store.ensureTasks([key('soon')], after(1));
    await store.ensureTasks([key('future')], after(hourMs));
    await store.ensureTasks([{ kind: 'expire', key: 'workers' }], after(2));
    assert.deepEqual(await lease(store, 'me', 10, now), []);
    assert.deepEqual(names(await lease(store, 'me', 1, after(5))), ['soon']);
    const room = new Map([
      ['provision', 10],
      ['expire', 10],
    ] as const);
    assert.deepEqual(names(await store.lease(room, 'you', leaseMs, after(5))), ['workers', 'later']);
    assert.deepEqual(await lease(store, 'me', 10, after(5)), []);
    assert.equal((await statusOf(store, 'later'))?.leaseOwner, 'you');
    assert.deepEqual((await statusOf(store, 'later'))?.lastStartedAt, after(5));
  });

  test('of each kind as many are taken as there is room for, longest due first', async (t) => {
    const store = await open(t);
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      await store.ensureTasks([key(name), { kind: 'expire', key: name }, { kind: 'deliver', key: name }], after(index));
    }
    const room = new Map([
      ['provision', 1],
      ['expire', 2],
    ] as const);
    const taken = await store.lease(room, 'me', leaseMs, after(5));
    assert.deepEqual(taken.map(({ kind, key: name }) => `${kind} ${name}`).toSorted(), [
      'expire a',
      'expire b',
      'provision a',
    ]);
    assert.deepEqual(await store.lease(new Map(), 'me', leaseMs, after(5)), []);
  });

  test('many who take at once never take one task twice, and together take all', async (t) => {
    const store = await open(t);
    await store.ensureTasks(
      Array.from({ length: 60 }, (_, index) => key(`t${index}`)),
      now,
    );
    const taken = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const mine: LeasedTask[] = [];
        for (let turn = 0; turn < 3; turn += 1) mine.push(...(await lease(store, `owner-${index}`, 2)));
        return mine;
      }),
    );
    const all = taken.flat();
    assert.equal(new Set(names(all)).size, all.length);
    const rest = await lease(store, 'last', 60);
    assert.equal(all.length + rest.length, 60);
  });

  test('a completed task is due when it says, and remembers how it went', async (t) => {
    const store = await open(t);
    await store.ensureTasks([key('a')], now);
    const first = only(await lease(store));
    assert.deepEqual([first.fence, first.due, first.failures], [1n, now, 0]);
    await store.complete([{ task: first, due: after(minuteMs), error: 'boom\0' }], after(1));
    assert.deepEqual(await lease(store), []);
    assert.deepEqual(await statusOf(store, 'a'), {
      kind: 'provision',
      key: 'a',
      due: after(minuteMs),
      leaseOwner: null,
      failures: 1,
      lastError: 'boom\uFFFD',
      lastStartedAt: now,
      lastCompletedAt: after(1),
    });
    const second = only(await lease(store, 'me', 1, after(minuteMs)));
    assert.deepEqual([second.fence, second.failures], [2n, 1]);
    const due = await store.complete([{ task: second, due: after(hourMs), error: null }], after(minuteMs));
    assert.deepEqual(due, after(hourMs));
    const status = await statusOf(store, 'a');
    assert.deepEqual([status?.failures, status?.lastError], [0, null]);
    assert.equal(await store.complete([], now), null);
  });

  test('a lease that has ended can be taken by another; the late completion of the first is refused', async (t) => {
    const store = await open(t);
    await store.ensureTasks([key('a')], now);
    const lost = only(await lease(store, 'dead', 1, now, 0));
    assert.equal((await statusOf(store, 'a'))?.leaseOwner, null);
    const taken = only(await lease(store, 'alive'));
    assert.ok(taken.fence > lost.fence);
    assert.deepEqual(await store.heartbeat('dead', [lost], leaseMs), [lost]);
    assert.equal(await store.complete([{ task: lost, due: after(hourMs), error: 'late' }], now), null);
    const status = await statusOf(store, 'a');
    assert.deepEqual([status?.leaseOwner, status?.due, status?.lastError], ['alive', now, null]);
    await store.complete([{ task: taken, due: after(minuteMs), error: null }], now);
    assert.deepEqual((await statusOf(store, 'a'))?.due, after(minuteMs));
    await store.complete([{ task: taken, due: after(hourMs), error: null }], now);
    assert.deepEqual((await statusOf(store, 'a'))?.due, after(minuteMs));
  });

  test('a lease that has ended but that nobody took can still be completed, and prolonged', async (t) => {
    const store = await open(t);
    await store.ensureTasks([key('a')], now);
    const task = only(await lease(store, 'me', 1, now, 0));
    assert.deepEqual(await store.heartbeat('me', [task], leaseMs), []);
    assert.deepEqual(await lease(store, 'other'), []);
    await store.complete([{ task, due: after(minuteMs), error: null }], now);
    assert.deepEqual((await statusOf(store, 'a'))?.due, after(minuteMs));
  });

  test('a heartbeat tells what is lost: taken by others, or dropped', async (t) => {
    const store = await open(t);
    await store.ensureTasks(['a', 'b', 'c'].map(key), now);
    const tasks = await lease(store, 'me', 3, now, 0);
    const [mine, dropped, taken] = tasks.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    assert.ok(mine && dropped && taken);
    await store.dropTasks([dropped]);
    assert.deepEqual(await store.heartbeat('me', [mine], leaseMs), []);
    assert.equal(only(await lease(store, 'other')).key, taken.key);
    assert.deepEqual(await store.heartbeat('me', [mine, dropped, taken], leaseMs), [dropped, taken]);
    assert.deepEqual(await store.heartbeat('me', [], leaseMs), []);
    assert.deepEqual(await store.heartbeat('stranger', [mine], leaseMs), [mine]);
  });

  test('a task woken while it runs is due at once afterwards, whatever its run says', async (t) => {
    const store = await open(t);
    await store.ensureTasks([key('a')], now);
    const task = only(await lease(store));
    await store.wake([key('a')], after(1));
    assert.deepEqual(await lease(store, 'other', 10, after(5)), []);
    assert.deepEqual(await store.complete([{ task, due: after(hourMs), error: null }], after(2)), after(2));
    assert.deepEqual((await statusOf(store, 'a'))?.due, after(2));
    const again = only(await lease(store, 'me', 1, after(2)));
    await store.complete([{ task: again, due: after(hourMs), error: null }], after(3));
    assert.deepEqual((await statusOf(store, 'a'))?.due, after(hourMs));
  });

  test('a wake makes a task due now, creating it if need be, and never later', async (t) => {
    const store = await open(t);
    await store.ensureTasks([key('early')], now);
    await store.ensureTasks([key('late')], after(hourMs));
    await store.wake([key('early'), key('late'), key('new')], after(1));
    await store.wake([], now);
    const dues = (await store.taskStatuses()).map(({ key: name, due }) => [name, due]);
    assert.deepEqual(dues, [
      ['early', now],
      ['late', after(1)],
      ['new', after(1)],
    ]);
    // It did not run, so nothing is left to make up for.
    const late = (await lease(store, 'me', 9, after(1))).find((task) => task.key === 'late');
    assert.ok(late);
    await store.complete([{ task: late, due: after(hourMs), error: null }], after(2));
    assert.deepEqual((await statusOf(store, 'late'))?.due, after(hourMs));
  });

  test('wakes at once from everywhere neither fail nor get lost', async (t) => {
    const store = await open(t);
    const keys = ['a', 'b', 'c'].map(key);
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => store.wake(index % 2 === 0 ? keys : keys.toReversed(), now)),
    );
    assert.deepEqual(names(await lease(store)).toSorted(), ['a', 'b', 'c']);
  });

  test('who stops gives everything back, due as before', async (t) => {
    const store = await open(t);
    await store.ensureTasks(['a', 'b'].map(key), now);
    await lease(store, 'me', 1);
    const other = only(await lease(store, 'other', 1));
    await store.releaseAll('me');
    const statuses = await store.taskStatuses();
    assert.deepEqual(
      statuses.map(({ key: name, leaseOwner }) => [name, leaseOwner]),
      ['a', 'b'].map((name) => [name, name === other.key ? 'other' : null]),
    );
    assert.notEqual(only(await lease(store, 'third')).key, other.key);
  });

  test('the next due task is told, without those that somebody holds', async (t) => {
    const store = await open(t);
    assert.equal(await store.nextDue(['provision']), null);
    await store.ensureTasks([key('a')], after(1));
    await store.ensureTasks([key('b')], after(2));
    await store.ensureTasks([{ kind: 'expire', key: 'workers' }], now);
    assert.deepEqual(await store.nextDue(['provision']), after(1));
    assert.deepEqual(await store.nextDue(['provision', 'expire']), now);
    const [task] = await lease(store, 'me', 1, after(1));
    assert.deepEqual(await store.nextDue(['provision']), after(2));
    assert.ok(task);
    await store.complete([{ task, due: after(hourMs), error: null }], now);
    assert.deepEqual(await store.nextDue(['provision']), after(2));
    assert.equal(await store.nextDue(['deliver']), null);
    assert.equal(await store.nextDue([]), null);
  });

  test('a dropped task is gone; its run finishes into nothing', async (t) => {
    const store = await open(t);
    await store.ensureTasks(['a', 'b'].map(key), now);
    const [task] = await lease(store, 'me', 1);
    assert.ok(task);
    await store.dropTasks([task, key('no-such')]);
    await store.complete([{ task, due: now, error: null }], now);
    assert.equal((await store.taskKeys('provision')).length, 1);
  });

  test('who listens is called for woken, new and given back tasks, until it ends listening', async (t) => {
    const store = await open(t);
    let calls = 0;
    let heard: () => void = () => undefined;
    const next = async (cause: () => Promise<void>): Promise<void> => {
      const call = new Promise<void>((resolve) => {
        heard = resolve;
      });
      await cause();
      await call;
    };
    const end = await store.onWake(() => {
      calls += 1;
      heard();
    });
    const endOther = await store.onWake(() => undefined);
    await next(async () => store.ensureTasks([key('a')], now));
    await next(async () => store.wake([key('a')], now));
    await lease(store, 'me');
    await next(async () => store.releaseAll('me'));
    assert.equal(calls, 3);
    // Nothing new, nothing given back: nobody is called. What follows is heard after it.
    await store.ensureTasks([key('a')], now);
    await store.releaseAll('me');
    await next(async () => store.wake([key('a')], now));
    assert.equal(calls, 4);
    await end();
    await endOther();
    const again = await store.onWake(() => heard());
    await next(async () => store.wake([key('a')], now));
    assert.equal(calls, 4);
    await again();
  });
}
