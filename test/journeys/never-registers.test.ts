// spec: provisioning 1.3, 1.4

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

const pool = 'proj/silent';
const regions = ['us-east-1', 'us-west-2'];
const lifecycle = { registrationTimeout: 600 };

test('a worker that never registers is ended after its registration timeout, and its place is filled again', async (t) => {
  const world = await aWorld(t, { regions, dials: { neverRegisters: 1 } });
  await world.createPool(pool, aPool({ min: 1, max: 2, lifecycle }));
  await world.provision();
  const [lost] = world.ec2.instances();
  world.ec2.faults.turn({ neverRegisters: 0 });

  await world.clock.step(10 * minuteMs);
  await world.scan();
  assert.deepEqual(await world.states(pool), { requested: 1 }, 'it has its whole time');
  await world.clock.step(secondMs);
  await world.scan();
  await world.provision();
  assert.deepEqual(await world.states(pool), { stopping: 1, requested: 1 });
  assert.equal(world.ec2.instances().find(({ id }) => id === lost?.id)?.state, 'shutting-down');

  await world.live(2 * minuteMs);
  assert.deepEqual(await world.states(pool), { stopped: 1, running: 1 });
  const row = (await world.rows(pool)).find(({ workerId }) => workerId === lost?.id);
  assert.deepEqual([row?.removalReason, row?.previousState], ['terminateAfter time exceeded', 'requested']);
});

test('a registration timeout works also at the maximum: the place is free when the machine is gone', async (t) => {
  const world = await aWorld(t, { regions, dials: { neverRegisters: 1 } });
  await world.createPool(pool, aPool({ min: 1, max: 1, lifecycle }));
  await world.provision();
  world.ec2.faults.turn({ neverRegisters: 0 });
  for (let minute = 0; minute < 14; minute++) {
    await world.live(minuteMs, 30 * secondMs);
    assert.ok(world.ec2.counts.alive <= 1, 'the maximum held');
  }
  assert.deepEqual(await world.states(pool), { stopped: 1, running: 1 });
});

test('a pool whose machines never register starts few of them, and heals by itself', async (t) => {
  const world = await aWorld(t, { regions, dials: { neverRegisters: 1 } });
  await world.createPool(pool, aPool({ max: 20, lifecycle }));
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 20 });
  // Nobody is there to work: only launches and their ends matter.
  for (let minute = 0; minute < 6 * 60; minute++) {
    await world.provision();
    await world.advance();
    await world.clock.step(minuteMs);
  }
  // Without its breaker the pool would start 20 machines every eleven minutes: 650 in six hours.
  const lost = world.ec2.counts.launched;
  assert.equal(lost, 27, 'the first wave, and single probes ever more rarely');
  const report = world.logged('simple-estimate').at(-1);
  assert.equal(report?.['pendingTasks'], 20, 'the tasks still wait');

  world.ec2.faults.turn({ neverRegisters: 0 });
  const isDone = (): boolean => world.queue.state.totals.completed === 20;
  await world.liveUntil('all tasks done', () => Promise.resolve(isDone()), 3 * hourMs, minuteMs);
  const needed = world.ec2.counts.launched - lost;
  assert.ok(needed <= 21, `one more probe, then as many as there are tasks: ${needed}`);
});

test('a launch config that never works takes few machines, and the pool works with the others', async (t) => {
  const world = await aWorld(t, { regions });
  const good = aLaunchConfig({ region: 'us-east-1' });
  const bad = aLaunchConfig({ region: 'us-west-2' });
  await world.createPool(pool, aPool({ max: 40, lifecycle, launchConfigs: [good, bad] }));
  const startedIn = (region: string): number => world.ec2.instances(region).length;
  let asked = 0;
  for (let minute = 0; minute < 60; minute++) {
    asked += world.queue.createTasks(pool, { durationMs: minuteMs, count: 2 }).length;
    await world.provision();
    for (const { id } of world.ec2.instances('us-west-2')) world.ec2.steering.setFate(id, 'never-registers');
    await world.live(minuteMs, minuteMs);
  }
  assert.ok(startedIn('us-west-2') >= 5, 'it had its chance');
  assert.ok(startedIn('us-west-2') < 20, `${startedIn('us-west-2')} machines of the bad launch config`);
  const { completed } = world.queue.state.totals;
  assert.ok(completed > 0.9 * asked, `${completed} of ${asked} tasks done`);
});
