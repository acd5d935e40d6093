// spec: P-42, P-54

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { LaunchOrder } from '#core/launch.ts';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World, WorldOptions } from '#test/world.ts';
import { aPool } from './a-pool.ts';

const pool = 'proj/lost';
const options: WorldOptions = { regions: ['us-east-1', 'us-west-2'] };
const signal = new AbortController().signal;

/** What a process that dies right afterwards has done: the order is stored, and nobody works on it. */
async function placeOrder(world: World, count: number): Promise<LaunchOrder> {
  const { store } = world.service;
  const [launchConfig] = (await store.pool(pool))?.launchConfigs ?? [];
  const draft = {
    orderId: randomUUID(),
    workerPoolId: pool,
    providerId: 'aws-demo',
    launchConfigId: launchConfig?.launchConfigId ?? '',
    scope: 'us-west-2',
    workerGroup: 'us-west-2',
    count,
    capacityPerInstance: 1,
  };
  const [order] = await store.placeOrders(pool, [draft], { want: 100, maxCapacity: 100 }, world.clock.now());
  assert.ok(order !== undefined);
  return order;
}

/** What a process that dies right afterwards has done: the machines run, and nobody has stored them. */
async function launch(world: World, order: LaunchOrder): Promise<void> {
  const definition = await world.service.store.pool(pool);
  assert.ok(definition !== null);
  const configuration = definition.launchConfigs[0]?.configuration ?? {};
  await world.service.providers.get('aws-demo')?.fleet?.launch({ order, configuration, pool: definition }, signal);
}

async function assertNothingIsDoubledOrLost(world: World, machines: number): Promise<void> {
  const { launched, doubled } = world.ec2.counts;
  assert.deepEqual({ launched, doubled }, { launched: machines, doubled: 0 });
  const rows = (await world.rows(pool)).map(({ workerId }) => workerId).toSorted();
  assert.deepEqual(
    rows,
    world.ec2
      .instances()
      .map(({ id }) => id)
      .toSorted(),
  );
}

test('a launch whose answer is lost once is repeated under its token, and starts nothing twice', async (t) => {
  const world = await aWorld(t, options);
  world.ec2.faults.add({ kind: 'error', when: 'after', action: 'RunInstances', code: 'InternalError', times: 1 });
  await world.createPool(pool, aPool({ min: 5 }));
  await world.through(world.provision());
  assert.deepEqual(await world.states(pool), { requested: 5 });
  assert.equal(world.ec2.counts.replayed, 1);
  await assertNothingIsDoubledOrLost(world, 5);
});

for (const fault of [
  { kind: 'reset', times: 3 },
  { kind: 'error', code: 'InternalError', times: 3 },
  { kind: 'hang', times: 1 },
] as const) {
  test(`machines whose launch is not answered (${fault.kind}) count, wait to register, and are adopted`, async (t) => {
    const world = await aWorld(t, { ...options, dials: { bootMs: [20_000, 20_000] } });
    world.ec2.faults.add({ ...fault, when: 'after', action: 'RunInstances' });
    await world.createPool(pool, aPool({ max: 8 }));
    world.queue.createTasks(pool, { durationMs: minuteMs, count: 5 });
    await world.through(world.provision(), 500);
    assert.deepEqual(await world.states(pool), {}, 'nobody knows');
    world.queue.createTasks(pool, { durationMs: minuteMs, count: 15 });
    for (let turns = 0; turns < 6; turns++) {
      await world.clock.step(10 * secondMs);
      await world.through(world.provision(), 500);
      await world.workers.turn();
    }
    assert.deepEqual(await world.states(pool), { running: 3 }, 'as many as the maximum leaves');
    assert.equal(world.workers.counters.refused, 0, 'those that come early are told to come again');

    const isDone = (): boolean => world.queue.state.totals.completed === 20;
    await world.liveUntil('all tasks done', () => Promise.resolve(isDone()), 20 * minuteMs);
    assert.ok(world.workers.counters.registered >= 8);
    await assertNothingIsDoubledOrLost(world, 8);
  });
}

test('an order whose process died before the launch is sent by another one', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 3, max: 5 }));
  await placeOrder(world, 3);
  await world.provision();
  assert.equal(world.ec2.counts.launched, 0, 'what is ordered is not ordered again');
  await world.clock.step(91 * secondMs);
  await world.settle();
  assert.deepEqual(await world.states(pool), { requested: 3 });
  await world.provision();
  await assertNothingIsDoubledOrLost(world, 3);
});

test('machines whose process died after the launch are adopted', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 3, max: 5 }));
  await launch(world, await placeOrder(world, 3));
  await world.clock.step(91 * secondMs);
  await world.settle();
  assert.deepEqual(await world.states(pool), { requested: 3 });
  assert.equal(world.ec2.counts.replayed, 1);
  await assertNothingIsDoubledOrLost(world, 3);
});

test('a pool that changed meanwhile does not keep its lost machines from being found', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 3, max: 5 }));
  await launch(world, await placeOrder(world, 3));
  // The owner is a tag, so EC2 sees the token again with other parameters.
  await world.updatePool(pool, { ...aPool({ min: 3, max: 5 }), owner: 'somebody.else@example.com' });
  await world.clock.step(91 * secondMs);
  await world.settle();
  assert.deepEqual(await world.states(pool), { requested: 3 });
  await assertNothingIsDoubledOrLost(world, 3);
});

test('a deleted pool sends nothing any more, takes its lost machines home, and then it goes', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 3, max: 9 }));
  await launch(world, await placeOrder(world, 3));
  await placeOrder(world, 4);
  await world.deletePool(pool);
  await world.live(3 * minuteMs, 30 * secondMs);
  assert.equal(world.ec2.counts.launched, 3, 'the order that was never sent stays unsent');
  assert.deepEqual((await world.service.store.pool(pool))?.previousProviderIds, ['aws-demo'], 'while one is open');
  assert.equal(world.workers.counters.registered, 3);

  await world.live(10 * minuteMs, 30 * secondMs);
  assert.equal(world.ec2.counts.alive, 0);
  await world.provision();
  await world.expire();
  assert.equal(await world.service.store.pool(pool), null);
});
