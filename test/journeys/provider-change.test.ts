// spec: provisioning 2.3, 9.4, E47, E63

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '#demo/client.ts';
import { StaticMachine } from '#simulators/worker/static-machine.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aPool, aStaticPool } from './a-pool.ts';

const pool = 'proj/moving';
const staticSecret = 'a-secret-of-forty-four-characters-0123456789';
const desk = { workerGroup: 'desk', workerId: 'mac-1' };

/** Declares the machine under the desk and switches it on. */
async function declare(world: World): Promise<void> {
  const path = `/workers/${segment(pool)}/${desk.workerGroup}/${desk.workerId}`;
  const expires = new Date(world.clock.now().getTime() + 24 * hourMs).toISOString();
  await world.client.call('PUT', path, { expires, capacity: 1, providerInfo: { staticSecret } });
  const rootUrl = world.service.url ?? '';
  const bootedAt = world.clock.now();
  world.staticMachines.push(
    new StaticMachine({ rootUrl, providerId: 'static-demo', workerPoolId: pool, ...desk, staticSecret, bootedAt }),
  );
}

async function previousProviders(world: World): Promise<readonly string[] | undefined> {
  return (await world.service.store.pool(pool))?.previousProviderIds;
}

async function livingOf(world: World, providerId: string): Promise<number> {
  const rows = await world.rows(pool);
  return rows.filter((row) => row.providerId === providerId && row.state !== 'stopped').length;
}

function outcomes(world: World, taskIds: readonly string[]): (string | undefined)[] {
  return taskIds.map((taskId) => world.queue.state.task(taskId)?.state);
}

test('workers of a previous provider register, finish their work and leave; only then it is forgotten', async (t) => {
  const world = await aWorld(t);
  await world.createPool(pool, aPool({ max: 4 }));
  const taskIds = world.queue.createTasks(pool, { durationMs: 5 * minuteMs, count: 2 });
  await world.liveUntil('two work', () => Promise.resolve(world.queue.counts(pool).claimedTasks === 2));
  taskIds.push(...world.queue.createTasks(pool, { durationMs: minuteMs }));
  await world.provision();
  assert.deepEqual(await world.states(pool), { running: 2, requested: 1 });

  await world.updatePool(pool, aStaticPool());
  await world.provision();
  assert.deepEqual(await previousProviders(world), ['aws-demo']);
  await world.live(minuteMs);
  assert.equal(world.workers.counters.registered, 3, 'the machine that was booting registered');

  while ((await livingOf(world, 'aws-demo')) > 0) {
    assert.deepEqual(await previousProviders(world), ['aws-demo'], 'kept while it has workers');
    await world.live(10 * secondMs);
  }
  await world.provision();
  assert.deepEqual(await previousProviders(world), []);
  assert.deepEqual(outcomes(world, taskIds), ['completed', 'completed', 'completed']);
  assert.deepEqual(world.queue.state.totals.exceptions, {}, 'no task was taken from anybody');
  assert.equal(world.ec2.counts.launched, 3, 'nothing was started for a provider that is not the pool’s');

  taskIds.push(...world.queue.createTasks(pool, { durationMs: minuteMs }));
  await declare(world);
  await world.live(2 * minuteMs);
  assert.equal(outcomes(world, taskIds).at(-1), 'completed', 'the pool works with the provider it has now');
});

test('declared workers go on in a pool that went over to a cloud, until people take them away', async (t) => {
  const world = await aWorld(t);
  await world.createPool(pool, aStaticPool());
  await declare(world);
  await world.live(10 * secondMs);
  assert.equal(world.workers.counters.registered, 1);

  await world.updatePool(pool, aPool({ max: 4 }));
  const first = world.queue.createTasks(pool, { durationMs: 30 * secondMs });
  await world.live(minuteMs);
  assert.deepEqual(outcomes(world, first), ['completed'], 'the machine under the desk took it');
  assert.equal(world.ec2.counts.launched, 0, 'and so no other was started');

  const many = world.queue.createTasks(pool, { durationMs: minuteMs, count: 3 });
  await world.liveUntil('all done', () =>
    Promise.resolve(outcomes(world, many).every((state) => state === 'completed')),
  );
  await world.liveUntil('machines of the cloud gone', () => Promise.resolve(world.ec2.counts.alive === 0));
  assert.equal(world.ec2.counts.launched, 2, 'as many as the machine under the desk could not take');
  assert.deepEqual(await previousProviders(world), ['static-demo']);
  const declared = (await world.rows(pool)).find(({ providerId }) => providerId === 'static-demo');
  assert.equal(declared?.decision, null, 'a declared worker never gets advice');

  await world.client.call('DELETE', `/workers/${segment(pool)}/${desk.workerGroup}/${desk.workerId}`);
  await world.provision();
  assert.deepEqual(await previousProviders(world), []);
});

test('a deleted pool is kept as long as a declared worker of it, and no longer', async (t) => {
  const world = await aWorld(t);
  await world.createPool(pool, aStaticPool());
  await declare(world);
  await world.deletePool(pool);
  await world.provision();
  await world.expire();
  assert.deepEqual(await previousProviders(world), ['static-demo']);

  await world.clock.step(25 * hourMs);
  await world.expire();
  await world.provision();
  await world.expire();
  assert.equal(await world.service.store.pool(pool), null);
});

test('a pool that goes to another account with the same launch configs leaves the first one', async (t) => {
  const world = await aWorld(t, { awsProviders: ['aws-demo', 'aws-other'] });
  await world.createPool(pool, aPool({ providerId: 'aws-other', min: 1, max: 2 }));
  await world.provision();
  await world.updatePool(pool, aPool({ min: 1, max: 2 }));
  await world.provision();
  assert.equal(await livingOf(world, 'aws-other'), 1);
  assert.equal(await livingOf(world, 'aws-demo'), 0, 'the booting machine of the previous provider keeps the minimum');

  await world.live(5 * minuteMs);
  assert.deepEqual(await previousProviders(world), []);
  assert.equal(await livingOf(world, 'aws-other'), 0);
  assert.equal(await livingOf(world, 'aws-demo'), 1, 'the minimum is kept by a new one');
});
