// spec: provisioning 4.6, P-45, E59

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '#demo/client.ts';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World, WorldOptions } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

const pool = 'proj/advice';
const options: WorldOptions = { regions: ['us-east-1', 'us-west-2'] };

/** Runs until so many workers of the pool have registered. */
async function untilRunning(world: World, count: number): Promise<void> {
  await world.liveUntil(`${count} run`, async () => (await world.states(pool)).running === count);
}

/** The stored advice of running workers by reason, as decided now and before any worker asks. */
async function advice(world: World): Promise<Record<string, number>> {
  await world.retire();
  const running = (await world.rows(pool)).filter(({ state }) => state === 'running');
  const reasons: Record<string, number> = {};
  for (const { decision } of running) {
    const reason = decision?.reason ?? 'none';
    reasons[reason] = (reasons[reason] ?? 0) + 1;
    assert.equal(decision?.terminate, reason !== 'needed');
  }
  return reasons;
}

test('workers of an archived launch config finish their tasks and leave, and others take their places', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ max: 6 }));
  const taskIds = world.queue.createTasks(pool, { durationMs: 3 * minuteMs, count: 3 });
  await untilRunning(world, 3);
  const successor = aLaunchConfig({ instanceType: 'm6i.large' });
  await world.updatePool(pool, aPool({ max: 6, min: 1, launchConfigs: [successor] }));
  assert.deepEqual(await advice(world), { 'launch config archived': 3 });
  const [worker] = await world.rows(pool);
  const path = `/workers/${segment(pool)}/${worker?.workerGroup}/${worker?.workerId}/should-terminate`;
  assert.deepEqual(await world.client.call('GET', path), { terminate: true, reason: 'launch config archived' });

  await world.live(6 * minuteMs);
  for (const taskId of taskIds) assert.equal(world.queue.state.task(taskId)?.state, 'completed');
  assert.deepEqual(world.queue.state.totals.exceptions, {}, 'nobody was killed at work');
  assert.deepEqual(await world.states(pool), { running: 1, stopped: 3 });
  assert.deepEqual(
    world.ec2
      .instances()
      .filter(({ state }) => state === 'running')
      .map(({ instanceType }) => instanceType),
    ['m6i.large'],
  );
});

test('when demand falls as many are told to leave as are not needed; when it returns the advice is taken back', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ max: 10 }));
  world.queue.createTasks(pool, { durationMs: 90 * secondMs, count: 4 });
  world.queue.createTasks(pool, { durationMs: 20 * minuteMs });
  await untilRunning(world, 5);
  await world.liveUntil('all work', () => Promise.resolve(world.queue.counts(pool).claimedTasks === 5));
  assert.deepEqual(await advice(world), { needed: 5 });

  await world.clock.step(2 * minuteMs);
  await world.workers.turn();
  assert.deepEqual(world.queue.counts(pool), { pendingTasks: 0, claimedTasks: 1 });
  assert.deepEqual(await advice(world), { needed: 1, 'over capacity': 4 });
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 3 });
  assert.deepEqual(await advice(world), { needed: 4, 'over capacity': 1 });
  await world.provision();
  assert.equal(world.ec2.counts.launched, 5, 'those that are there are enough');
});

test('idle workers stay as long as the minimum wants them, and leave when it is lowered', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 3, max: 5 }));
  await untilRunning(world, 3);
  await world.live(6 * minuteMs, 30 * secondMs);
  assert.deepEqual(await world.states(pool), { running: 3 }, 'the minimum holds them beyond their idle time');
  assert.deepEqual(await advice(world), { needed: 3 });

  await world.updatePool(pool, aPool({ min: 1, max: 5 }));
  assert.deepEqual(await advice(world), { needed: 1, 'over capacity': 2 });
  await world.live(4 * minuteMs, 30 * secondMs);
  assert.deepEqual(await world.states(pool), { running: 1, stopped: 2 });
  assert.equal(world.ec2.counts.launched, 3, 'nobody came for those who left');
});

test('workers that have tasks are not told to leave because of a scaling ratio', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ max: 10, scalingRatio: 0.5 }));
  world.queue.createTasks(pool, { durationMs: 20 * minuteMs, count: 8 });
  await world.liveUntil('all work', () => Promise.resolve(world.queue.counts(pool).claimedTasks === 8));
  assert.deepEqual(await advice(world), { needed: 8 });
});

test('a maximum that is lowered takes effect as workers finish', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ max: 4 }));
  world.queue.createTasks(pool, { durationMs: 2 * minuteMs, count: 8 });
  await untilRunning(world, 4);
  await world.updatePool(pool, aPool({ max: 2 }));
  assert.deepEqual(await advice(world), { needed: 2, 'over capacity': 2 });
  await world.liveUntil('all done', () => Promise.resolve(world.queue.state.totals.completed === 8));
  assert.deepEqual(world.queue.state.totals.exceptions, {});
  assert.equal(world.ec2.counts.launched, 4, 'none came in addition');
});

test('a queue that does not answer dismisses nobody', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ max: 4 }));
  world.queue.createTasks(pool, { durationMs: 10 * minuteMs, count: 2 });
  await untilRunning(world, 2);
  assert.deepEqual(await advice(world), { needed: 2 });
  world.queue.turnFaults({ isOut: true });
  await world.clock.step(10 * minuteMs);
  const [turn] = await world.through(Promise.allSettled([world.retire()]), 500);
  assert.equal(turn?.status, 'rejected');
  world.queue.resetFaults();
  assert.ok((await world.rows(pool)).every(({ decision }) => decision?.terminate === false));
});
