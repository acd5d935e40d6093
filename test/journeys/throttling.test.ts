// spec: provisioning 5.2, P-08, P-11

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '#demo/client.ts';
import { provisionPool } from '#loops/provision.ts';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

const west = aLaunchConfig({ region: 'us-west-2' });
const east = aLaunchConfig({ region: 'us-east-1' });
const regions = ['us-east-1', 'us-west-2'];
const throttled = { kind: 'error', action: 'RunInstances', region: 'us-west-2', code: 'RequestLimitExceeded' } as const;

function calls(world: World, region: string, action: string): number {
  return world.ec2.counts.calls[region]?.[action] ?? 0;
}

/** Turns of all pools, as the engine would make them while calls wait. */
async function provisionFor(world: World, ms: number): Promise<void> {
  const endMs = world.clock.now().getTime() + ms;
  while (world.clock.now().getTime() < endMs) {
    await world.through(world.provision(), 500);
    await world.through(world.settle(), 500);
    await world.clock.step(10 * secondMs);
  }
}

test('throttling stops one kind of call in one region, and what it stopped goes on by itself', async (t) => {
  const world = await aWorld(t, { regions });
  await world.createPool('proj/a-old', aPool({ min: 1, launchConfigs: [west] }));
  await world.provision();
  const [old] = await world.rows('proj/a-old');
  await world.createPool('proj/west', aPool({ launchConfigs: [west] }));
  await world.createPool('proj/east', aPool({ launchConfigs: [east] }));
  world.queue.createTasks('proj/west', { durationMs: minuteMs, count: 5 });
  world.queue.createTasks('proj/east', { durationMs: minuteMs, count: 5 });
  world.ec2.faults.add({ ...throttled, times: 2 });
  world.ec2.resetCounts();

  const signal = new AbortController().signal;
  const waiting = provisionPool(world.service.loops, 'proj/west', signal);
  await world.until('the pause', () => world.logged('cloud-api-paused').length === 1);
  assert.equal(world.logged('cloud-api-paused')[0]?.['queueName'], 'us-west-2.run');

  // Time stands still: whoever waited for the pause would never come back.
  await provisionPool(world.service.loops, 'proj/east', signal);
  assert.deepEqual(await world.states('proj/east'), { requested: 5 });
  await world.client.call('DELETE', `/workers/${segment('proj/a-old')}/us-west-2/${old?.workerId}`);
  await world.scan();
  assert.ok(calls(world, 'us-west-2', 'DescribeInstances') > 0);
  assert.equal(calls(world, 'us-west-2', 'TerminateInstances'), 1);
  assert.equal(calls(world, 'us-west-2', 'RunInstances'), 1);

  await world.through(waiting);
  assert.deepEqual(await world.states('proj/west'), { requested: 5 });
  assert.equal(calls(world, 'us-west-2', 'RunInstances'), 3);
  assert.deepEqual([world.ec2.counts.launched, world.ec2.counts.doubled], [10, 0]);
  assert.equal((await world.problems('proj/west')).length, 0, 'nothing that people could do');
});

test('a throttled pool takes its other regions, and comes back when it may', async (t) => {
  const world = await aWorld(t, { regions });
  const fault = world.ec2.faults.add(throttled);
  await world.createPool('proj/wide', aPool({ max: 60, launchConfigs: [west, east] }));
  world.queue.createTasks('proj/wide', { durationMs: minuteMs, count: 20 });
  await provisionFor(world, 10 * secondMs);
  assert.ok(world.ec2.instances('us-east-1').length > 0, 'what was drawn for the other region is there');
  // Until the last one is not drawn as a probe any more.
  await provisionFor(world, 8 * minuteMs);
  assert.deepEqual(await world.states('proj/wide'), { requested: 20 });
  assert.equal(world.ec2.instances('us-east-1').length, 20);

  world.ec2.faults.remove(fault);
  await world.clock.step(3 * minuteMs);
  world.queue.createTasks('proj/wide', { durationMs: minuteMs, count: 20 });
  await provisionFor(world, minuteMs);
  world.queue.createTasks('proj/wide', { durationMs: minuteMs, count: 20 });
  await provisionFor(world, minuteMs);
  assert.deepEqual(await world.states('proj/wide'), { requested: 60 });
  assert.ok(
    world.ec2.instances('us-west-2').length >= 3,
    `${world.ec2.instances('us-west-2').length} in the west again`,
  );
  assert.equal(world.ec2.counts.doubled, 0);
});

test('throttling for long costs few calls, and no errors for people', async (t) => {
  const world = await aWorld(t, { regions });
  const fault = world.ec2.faults.add(throttled);
  await world.createPool('proj/west', aPool({ launchConfigs: [west] }));
  world.queue.createTasks('proj/west', { durationMs: minuteMs, count: 10 });
  await provisionFor(world, 20 * minuteMs);
  const asked = calls(world, 'us-west-2', 'RunInstances');
  assert.ok(asked <= 40, `${asked} calls in 20 minutes`);
  assert.equal((await world.problems('proj/west')).length, 0);

  world.ec2.faults.remove(fault);
  await provisionFor(world, 3 * minuteMs);
  assert.deepEqual(await world.states('proj/west'), { requested: 10 });
  assert.equal(world.ec2.counts.launched, 10);
});

test('more machines than the published limits let through at once come as fast as those allow', async (t) => {
  const world = await aWorld(t, { regions, dials: { isThrottling: true } });
  await world.createPool('proj/huge', aPool({ min: 2500, max: 2500, launchConfigs: [west] }));
  // A thousand at once, then two a second: the last of 2,500 could be there after 12.5 minutes.
  await provisionFor(world, 15 * minuteMs);
  assert.deepEqual(await world.states('proj/huge'), { requested: 2500 });
  assert.deepEqual([world.ec2.counts.launched, world.ec2.counts.doubled], [2500, 0]);
  const asked = calls(world, 'us-west-2', 'RunInstances');
  assert.ok(asked <= 200, `${asked} calls`);
});
