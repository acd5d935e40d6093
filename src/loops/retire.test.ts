import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DemandSource } from '#core/demand.ts';
import { after, poolId, registered } from '#test/conformance/store/samples.ts';
import { aBusyPool, aLoopWorld, testingId, unaborted } from '#test/loop-world.ts';
import { provisionPool } from './provision.ts';
import { retirePool } from './retire.ts';

const silentQueue: DemandSource = {
  counts: async () => Promise.reject(new Error('the queue does not answer')),
  workerPage: async () => Promise.reject(new Error('the queue does not answer')),
  worker: async () => Promise.reject(new Error('the queue does not answer')),
};

// spec: P-53
test('a pool without running workers costs one statement, and the queue nothing', async (t) => {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 3 });
  await provisionPool(world.parts, poolId, unaborted);
  world.statements.length = 0;
  assert.deepEqual(await retirePool({ ...world.parts, demand: silentQueue }, poolId, unaborted), after(20_000));
  assert.equal(world.statements.length, 1);
  assert.deepEqual(await retirePool(world.parts, 'no-such/pool', unaborted), after(20_000));
});

// spec: provisioning 4.6, W38, P-38
test('advice is stored when it changes, and each reason is shown, the one nobody has as 0', async (t) => {
  const world = await aLoopWorld(t);
  const { parts, store, demand, numbers, statements } = world;
  await aBusyPool(world, { pendingTasks: 3 });
  await provisionPool(parts, poolId, unaborted);
  const { rows } = await store.workersPage({ workerPoolId: poolId }, { after: null, limit: 10 });
  for (const worker of rows) await registered(store, worker);
  demand.set(poolId, { pendingTasks: 0, claimedTasks: 1 });
  await retirePool(parts, poolId, unaborted);
  const advice = await Promise.all(rows.map(async (worker) => (await store.terminationAdvice(worker))?.decision));
  assert.equal(advice.filter((decision) => decision?.terminate === true).length, 2);
  const shown = [...numbers].filter(([name]) => name.startsWith('worker_manager_workers_to_terminate'));
  assert.ok(shown.some(([, count]) => count === 2) && shown.some(([, count]) => count === 0));
  assert.ok(shown.every(([name]) => name.includes(` ${poolId} ${testingId} `)));

  statements.length = 0;
  await retirePool(parts, poolId, unaborted);
  assert.ok(!statements.some((name) => name.includes('decision')), statements.join());
});
