import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPool, now, poolId } from '#test/conformance/store/samples.ts';
import { aLoopWorld, testingId, testingKey, unaborted } from '#test/loop-world.ts';
import { keepTasks } from './keep-tasks.ts';
import { lanesFor } from './lanes.ts';
import { provisionPool } from './provision.ts';

const jobs = ['errors', 'launch-configs', 'orders', 'worker-pools', 'workers'];

test('each job, pool and scope gets its tasks, due at once, and keeps them as they are', async (t) => {
  const { parts, store, clock } = await aLoopWorld(t);
  await aPool(store, { providerId: testingId });
  await keepTasks(parts);
  const statuses = await store.taskStatuses();
  assert.deepEqual(
    statuses.map(({ kind, key }) => `${kind} ${key}`),
    [
      `advance ${testingKey}`,
      'deliver outbox',
      ...jobs.map((job) => `expire ${job}`),
      'notify mail',
      `observe ${testingKey}`,
      `provision ${poolId}`,
      `retire ${poolId}`,
      'settle orders',
    ],
  );
  assert.ok(statuses.every(({ due }) => due.getTime() === now.getTime()));
  await clock.step(30_000);
  await keepTasks(parts);
  assert.deepEqual(await store.taskStatuses(), statuses);
});

// spec: provisioning 4.1, E68, W36, P-32
test('a provider that is not usable gets its tasks when it is', async (t) => {
  const { parts, store, setUnavailable } = await aLoopWorld(t);
  setUnavailable('no credentials');
  await keepTasks(parts);
  assert.deepEqual(await store.taskKeys('observe'), []);
  setUnavailable(null);
  await keepTasks(parts);
  assert.deepEqual(await store.taskKeys('observe'), [testingKey]);
  assert.deepEqual(await store.taskKeys('advance'), [testingKey]);
});

test('the tasks of a pool that no longer exists are dropped at their next turn', async (t) => {
  const { parts, store } = await aLoopWorld(t);
  await store.ensureTasks(
    [
      { kind: 'provision', key: 'gone/pool' },
      { kind: 'retire', key: 'gone/pool' },
    ],
    now,
  );
  await provisionPool(parts, 'gone/pool', unaborted);
  assert.deepEqual(await store.taskStatuses(), []);
});

test('there is a lane for every kind of task that is kept, and each runs on what is kept', async (t) => {
  const { parts, store } = await aLoopWorld(t);
  await aPool(store, { providerId: testingId });
  await keepTasks(parts);
  const tasks = await store.taskStatuses();
  const outward = {
    sink: { publish: () => Promise.resolve(), close: () => Promise.resolve() },
    mailer: { send: () => Promise.resolve(), close: () => Promise.resolve() },
  };
  const lanes = lanesFor(new Set(tasks.map(({ kind }) => kind)), parts, outward, { settle: 3 });
  assert.equal(lanes.settle?.concurrency, 3);
  for (const { kind, key } of tasks) {
    const due = await lanes[kind]?.handler({ kind, key, fence: 1n, due: now, failures: 0 }, unaborted);
    assert.ok(due !== undefined && due > now, `${kind} ${key} comes again`);
  }
});
