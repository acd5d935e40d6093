import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { poolLimits } from '#core/pool.ts';
import { examplePools, readPools } from '#demo/pools.ts';
import type { ExamplePool } from '#demo/pools.ts';
import { aWorld } from '#test/world.ts';

const realPools = new URL('../../../shared/data/pools/', import.meta.url);

/** The AWS definitions among those that owners of real pools send. */
function realAwsPools(): ExamplePool[] {
  const folders = ['community-tc-config/', 'history/fxci-config-2022-06-01/'];
  return folders
    .flatMap((folder) => readPools(new URL(folder, realPools)))
    .filter(({ body }) => String(body['providerId']).includes('aws'));
}

function launchConfigsOf(body: JsonObject): readonly JsonObject[] {
  const config = body['config'] as JsonObject;
  return (config['launchConfigs'] ?? []) as readonly JsonObject[];
}

/** A pool wakes on demand, works, goes back to sleep, is deleted, drained, and forgotten. */
async function livesAndDies(t: TestContext, { workerPoolId, body }: ExamplePool): Promise<void> {
  const regions = [...new Set(launchConfigsOf(body).map(({ region }) => String(region)))];
  const world = await aWorld(t, {
    regions: [...new Set(['us-east-1', ...regions])],
    awsProviders: [String(body['providerId'])],
  });
  const created = await world.createPool(workerPoolId, body);
  assert.equal(launchConfigsOf(created).length, launchConfigsOf(body).length);

  const { maxCapacity } = poolLimits(body['config'] as JsonObject);
  const tasks = Math.min(maxCapacity, 12);
  const taskIds = world.queue.createTasks(workerPoolId, { durationMs: 60_000, count: tasks });
  await world.provision();

  const launched = world.ec2.instances();
  assert.ok(launched.length > 0, 'machines were requested');
  for (const instance of launched) {
    assert.ok(regions.includes(instance.region), `${instance.region} is a region of the pool`);
    assert.equal(instance.tags['WorkerPoolId'], workerPoolId);
    assert.equal((JSON.parse(instance.userData) as JsonObject)['workerGroup'], instance.region);
  }

  await world.liveUntil('all tasks resolved', () =>
    Promise.resolve(taskIds.every((taskId) => world.queue.state.task(taskId)?.state === 'completed')),
  );
  assert.ok(world.workers.counters.registered > 0);
  assert.equal(world.workers.counters.refused, 0);
  assert.ok(world.ec2.counts.alive <= Math.max(1, maxCapacity), 'the maximum held');

  await world.liveUntil('idle workers gone', () => Promise.resolve(world.ec2.counts.alive === 0));

  await world.deletePool(workerPoolId);
  await world.liveUntil('drained', async () => {
    const states = await world.states(workerPoolId);
    return Object.keys(states).every((state) => state === 'stopped');
  });
  await world.provision();
  await world.expire();
  assert.equal(await world.service.store.pool(workerPoolId), null, 'the row expired');

  const told = (exchange: string): number => world.events.filter((event) => event.exchange === exchange).length;
  assert.equal(told('worker-requested'), world.ec2.counts.launched);
  assert.equal(told('worker-stopped'), told('worker-requested'), 'every worker requested was told to have stopped');
}

for (const pool of examplePools().filter(
  ({ body }) => body['providerId'] === 'aws-demo' && poolLimits(body['config'] as JsonObject).minCapacity === 0,
)) {
  test(`the example pool ${pool.workerPoolId} wakes, works, sleeps, and is forgotten`, async (t) =>
    livesAndDies(t, pool));
}

if (existsSync(realPools)) {
  for (const pool of realAwsPools()) {
    test(`the real pool ${pool.workerPoolId} is accepted unchanged, wakes, works, sleeps, and is forgotten`, async (t) =>
      livesAndDies(t, pool));
  }
} else {
  test('real pools live', { skip: 'no real pool definitions beside this checkout' }, () => undefined);
}
