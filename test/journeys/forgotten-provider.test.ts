// spec: api 7.1, W37, provisioning 9.4
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { provisionPool } from '#loops/provision.ts';
import { only, oneRequested, poolId, poolInput } from '#test/conformance/store/samples.ts';
import { aBusyPool, aLoopWorld, testingId, unaborted } from '#test/loop-world.ts';
import type { LoopWorld } from '#test/loop-world.ts';

const forgotten = 'forgotten-1';

/** A pool with one worker of a provider that is not in the configuration any more, moved to one that is. */
async function aMovedPool(t: TestContext) {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 0 });
  const { config } = only((await world.store.poolsPage({ after: null, limit: 1 })).rows);
  await world.store.updatePool(poolInput({ providerId: forgotten, config: { ...config } }), 'me', world.clock.now());
  const worker = await oneRequested(world.store, { providerId: forgotten });
  await world.store.updatePool(poolInput({ providerId: testingId }), 'me', world.clock.now());
  return { world, worker };
}

async function previousProviders({ store }: LoopWorld): Promise<readonly string[] | undefined> {
  return (await store.pool(poolId))?.previousProviderIds;
}

test('a former provider that is not configured any more is forgotten once no worker refers to it, and not before', async (t) => {
  const { world, worker } = await aMovedPool(t);
  assert.deepEqual(await previousProviders(world), [forgotten]);
  await provisionPool(world.parts, poolId, unaborted);
  assert.deepEqual(await previousProviders(world), [forgotten], 'a machine of it may be alive');
  await world.store.moveWorkers([{ worker, move: 'stop', reason: 'ended by hand' }], world.clock.now());
  await provisionPool(world.parts, poolId, unaborted);
  assert.deepEqual(await previousProviders(world), []);
  const told = world.entries.filter(({ type }) => type === 'previous-provider-drained');
  assert.deepEqual(
    told.map(({ fields }) => fields['providerId']),
    [forgotten],
  );
});

test('a pool that is deleted while its provider is not configured any more goes away all the same', async (t) => {
  const { world, worker } = await aMovedPool(t);
  await world.store.deletePool(poolId, 'me', world.clock.now());
  await provisionPool(world.parts, poolId, unaborted);
  assert.deepEqual(await world.store.expirePools(), []);
  await world.store.moveWorkers([{ worker, move: 'stop', reason: 'ended by hand' }], world.clock.now());
  await provisionPool(world.parts, poolId, unaborted);
  assert.deepEqual(await world.store.expirePools(), [poolId]);
});

test('a pool of a provider that is not configured says so, and asks for nothing', async (t) => {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 5 });
  await world.store.updatePool(poolInput({ providerId: forgotten }), 'me', world.clock.now());
  await provisionPool(world.parts, poolId, unaborted);
  const [report] = await world.store.provisionReports();
  assert.deepEqual([report?.toRequest, report?.reason], [0, `provider ${forgotten} is not configured`]);
  assert.equal(world.cloud.machines.size, 0);
});
