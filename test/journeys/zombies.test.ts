// spec: provisioning 1.6, 1.7, P-16, P-50

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Worker } from '#core/worker.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World, WorldOptions } from '#test/world.ts';
import { aPool } from './a-pool.ts';

const pool = 'proj/zombies';
const options: WorldOptions = { regions: ['us-east-1', 'us-west-2'] };
/** 20 minutes, the least there is. */
const lifecycle = { queueInactivityTimeout: 1200 };

/** Turns of every loop while the queue does not answer: none of them may fail for good, none may conclude anything. */
async function turnInOutage(world: World): Promise<void> {
  await world.workers.turn();
  await world.through(Promise.allSettled([world.provision()]), 500);
  await world.through(world.scan(), 500);
  await world.through(Promise.allSettled([world.retire()]), 500);
}

async function theOnly(world: World): Promise<Worker> {
  const [worker, ...others] = await world.rows(pool);
  assert.ok(worker !== undefined && others.length === 0);
  return worker;
}

test('a worker that never claims work is removed after the queue inactivity timeout', async (t) => {
  const world = await aWorld(t, options);
  world.queue.turnFaults({ errorRate: 1, methods: ['claimWork'] });
  await world.createPool(pool, aPool({ min: 1, max: 2, lifecycle }));
  await world.liveUntil('it runs', async () => (await world.states(pool)).running === 1);
  const { workerId } = await theOnly(world);
  await world.live(19 * minuteMs, 30 * secondMs);
  assert.deepEqual(await world.states(pool), { running: 1 });
  await world.live(6 * minuteMs, 30 * secondMs);
  const lost = (await world.rows(pool)).find((row) => row.workerId === workerId);
  assert.match(
    lost?.removalReason ?? '',
    /^worker never claimed work: registered=2026-03-01T12:\S+, queueInactivityTimeout=1200s$/,
  );
});

test('a worker that falls silent is removed, and its task done by another', async (t) => {
  const world = await aWorld(t, { ...options, crash: 'machine-hangs', dials: { crashesWhileWorking: 1 } });
  await world.createPool(pool, aPool({ max: 2, lifecycle }));
  const [taskId = ''] = world.queue.createTasks(pool, { durationMs: 5 * minuteMs });
  await world.liveUntil('it hangs', () => Promise.resolve(world.workers.counters.crashed === 1));
  const { workerId } = await theOnly(world);
  world.ec2.faults.turn({ crashesWhileWorking: 0 });

  await world.live(50 * minuteMs, 30 * secondMs);
  const lost = (await world.rows(pool)).find((row) => row.workerId === workerId);
  assert.equal(lost?.state, 'stopped');
  assert.match(lost.removalReason ?? '', /^worker inactive: lastDateActive=\S+, queueInactivityTimeout=1200s$/);
  assert.equal(world.queue.state.task(taskId)?.state, 'completed');
});

test('workers that wait for work in vain are no zombies', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 2, max: 2, lifecycle }));
  await world.live(hourMs, minuteMs);
  assert.deepEqual(await world.states(pool), { running: 2 });
  assert.equal(world.ec2.counts.launched, 2);
});

test('a queue outage removes nobody and requests nobody, also when it lasted longer than any timeout', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 2, max: 6, lifecycle }));
  await world.liveUntil('both run', async () => (await world.states(pool)).running === 2);
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 10 });
  world.queue.turnFaults({ isOut: true });
  for (let times = 0; times < 4; times++) {
    await world.clock.step(hourMs);
    await turnInOutage(world);
    assert.deepEqual(await world.states(pool), { running: 2 });
  }
  assert.ok(world.logged('queue-silent').length > 0, 'it was asked');

  // Its first words are four hours old: the workers must have had time to call it again.
  world.queue.resetFaults();
  await world.scan();
  assert.deepEqual(await world.states(pool), { running: 2 });
  await world.live(10 * minuteMs);
  const removed = (await world.rows(pool)).filter(({ removalReason }) => removalReason?.includes('inactiv'));
  assert.deepEqual(removed, []);
  assert.equal(world.queue.state.totals.completed, 10);
});

test('quarantined workers take their place below the maximum, and get no advice', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 2, max: 3, lifecycle }));
  await world.liveUntil('both run', async () => (await world.states(pool)).running === 2);
  await world.live(30 * secondMs);
  for (const { workerGroup, workerId } of await world.rows(pool)) {
    const row = world.queue.state.workers(pool)?.find({ workerGroup, workerId }, world.clock.now());
    assert.ok(row !== undefined);
    row.quarantineUntil = new Date(world.clock.now().getTime() + 24 * hourMs);
  }
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 5 });
  await world.live(30 * minuteMs, 30 * secondMs);
  assert.ok(world.ec2.counts.alive <= 3, 'the maximum held');
  const quarantined = (await world.rows(pool)).slice(-2);
  assert.deepEqual(
    quarantined.map(({ state, decision }) => [state, decision]),
    [
      ['running', null],
      ['running', null],
    ],
    'kept for whoever wants to look at them',
  );
  assert.equal(world.queue.state.totals.completed, 5, 'by the one that there was room for');
});
