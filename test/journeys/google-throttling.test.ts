// spec: provisioning 5.2, P-08, P-11

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observeScope } from '#loops/observe.ts';
import { scopeKey } from '#loops/parts.ts';
import { provisionPool } from '#loops/provision.ts';
import { aGoogleWorld, callsOf } from '#test/google-world.ts';
import { minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aGooglePool } from './a-google-pool.ts';

const signal = new AbortController().signal;
const throttled = { kind: 'error', action: 'instances.insert', reason: 'rateLimitExceeded' } as const;

/** Turns of those that start machines and of those that look at them. */
async function startFor(world: World, ms: number): Promise<void> {
  const endMs = world.clock.now().getTime() + ms;
  while (world.clock.now().getTime() < endMs) {
    await world.provision();
    await world.settle();
    await world.scan();
    await world.clock.step(10 * secondMs);
  }
}

test('a 403 rateLimitExceeded stops that kind of call alone, and what it stopped goes on by itself', async (t) => {
  const { world, gce } = await aGoogleWorld(t);
  await world.createPool('proj/old', aGooglePool({ min: 1 }));
  await startFor(world, minuteMs);
  await world.createPool('proj/new', aGooglePool());
  world.queue.createTasks('proj/new', { durationMs: minuteMs, count: 3 });
  gce.faults.add({ ...throttled, times: 6 });
  gce.resetCounts();

  const waiting = provisionPool(world.service.loops, 'proj/new', signal);
  await world.until('the pause', () => world.logged('cloud-api-paused').length === 1);
  assert.equal(world.logged('cloud-api-paused')[0]?.['queueName'], `${gce.project}.query`);

  // Time stands still: whoever waited for the pause would never come back.
  await observeScope(world.service.loops, scopeKey('google-demo', gce.project), signal);
  assert.equal(callsOf(gce, 'instances.aggregatedList'), 1);

  await world.through(waiting);
  assert.deepEqual(await world.states('proj/new'), { requested: 3 });
  assert.equal(callsOf(gce, 'instances.insert'), 6 + 3, 'each refusal cost one call');
  assert.equal(gce.counts.alive, 4);
  assert.equal((await world.problems('proj/new')).length, 0, 'nothing that people could do');
});

test('more inserts than a minute has room for come as fast as the windows let them, and nobody is told', async (t) => {
  const { world, gce } = await aGoogleWorld(t, { dials: { isThrottling: true, limits: { default_per_region: 20 } } });
  const pools = Array.from({ length: 20 }, (_, index) => `proj/pool-${index}`);
  for (const id of pools) {
    await world.createPool(id, aGooglePool());
    world.queue.createTasks(id, { durationMs: minuteMs, count: 3 });
  }
  const beganMs = world.clock.now().getTime();
  while (gce.counts.launched < 60) {
    await startFor(world, 10 * secondMs);
    assert.ok(world.clock.now().getTime() - beganMs < 6 * minuteMs, `${gce.counts.launched} after six windows`);
  }
  const asked = callsOf(gce, 'instances.insert');
  assert.ok(asked <= 60 + 30, `${asked} calls for 60 machines`);
  await startFor(world, minuteMs);
  assert.deepEqual([gce.counts.launched, gce.counts.alive], [60, 60], 'and no more than that');
  for (const id of pools) {
    assert.deepEqual(await world.states(id), { requested: 3 });
    assert.equal((await world.problems(id)).length, 0);
  }
});

test('throttling for long costs few calls, and no errors for people', async (t) => {
  const { world, gce } = await aGoogleWorld(t);
  const fault = gce.faults.add(throttled);
  await world.createPool('proj/new', aGooglePool());
  world.queue.createTasks('proj/new', { durationMs: minuteMs, count: 4 });
  await startFor(world, 20 * minuteMs);
  const asked = callsOf(gce, 'instances.insert');
  assert.ok(asked <= 40, `${asked} calls in 20 minutes`);

  gce.faults.remove(fault);
  await startFor(world, 3 * minuteMs);
  assert.deepEqual(await world.states('proj/new'), { requested: 4 });
  assert.equal(gce.counts.launched, 4);
  assert.equal((await world.problems('proj/new')).length, 0);
});
