// spec: P-48

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { LaunchOrder } from '#core/launch.ts';
import { lifecycleOf } from '#core/pool.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aPool } from './a-pool.ts';

const pool = 'proj/orphans';
const regions = ['us-east-1', 'us-west-2'];
const signal = new AbortController().signal;

function anOrder(world: World, launchConfigId: string): LaunchOrder {
  return {
    orderId: randomUUID(),
    workerPoolId: pool,
    providerId: 'aws-demo',
    launchConfigId,
    scope: 'us-west-2',
    workerGroup: 'us-west-2',
    count: 2,
    capacityPerInstance: 1,
    placedAt: world.clock.now(),
  };
}

/** Starts two machines that no row accounts for: of an order that is known and settled without them, or of one that nobody knows. */
async function startStrangers(world: World, sort: 'lost' | 'foreign'): Promise<void> {
  const { store, providers } = world.service;
  const definition = await store.pool(pool);
  const [launchConfig] = definition?.launchConfigs ?? [];
  assert.ok(definition !== null && launchConfig !== undefined);
  const order = anOrder(world, launchConfig.launchConfigId);
  const request = { order, configuration: launchConfig.configuration, pool: definition };
  if (sort === 'lost') {
    await store.placeOrders(pool, [order], { want: 9, maxCapacity: 9 }, order.placedAt);
    const terms = { lifecycle: lifecycleOf({}), firstLookAt: order.placedAt };
    await store.settleOrder(order, { kind: 'settled', launched: [], refusal: null }, terms, order.placedAt);
  }
  await providers.get('aws-demo')?.fleet?.launch(request, signal);
}

async function scanFor(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += minuteMs) {
    await world.clock.step(minuteMs);
    await world.scan();
  }
}

test('machines of a settled order that nobody adopted are ended, after a time of grace', async (t) => {
  const world = await aWorld(t, { regions });
  await world.createPool(pool, aPool());
  await startStrangers(world, 'lost');
  await scanFor(world, 14 * minuteMs);
  assert.equal(world.ec2.counts.alive, 2, 'they may still be adopted');
  assert.equal(world.ec2.counts.terminated, 0);
  await scanFor(world, 3 * minuteMs);
  assert.equal(world.ec2.counts.alive, 0);
  assert.equal(world.ec2.counts.calls['us-west-2']?.['TerminateInstances'], 1, 'both in one call');
  const verdicts = world.logged('orphan').map(({ verdict }) => verdict);
  assert.deepEqual(verdicts, ['end', 'end']);
});

test('machines that carry our marks and name an order of somebody else are left alone, and told', async (t) => {
  const world = await aWorld(t, { regions });
  await world.createPool(pool, aPool());
  await startStrangers(world, 'foreign');
  await scanFor(world, hourMs);
  assert.equal(world.ec2.counts.alive, 2);
  assert.equal(world.ec2.counts.terminated, 0);
  assert.ok(world.logged('orphan').every(({ verdict }) => verdict === 'report'));
  assert.deepEqual(await world.states(pool), {});
});

test('machines of another provider in the same account are not even looked at', async (t) => {
  const world = await aWorld(t, { regions, awsProviders: ['aws-demo', 'aws-other'] });
  await world.createPool(pool, aPool({ min: 2 }));
  await world.provision();
  await world.live(30 * minuteMs, minuteMs);
  assert.deepEqual(await world.states(pool), { running: 2 });
  assert.deepEqual(world.logged('orphan'), []);
});

test('a machine that lives on after its worker was given up is ended', async (t) => {
  const world = await aWorld(t, { regions });
  await world.createPool(pool, aPool({ min: 1 }));
  await world.live(2 * minuteMs);
  const [worker] = await world.rows(pool);
  assert.ok(worker !== undefined);
  // As after a wrong answer of the cloud: the row says stopped, the machine runs.
  await world.service.store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], world.clock.now());
  await world.deletePool(pool);
  await scanFor(world, 20 * minuteMs);
  await world.clock.step(30 * secondMs);
  assert.equal(world.ec2.counts.alive, 0);
});
