// spec: provisioning 6.3, P-01

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

const pool = 'proj/refused';
const regions = ['us-east-1', 'us-west-2'];

function launchCalls(world: World, region: string): number {
  return world.ec2.counts.calls[region]?.['RunInstances'] ?? 0;
}

/** One provisioning turn after another, with nobody at work. */
async function provisionFor(world: World, ms: number, stepMs = 10 * secondMs): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await world.provision();
    await world.clock.step(stepMs);
  }
}

async function codes(world: World, workerPoolId: string): Promise<unknown[]> {
  return (await world.problems(workerPoolId)).map(({ extra }) => extra['code']);
}

test('a used-up quota closes its family in its region, for all pools, and nothing else', async (t) => {
  const world = await aWorld(t, { regions });
  world.ec2.faults.add({ kind: 'quota', region: 'us-west-2', family: 'Standard', vcpus: 0 });
  const here = (instanceType: string) => aLaunchConfig({ region: 'us-west-2', instanceType });
  await world.createPool('proj/a', aPool({ launchConfigs: [here('m5.large')] }));
  await world.createPool('proj/b-same-family', aPool({ launchConfigs: [here('c5.large')] }));
  await world.createPool('proj/c-other-family', aPool({ launchConfigs: [here('g4dn.xlarge')] }));
  await world.createPool('proj/d-other-region', aPool({ launchConfigs: [aLaunchConfig({ region: 'us-east-1' })] }));
  for (const id of await world.service.store.poolIds()) world.queue.createTasks(id, { durationMs: minuteMs, count: 5 });
  await world.provision();

  assert.deepEqual(await world.states('proj/a'), {});
  assert.deepEqual(await world.states('proj/b-same-family'), {}, 'not even asked for');
  assert.deepEqual(await world.states('proj/c-other-family'), { requested: 5 });
  assert.deepEqual(await world.states('proj/d-other-region'), { requested: 5 });
  assert.equal(launchCalls(world, 'us-west-2'), 2, 'one that was refused, one of the other family');
  await provisionFor(world, hourMs, minuteMs);
  // At 0, 5, 15 and 35 minutes: four tries of the one scope, by whichever pool; and the launch of the other family.
  assert.ok(launchCalls(world, 'us-west-2') <= 1 + 5, `${launchCalls(world, 'us-west-2')} calls`);
});

test('a missing permission is told once, with its launch config, however often it is tried', async (t) => {
  const world = await aWorld(t, { regions });
  const fault = { kind: 'error', action: 'RunInstances', region: 'us-west-2', code: 'UnauthorizedOperation' } as const;
  const forbidden = world.ec2.faults.add(fault);
  await world.createPool(pool, aPool({ launchConfigs: [aLaunchConfig()] }));
  await world.createPool('proj/allowed', aPool({ launchConfigs: [aLaunchConfig({ region: 'us-east-1' })] }));
  world.queue.createTasks(pool, { durationMs: minuteMs });
  world.queue.createTasks('proj/allowed', { durationMs: minuteMs, count: 3 });
  await provisionFor(world, 2 * hourMs, minuteMs);
  assert.deepEqual(await world.states('proj/allowed'), { requested: 3 }, 'permissions differ: another goes on');

  const tries = launchCalls(world, 'us-west-2');
  // After 1, 2, 4, 8 minutes, then every quarter of an hour, each up to a fifth earlier.
  assert.ok(tries >= 10 && tries <= 14, `${tries} tries in two hours`);
  const [problem, ...others] = await world.problems(pool);
  assert.equal(others.length, 0, 'one error for the whole incident');
  const [launchConfig] = (await world.service.store.pool(pool))?.launchConfigs ?? [];
  assert.equal(problem?.launchConfigId, launchConfig?.launchConfigId);
  assert.equal(problem?.extra['code'], 'UnauthorizedOperation');

  world.ec2.faults.remove(forbidden);
  await provisionFor(world, 20 * minuteMs, minuteMs);
  assert.deepEqual(await world.states(pool), { requested: 1 }, 'it heals by itself');
  world.ec2.faults.add({ ...fault });
  world.queue.createTasks(pool, { durationMs: minuteMs });
  await provisionFor(world, 10 * minuteMs, minuteMs);
  assert.deepEqual(await codes(world, pool), ['UnauthorizedOperation', 'UnauthorizedOperation'], 'a new incident');
});

