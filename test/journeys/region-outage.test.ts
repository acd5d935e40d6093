// spec: provisioning 5.2, P-08

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advanceScope } from '#loops/advance.ts';
import { observeScope } from '#loops/observe.ts';
import { scopeKey } from '#loops/parts.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

const pool = 'proj/wide';
const regions = ['us-east-1', 'us-west-2'];
const launchConfigs = regions.map((region) => aLaunchConfig({ region, idleTimeoutSecs: 60 }));
const signal = new AbortController().signal;

/** A turn of every loop, each failing by itself, as in the engine. */
async function turn(world: World): Promise<void> {
  const { loops } = world.service;
  const inPeace = (work: Promise<unknown>): Promise<unknown> => world.through(Promise.allSettled([work]), 1_000);
  await world.workers.turn();
  await inPeace(world.provision());
  await inPeace(world.settle());
  for (const region of regions) {
    const key = scopeKey('aws-demo', region);
    await inPeace(Promise.all([observeScope(loops, key, signal), advanceScope(loops, key, signal)]));
  }
  await world.retire();
  await world.deliver();
}

async function liveFor(world: World, ms: number, stepMs: number): Promise<void> {
  const endMs = world.clock.now().getTime() + ms;
  while (world.clock.now().getTime() < endMs) {
    await world.clock.step(stepMs);
    await turn(world);
  }
}

for (const [sort, fault] of Object.entries({
  'does not answer at all': { kind: 'reset' },
  'does not answer launches': { kind: 'reset', action: 'RunInstances' },
  'fails at every launch': { kind: 'error', code: 'InternalError', action: 'RunInstances' },
} as const)) {
  test(`a region that ${sort} does not hold up a pool that has others`, async (t) => {
    const world = await aWorld(t, { regions });
    await world.createPool(pool, aPool({ max: 20, launchConfigs }));
    world.ec2.faults.add({ ...fault, region: 'us-west-2' });
    let asked = 0;
    for (let minute = 0; minute < 18; minute += 3) {
      asked += world.queue.createTasks(pool, { durationMs: minuteMs, count: 6 }).length;
      await liveFor(world, 3 * minuteMs, 30 * secondMs);
    }
    await liveFor(world, 4 * minuteMs, 30 * secondMs);
    assert.equal(world.queue.state.totals.completed, asked);

    world.ec2.faults.clear();
    await liveFor(world, 10 * minuteMs, minuteMs);
    world.queue.createTasks(pool, { durationMs: 10 * minuteMs, count: 16 });
    await liveFor(world, 5 * minuteMs, minuteMs);
    const { launched, doubled } = world.ec2.counts;
    assert.equal(doubled, 0);
    assert.ok(world.ec2.instances('us-west-2').length > 0, 'it is used again');
    assert.equal((await world.rows(pool)).length, launched, 'every machine has its row');
  });
}

test('orders that a silent region may have carried out count against the maximum, and against nothing else', async (t) => {
  const world = await aWorld(t, { regions });
  world.ec2.faults.add({ kind: 'reset', when: 'after', region: 'us-west-2' });
  await world.createPool(pool, aPool({ max: 12, launchConfigs }));
  world.queue.createTasks(pool, { durationMs: 3 * hourMs, count: 30 });
  await liveFor(world, 90 * minuteMs, minuteMs);
  const inWest = world.ec2.instances('us-west-2').length;
  assert.ok(inWest > 0, 'the launches had their effect');
  assert.equal(world.ec2.instances().length, 12, 'the rest of the maximum is elsewhere, at work');
  assert.deepEqual(await world.states(pool), { running: 12 - inWest });

  // Those that came up could not register for so long that they have given up: they are adopted, and their rows closed.
  world.ec2.faults.clear();
  await liveFor(world, 20 * minuteMs, minuteMs);
  assert.equal(world.ec2.counts.doubled, 0);
  assert.ok(world.ec2.counts.alive <= 12);
  const known = new Set((await world.rows(pool)).map(({ workerId }) => workerId));
  for (const { id } of world.ec2.instances()) assert.ok(known.has(id), `${id} has its row`);
});
