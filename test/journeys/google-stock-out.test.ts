// spec: provisioning 6.3, 7.6, P-01, P-08, P-52

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aGoogleWorld, callsOf } from '#test/google-world.ts';
import type { GoogleWorld } from '#test/google-world.ts';
import { minuteMs, secondMs } from '#test/world.ts';
import type { SimulatedGce } from '#simulators/gce/server.ts';
import type { World } from '#test/world.ts';
import { aGoogleLaunchConfig, aGooglePool } from './a-google-pool.ts';

const west = aGoogleLaunchConfig({ zone: 'us-west1-a' });
const east = aGoogleLaunchConfig({ zone: 'us-east1-b' });
const wide = 'proj/wide';
const stockOut = { kind: 'stock', zone: 'us-west1-a', machineType: 'n2-standard-4', available: 0 } as const;

/** One turn of those that start machines, and of those that look at them, after another, with nobody at work. */
async function startFor(world: World, ms: number): Promise<void> {
  const endMs = world.clock.now().getTime() + ms;
  while (world.clock.now().getTime() < endMs) {
    await world.provision();
    await world.scan();
    await world.clock.step(10 * secondMs);
  }
}

/** The same until a pool has so many machines that come, and all those that failed have ended; for at most two minutes. */
async function startUntil({ world, gce }: GoogleWorld, requested: number): Promise<void> {
  const giveUpMs = world.clock.now().getTime() + 2 * minuteMs;
  const isReached = async (): Promise<boolean> => {
    const states = await world.states(wide);
    return states.requested === requested && (states.stopped ?? 0) === gce.counts.failed;
  };
  while (!(await isReached())) {
    assert.ok(world.clock.now().getTime() < giveUpMs, `${requested} in two minutes`);
    await startFor(world, 10 * secondMs);
  }
}

/** What was told to the owner of a pool. */
async function told(world: World, workerPoolId: string): Promise<unknown[]> {
  const problems = await world.problems(workerPoolId);
  return problems.map(({ kind, title, extra }) => [kind, title, extra['class'], extra['code']]);
}

/** The launch calls, oldest first, with how many machines each asked for. */
function launches(gce: SimulatedGce): { at: Date; instances: number }[] {
  return gce.logbook.filter(({ action }) => /[iI]nsert$/.test(action)).map(({ at, instances }) => ({ at, instances }));
}

for (const tasks of [2, 20]) {
  test(`when a zone is out of machines the others do all ${tasks} tasks, and no other pool waits`, async (t) => {
    const google = await aGoogleWorld(t);
    const { world, gce } = google;
    gce.faults.add(stockOut);
    const spare = aGoogleLaunchConfig({ zone: 'us-east1-b', workerManager: { initialWeight: 0.000_001 } });
    await world.createPool(wide, aGooglePool({ max: 60, launchConfigs: [west, spare] }));
    const others = {
      'proj/same-zone': aGoogleLaunchConfig({ zone: 'us-west1-a', machineType: 'e2-standard-4' }),
      'proj/elsewhere': aGoogleLaunchConfig({ zone: 'us-west1-b' }),
    };
    for (const [id, launchConfig] of Object.entries(others)) {
      await world.createPool(id, aGooglePool({ max: 12, launchConfigs: [launchConfig] }));
      world.queue.createTasks(id, { durationMs: minuteMs, count: 10 });
    }
    world.queue.createTasks(wide, { durationMs: minuteMs, count: tasks });
    await startUntil(google, tasks);
    for (const id of Object.keys(others)) {
      assert.deepEqual(await world.states(id), { requested: 10 });
      assert.deepEqual(await told(world, id), []);
    }
    const { failed } = gce.counts;
    assert.equal(failed, tasks, 'one wave was tried in vain');
    const problem = ['operation-error', 'Operation Error', 'capacity', 'ZONE_RESOURCE_POOL_EXHAUSTED'];
    assert.deepEqual(await told(world, wide), [problem], 'told once');

    const earlier = launches(gce).length;
    world.queue.createTasks(wide, { durationMs: minuteMs, count: 20 });
    await startUntil(google, tasks + 20);
    assert.equal(gce.counts.failed, failed, 'the zone rests');
    assert.equal(launches(gce).length, earlier + 1, 'and one call gets the others all that they want');
  });
}

