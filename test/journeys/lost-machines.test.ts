// spec: provisioning 1.10, 6.5, 6.6, P-13, P-15, P-19, P-21

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '#demo/client.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World, WorldOptions } from '#test/world.ts';
import { aPool } from './a-pool.ts';

const pool = 'proj/lost';
const regions = ['us-east-1', 'us-west-2'];

/** A world with one working machine, and its id. */
async function aWorldAtWork(t: Parameters<typeof aWorld>[0], options: WorldOptions = {}): Promise<[World, string]> {
  const world = await aWorld(t, { regions, ...options });
  await world.createPool(pool, aPool({ min: 1, max: 3, lifecycle: { reregistrationTimeout: 2_592_000 } }));
  await world.liveUntil('one works', async () => (await world.states(pool)).running === 1);
  const [instance] = world.ec2.instances();
  return [world, instance?.id ?? ''];
}

async function stateOf(world: World, workerId: string): Promise<string | undefined> {
  return (await world.rows(pool)).find((row) => row.workerId === workerId)?.state;
}

/** What was told of a worker's life. */
function told(world: World, workerId: string): string[] {
  return world.events.flatMap((event) =>
    event.exchange !== 'worker-pool-error' && 'workerId' in event.payload && event.payload.workerId === workerId
      ? [event.exchange]
      : [],
  );
}

test('machines that EC2 does not show yet are not taken for lost', async (t) => {
  const world = await aWorld(t, {
    regions,
    dials: { hiddenMs: [2 * minuteMs, 4 * minuteMs], untaggedMs: [6 * minuteMs, 9 * minuteMs] },
  });
  await world.createPool(pool, aPool({ min: 4, max: 20 }));
  await world.live(12 * minuteMs, 20 * secondMs);
  assert.deepEqual(await world.states(pool), { running: 4 });
  assert.equal(world.ec2.counts.launched, 4);
  assert.equal(world.ec2.counts.terminated, 0);
});

test('a machine that somebody else terminates is stopped, and its place filled again', async (t) => {
  const [world, id] = await aWorldAtWork(t);
  world.ec2.steering.terminate(id);
  await world.live(2 * minuteMs);
  assert.equal(await stateOf(world, id), 'stopped');
  assert.deepEqual(await world.states(pool), { stopped: 1, running: 1 });
  assert.deepEqual(told(world, id), ['worker-requested', 'worker-running', 'worker-stopped']);
});

test('a machine that somebody else stops is terminated too, since its disks still cost money', async (t) => {
  const [world, id] = await aWorldAtWork(t);
  world.ec2.steering.stop(id);
  await world.live(2 * minuteMs);
  assert.equal(await stateOf(world, id), 'stopped');
  assert.equal(world.ec2.instances().find((instance) => instance.id === id)?.state, 'terminated');
  assert.deepEqual(told(world, id), ['worker-requested', 'worker-running', 'worker-stopped']);
});

test('a machine that is missing is believed gone only when EC2 says so by its id, and not while it is young', async (t) => {
  const [world, id] = await aWorldAtWork(t);
  world.ec2.steering.vanish(id);
  await world.live(3 * minuteMs);
  assert.equal(await stateOf(world, id), 'running', 'EC2 may not know a young machine');
  await world.live(3 * minuteMs);
  assert.equal(await stateOf(world, id), 'stopped');
  assert.deepEqual(await world.states(pool), { stopped: 1, running: 1 });
});

test('while EC2 does not list its machines nothing is concluded', async (t) => {
  const [world, id] = await aWorldAtWork(t);
  world.ec2.faults.add({ kind: 'error', action: 'DescribeInstances', code: 'Unavailable' });
  await world.clock.step(10 * minuteMs);
  const scan = await world.through(Promise.allSettled([world.scan()]), 500);
  assert.equal(scan[0].status, 'rejected', 'the engine hears of it and comes back');
  assert.equal(await stateOf(world, id), 'running');
  world.ec2.faults.clear();
  await world.live(minuteMs);
  assert.deepEqual(await world.states(pool), { running: 1 });
});

test('a delete call that fails is repeated until the machine is gone; people hear of it when it lasts', async (t) => {
  const [world, id] = await aWorldAtWork(t);
  world.ec2.faults.add({ kind: 'error', action: 'TerminateInstances', code: 'OperationNotPermitted', times: 9 });
  await world.client.call('DELETE', `/workers/${segment(pool)}/us-west-2/${id}`);
  for (let passed = 0; passed < 10; passed++) await world.live(minuteMs, 5 * secondMs);
  assert.equal(await stateOf(world, id), 'stopped');
  assert.equal(world.ec2.counts.calls['us-west-2']?.['TerminateInstances'], 10, 'as often as needed');
  assert.deepEqual(told(world, id), ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped']);
  const problems = await world.problems(pool);
  assert.deepEqual(
    problems.map(({ kind, title, extra }) => [kind, title, extra]),
    [
      [
        'termination-error',
        'Instance Termination Error',
        { workerGroup: 'us-west-2', workerId: id, code: 'OperationNotPermitted', class: 'configuration' },
      ],
    ],
  );
});

test('a delete call that is not answered is repeated as well', async (t) => {
  const [world, id] = await aWorldAtWork(t);
  world.ec2.faults.add({ kind: 'error', action: 'TerminateInstances', code: 'InternalError', times: 6 });
  await world.client.call('DELETE', `/workers/${segment(pool)}/us-west-2/${id}`);
  await world.through(world.advance());
  assert.equal(await stateOf(world, id), 'stopping');
  await world.clock.step(10 * secondMs);
  await world.through(world.advance());
  await world.live(2 * minuteMs);
  assert.equal(await stateOf(world, id), 'stopped');
});

test('removing a worker leads to one delete call, however often it is asked for and looked at', async (t) => {
  const [world, id] = await aWorldAtWork(t, { dials: { shutDownMs: [40_000, 40_000] } });
  for (let times = 0; times < 3; times++) {
    await world.client.call('DELETE', `/workers/${segment(pool)}/us-west-2/${id}`);
    await world.advance();
    await world.live(10 * secondMs);
  }
  await world.live(2 * minuteMs);
  assert.equal(world.ec2.counts.calls['us-west-2']?.['TerminateInstances'], 1);
  assert.deepEqual(told(world, id), ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped']);
});

test('the row of a machine that works for weeks stays, that of a stopped one goes after a week', async (t) => {
  const [world, old] = await aWorldAtWork(t);
  world.ec2.steering.terminate(old);
  await world.live(2 * minuteMs);
  const [young] = await world.rows(pool);
  await world.live(20 * 24 * hourMs, 24 * hourMs);
  await world.expire();
  assert.equal(await stateOf(world, young?.workerId ?? ''), 'running');
  assert.equal(await stateOf(world, old), undefined);
});
