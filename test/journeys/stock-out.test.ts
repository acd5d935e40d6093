// spec: provisioning 6.3, P-01

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

const west = aLaunchConfig({ region: 'us-west-2' });
const east = aLaunchConfig({ region: 'us-east-1' });
const wide = 'proj/wide';

/** Machines of a pool in a region, whatever their state. */
function machines(world: World, workerPoolId: string, region: string): number {
  return world.ec2.instances(region).filter(({ tags }) => tags['WorkerPoolId'] === workerPoolId).length;
}

function launchCalls(world: World, region: string): number {
  return world.ec2.counts.calls[region]?.['RunInstances'] ?? 0;
}

/** One provisioning turn after another, with nobody at work. */
async function provisionFor(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10 * secondMs) {
    await world.provision();
    await world.clock.step(10 * secondMs);
  }
}

test('when a region is out of machines the others take over in the next turn, and no other pool waits', async (t) => {
  const world = await aWorld(t);
  world.ec2.faults.add({ kind: 'stock', region: 'us-west-2', instanceType: 'm5.large', available: 0 });
  await world.createPool(wide, aPool({ max: 20, launchConfigs: [west, east] }));
  const others = {
    'proj/same-region': aLaunchConfig({ region: 'us-west-2', instanceType: 'c5.large' }),
    'proj/elsewhere': aLaunchConfig({ region: 'eu-central-1' }),
  };
  for (const [id, launchConfig] of Object.entries(others)) {
    await world.createPool(id, aPool({ launchConfigs: [launchConfig] }));
  }
  for (const id of [wide, ...Object.keys(others)]) world.queue.createTasks(id, { durationMs: minuteMs, count: 10 });

  await world.provision();
  assert.deepEqual(await world.states('proj/same-region'), { requested: 10 }, 'another type of machine in that region');
  assert.deepEqual(await world.states('proj/elsewhere'), { requested: 10 });
  await world.clock.step(10 * secondMs);
  await world.provision();
  assert.deepEqual(await world.states(wide), { requested: 10 });
  assert.equal(machines(world, wide, 'us-east-1'), 10);
  assert.equal(launchCalls(world, 'us-west-2'), 2, 'one for each pool there');
  assert.equal(launchCalls(world, 'us-east-1'), 2, 'one in each turn');
});

test('what a region still has is used before the others take over', async (t) => {
  const world = await aWorld(t);
  world.ec2.faults.add({ kind: 'stock', region: 'us-west-2', available: 2 });
  const preferred = aLaunchConfig({ region: 'us-west-2' });
  const spare = aLaunchConfig({ region: 'us-east-1', workerManager: { initialWeight: 0.000_001 } });
  await world.createPool(wide, aPool({ launchConfigs: [preferred, spare] }));
  world.queue.createTasks(wide, { durationMs: minuteMs, count: 10 });
  await world.provision();
  assert.equal(machines(world, wide, 'us-west-2'), 2);
  await world.clock.step(10 * secondMs);
  await world.provision();
  assert.equal(machines(world, wide, 'us-east-1'), 8);
  assert.deepEqual(await world.states(wide), { requested: 10 });
});

test('a region that was out of machines is asked ever more rarely by one machine, and used again', async (t) => {
  const world = await aWorld(t);
  const stock = world.ec2.faults.add({ kind: 'stock', region: 'us-west-2', available: 0 });
  await world.createPool('proj/narrow', aPool({ max: 30, launchConfigs: [west] }));
  world.queue.createTasks('proj/narrow', { durationMs: minuteMs, count: 30 });
  await provisionFor(world, 60 * minuteMs);
  // At 0, 2, 6, 14, 30 and 60 minutes, or a little earlier: rests are shortened by chance.
  const tries = launchCalls(world, 'us-west-2');
  assert.ok(tries >= 5 && tries <= 6, `${tries} tries in an hour`);
  const ordered = world.ec2.logbook.filter(({ action }) => action === 'RunInstances').length;
  assert.equal(ordered, tries);

  world.ec2.faults.remove(stock);
  world.ec2.resetCounts();
  await provisionFor(world, 30 * minuteMs);
  const launches = world.ec2.logbook.filter(({ action, outcome }) => action === 'RunInstances' && outcome === 'ok');
  assert.deepEqual(
    launches.map(({ instances }) => instances),
    [1, 29],
    'one machine proves that there are some again, then the rest follows at once',
  );
});

test('a stock-out is told once for each launch config that it strikes, by name', async (t) => {
  const world = await aWorld(t);
  const stock = world.ec2.faults.add({ kind: 'stock', region: 'us-west-2', available: 0 });
  await world.createPool(wide, aPool({ max: 40, launchConfigs: [west, east] }));
  const stored = await world.service.store.pool(wide);
  const struck = stored?.launchConfigs.find(({ configuration }) => configuration['region'] === 'us-west-2');
  for (let minute = 0; minute < 20; minute++) {
    world.queue.createTasks(wide, { durationMs: minuteMs });
    await provisionFor(world, minuteMs);
  }
  const problems = await world.problems(wide);
  assert.deepEqual(
    problems.map(({ kind, title, launchConfigId, extra }) => [kind, title, launchConfigId, extra['code']]),
    [['creation-error', 'Instance Creation Error', struck?.launchConfigId, 'InsufficientInstanceCapacity']],
  );
  await world.deliver();
  const told = world.events.filter(({ exchange }) => exchange === 'worker-pool-error');
  assert.equal(told.length, 1);
  world.ec2.faults.remove(stock);
});
