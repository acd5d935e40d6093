// spec: provisioning 1.8, 11.5

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

const pool = 'proj/spot';

/** A world in which one spot machine works on a long task. */
async function aWorldAtWork(t: Parameters<typeof aWorld>[0]): Promise<{ world: World; id: string; taskId: string }> {
  const world = await aWorld(t, { regions: ['us-east-1', 'us-west-2'] });
  await world.createPool(pool, aPool({ max: 2, launchConfigs: [aLaunchConfig({ isSpot: true })] }));
  const [taskId = ''] = world.queue.createTasks(pool, { durationMs: 10 * minuteMs });
  await world.liveUntil('it works', () => Promise.resolve(world.queue.counts(pool).claimedTasks === 1));
  const [instance] = world.ec2.instances();
  return { world, id: instance?.id ?? '', taskId };
}

function told(world: World, workerId: string): string[] {
  return world.events.flatMap((event) =>
    'workerId' in event.payload && event.payload.workerId === workerId ? [event.exchange] : [],
  );
}

test('a spot machine that gets notice gives its task back, leaves, and another one takes over', async (t) => {
  const { world, id, taskId } = await aWorldAtWork(t);
  world.ec2.spotInterrupt(id);
  await world.live(20 * secondMs);
  assert.equal(world.workers.counters.interrupted, 1);
  assert.equal(world.workers.counters.tasksGivenBack, 1);
  const row = (await world.rows(pool)).find(({ workerId }) => workerId === id);
  assert.equal(row?.removalReason, 'workerManager.removeWorker API call');
  assert.equal(world.queue.state.task(taskId)?.state, 'pending');
  assert.deepEqual(await world.states(pool), { stopping: 1, requested: 1 }, 'its place is filled at once');

  await world.liveUntil('done', () => Promise.resolve(world.queue.state.task(taskId)?.state === 'completed'));
  assert.deepEqual(told(world, id), ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped']);
});

test('a machine that is taken without notice: the queue hears of it at once, long before its claim ends', async (t) => {
  const { world, id, taskId } = await aWorldAtWork(t);
  world.ec2.spotInterrupt(id, 0);
  await world.live(40 * secondMs);
  assert.deepEqual(told(world, id), ['worker-requested', 'worker-running', 'worker-stopped']);
  assert.notEqual(world.queue.state.task(taskId)?.claimant?.workerId, id, 'the claim, good for 20 minutes, is void');
  const { exceptions } = world.queue.state.totals;
  assert.deepEqual(exceptions, { 'worker-shutdown': 1 });
  assert.equal((await world.states(pool)).requested, 1);
  const row = (await world.rows(pool)).find(({ workerId }) => workerId === id);
  assert.match(row?.removalReason ?? '', /Spot/i, 'the row says why, in the cloud’s words');

  await world.liveUntil('done', () => Promise.resolve(world.queue.state.task(taskId)?.state === 'completed'));
  assert.deepEqual(world.queue.state.totals.exceptions, { 'worker-shutdown': 1 }, 'and nothing was done twice');
});

test('a worker that people remove loses its task to another one at once', async (t) => {
  const { world, id, taskId } = await aWorldAtWork(t);
  await world.client.call('DELETE', `/workers/${encodeURIComponent(pool)}/us-west-2/${id}`);
  await world.deliver();
  assert.equal(world.queue.state.task(taskId)?.state, 'pending');
  await world.liveUntil('done', () => Promise.resolve(world.queue.state.task(taskId)?.state === 'completed'));
});

test('a fleet whose machines are taken again and again gets its work done', async (t) => {
  const world = await aWorld(t, {
    regions: ['us-east-1', 'us-west-2'],
    dials: { spotInterrupted: 0.5, spotInterruptedAfterMs: [minuteMs, 5 * minuteMs] },
  });
  await world.createPool(pool, aPool({ max: 5, launchConfigs: [aLaunchConfig({ isSpot: true })] }));
  world.queue.createTasks(pool, { durationMs: 2 * minuteMs, count: 12 });
  const isDone = (): boolean => world.queue.counts(pool).pendingTasks + world.queue.counts(pool).claimedTasks === 0;
  await world.liveUntil('all resolved', () => Promise.resolve(isDone()));
  assert.equal(world.queue.state.totals.completed, 12);
  await world.liveUntil('all gone', () => Promise.resolve(world.ec2.counts.alive === 0));
  await world.live(2 * minuteMs);
  const { stopped, ...others } = await world.states(pool);
  assert.deepEqual([stopped, others], [world.ec2.counts.launched, {}]);
});