// spec: P-52
test('what a cloud refuses is there to be read at once, and stays when its pool is deleted, before anybody observes', async (t) => {
  const world = await aWorld(t, { regions });
  world.ec2.faults.add({ kind: 'error', action: 'RunInstances', code: 'UnauthorizedOperation' });
  await world.createPool(pool, aPool({ min: 1, launchConfigs: [aLaunchConfig()] }));
  await world.provision();
  assert.deepEqual(await codes(world, pool), ['UnauthorizedOperation']);
  await world.deletePool(pool);
  assert.deepEqual(await codes(world, pool), ['UnauthorizedOperation']);
});

test('credentials that the cloud does not know stop the whole account after one call', async (t) => {
  const world = await aWorld(t, { regions });
  world.ec2.faults.add({ kind: 'error', action: 'RunInstances', code: 'AuthFailure' });
  for (const name of ['a', 'b', 'c', 'd']) {
    await world.createPool(
      `proj/${name}`,
      aPool({ launchConfigs: regions.map((region) => aLaunchConfig({ region })) }),
    );
    world.queue.createTasks(`proj/${name}`, { durationMs: minuteMs, count: 5 });
  }
  await world.provision();
  const calls = launchCalls(world, 'us-west-2') + launchCalls(world, 'us-east-1');
  assert.ok(calls <= 2, `${calls} calls: those that one turn sends at once`);
  assert.equal((await codes(world, 'proj/a')).length, calls, 'the pool that tried was told');
});

test('a launch config that EC2 takes for nonsense is asked for hourly, and the others do its share', async (t) => {
  const world = await aWorld(t, { regions });
  const broken = { kind: 'error', action: 'RunInstances', region: 'us-west-2', code: 'InvalidAMIID.NotFound' } as const;
  world.ec2.faults.add(broken);
  const launchConfigs = regions.map((region) => aLaunchConfig({ region }));
  await world.createPool(pool, aPool({ max: 40, launchConfigs }));
  for (let minute = 0; minute < 50; minute += 5) {
    world.queue.createTasks(pool, { durationMs: minuteMs, count: 3 });
    await provisionFor(world, 5 * minuteMs, minuteMs);
  }
  assert.deepEqual(await world.states(pool), { requested: 30 });
  assert.ok(launchCalls(world, 'us-west-2') <= 2, `${launchCalls(world, 'us-west-2')} calls`);

  // A corrected launch config is another one: it need not wait for the hour.
  world.ec2.faults.clear();
  const corrected = aLaunchConfig({ region: 'us-west-2', instanceType: 'm5a.large' });
  await world.updatePool(pool, aPool({ max: 40, launchConfigs: [corrected] }));
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 3 });
  await world.provision();
  assert.equal(world.ec2.instances('us-west-2').length, 3);
});

test('user data that is too long is told by its own name, and costs no call', async (t) => {
  const world = await aWorld(t, { regions });
  const launchConfig = { ...aLaunchConfig(), additionalUserData: { filling: 'x'.repeat(17_000) } };
  await world.createPool(pool, aPool({ launchConfigs: [launchConfig] }));
  world.queue.createTasks(pool, { durationMs: minuteMs });
  await provisionFor(world, 30 * minuteMs, minuteMs);
  const titles = (await world.problems(pool)).map(({ title }) => title);
  assert.deepEqual(titles, ['User Data is too long']);
  assert.equal(launchCalls(world, 'us-west-2'), 0);
});