test('a zone that was out of machines is asked ever more rarely by one machine, told once, and used again', async (t) => {
  const { world, gce } = await aGoogleWorld(t);
  const stock = gce.faults.add(stockOut);
  await world.createPool('proj/narrow', aGooglePool({ max: 30, launchConfigs: [west] }));
  world.queue.createTasks('proj/narrow', { durationMs: minuteMs, count: 30 });
  await startFor(world, 60 * minuteMs);
  // At 0, 2, 6, 14, 30 and 60 minutes, or a little earlier: rests are shortened by chance.
  const [first, ...probes] = launches(gce);
  assert.equal(first?.instances, 30);
  assert.ok(probes.length >= 4 && probes.length <= 6, `${probes.length} more tries in an hour`);
  assert.ok(
    probes.every(({ instances }) => instances === 1),
    'each by one machine',
  );
  const questions = callsOf(gce, 'zoneOperations.list') + callsOf(gce, 'instances.get');
  assert.ok(questions <= 4 * (1 + probes.length), `${questions} calls tell why`);
  assert.deepEqual(await world.states('proj/narrow'), { stopped: 30 + probes.length });
  assert.deepEqual(await told(world, 'proj/narrow'), [
    ['operation-error', 'Operation Error', 'capacity', 'ZONE_RESOURCE_POOL_EXHAUSTED'],
  ]);

  gce.faults.remove(stock);
  gce.resetCounts();
  await startFor(world, 32 * minuteMs);
  const [probe, rest, ...more] = launches(gce);
  assert.deepEqual([probe?.instances, rest?.instances, more], [1, 29, []]);
  const waitedMs = Number(rest?.at) - Number(probe?.at);
  assert.ok(waitedMs <= minuteMs, `once one is up the rest follows, after ${waitedMs} ms`);
});

test('a quota of one family stops that family in that region, and no other machines', async (t) => {
  const { world, gce } = await aGoogleWorld(t);
  gce.faults.add({ kind: 'quota', region: 'us-west1', metric: 'N2_CPUS', limit: 8 });
  const pools = {
    'proj/a-n2': west,
    'proj/b-n2-beside': aGoogleLaunchConfig({ zone: 'us-west1-b', machineType: 'n2-standard-8' }),
    'proj/c-e2': aGoogleLaunchConfig({ zone: 'us-west1-a', machineType: 'e2-standard-4' }),
    'proj/d-east': east,
  };
  for (const [id, launchConfig] of Object.entries(pools)) {
    await world.createPool(id, aGooglePool({ max: 12, launchConfigs: [launchConfig] }));
    world.queue.createTasks(id, { durationMs: minuteMs, count: 12 });
  }
  await startFor(world, 20 * minuteMs);
  assert.deepEqual(await world.states('proj/c-e2'), { requested: 12 });
  assert.deepEqual(await world.states('proj/d-east'), { requested: 12 });
  assert.equal((await world.states('proj/a-n2')).requested, 2, 'as many as the quota leaves');
  assert.equal((await world.states('proj/b-n2-beside')).requested, undefined);

  const setbacks = await world.service.store.setbacks('google-demo');
  assert.deepEqual(
    setbacks.map(({ scope, class: refusalClass }) => [scope, refusalClass]),
    [['us-west1/quota/cpus/n2/standard', 'quota']],
  );
  assert.deepEqual(await told(world, 'proj/a-n2'), [['operation-error', 'Operation Error', 'quota', 'QUOTA_EXCEEDED']]);
  assert.deepEqual(await told(world, 'proj/c-e2'), []);
  assert.deepEqual(await told(world, 'proj/d-east'), []);
  // Three that are served or find the limit at once, one that is refused beside them, and probes after 5 and 15 minutes.
  assert.ok(launches(gce).length <= 4 + 3, `${launches(gce).length} launch calls in 20 minutes`);
});
