import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, oneRequested, poolId } from '#test/conformance/store/samples.ts';
import { aBusyPool, aLoopWorld, testingId } from '#test/loop-world.ts';
import { expire, expiries, isExpiry } from './expire.ts';
import type { Expiry } from './expire.ts';

test('the names of expiries are told from other words', () => {
  assert.deepEqual(['workers', 'orders', 'toString', ''].map(isExpiry), [true, true, false, false]);
});

// spec: api 7.5, E63, E64, E65
test('each expiry takes what is its own when its time has come, and says how much', async (t) => {
  const world = await aLoopWorld(t);
  const { parts, store, clock, entries } = world;
  await aBusyPool(world, { pendingTasks: 0 });
  const worker = await oneRequested(store, { providerId: testingId });
  const incident = { kind: 'creation-error', title: 'No', description: 'no', extra: {}, launchConfigId: null };
  await store.recordProblem({ errorId: 'e1', workerPoolId: poolId, ...incident }, clock.now());
  const went = async (): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    // Workers go before the orders and launch configs that they refer to.
    for (const sort of ['errors', 'workers', 'orders', 'launch-configs', 'worker-pools'] as const) {
      counts[sort] = await expire(parts, sort);
    }
    return counts;
  };

  assert.deepEqual(await went(), { errors: 0, workers: 0, orders: 0, 'launch-configs': 0, 'worker-pools': 0 });
  await clock.step(8 * dayMs);
  assert.deepEqual(await went(), { errors: 1, workers: 0, orders: 0, 'launch-configs': 0, 'worker-pools': 0 });
  await store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], clock.now());
  await clock.step(60 * dayMs);
  assert.deepEqual(await went(), { errors: 0, workers: 1, orders: 1, 'launch-configs': 0, 'worker-pools': 0 });
  await store.deletePool(poolId, 'me', clock.now());
  await store.dropDrainedProviders(poolId, [testingId]);
  assert.deepEqual(await went(), { errors: 0, workers: 0, orders: 0, 'launch-configs': 2, 'worker-pools': 1 });
  assert.deepEqual(entries.at(-1), {
    type: 'expired',
    level: 'info',
    fields: { sort: 'worker-pools', count: 1 },
  });
});

test('an expiry without anything to do is no error', async (t) => {
  const { parts } = await aLoopWorld(t);
  for (const sort of Object.keys(expiries) as Expiry[]) assert.equal(await expire(parts, sort), 0);
});
