// spec: provisioning 7.3, P-23

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { poolLimits } from '#core/pool.ts';
import { readPools } from '#demo/pools.ts';
import type { ExamplePool } from '#demo/pools.ts';
import { aGoogleWorld } from '#test/google-world.ts';
import { aGoogleLaunchConfig, aGooglePool } from './a-google-pool.ts';

const realPools = new URL('../../../shared/data/pools/', import.meta.url);

/** The Google definitions among those that owners of real pools send. */
function realGooglePools(): ExamplePool[] {
  return ['community-tc-config/', 'fxci-config/']
    .flatMap((folder) => readPools(new URL(folder, realPools)))
    .filter(({ body }) => launchConfigsOf(body).some(({ zone }) => zone !== undefined));
}

function launchConfigsOf(body: JsonObject): readonly JsonObject[] {
  const config = body['config'] as JsonObject;
  return (config['launchConfigs'] ?? []) as readonly JsonObject[];
}

/** A pool wakes on demand, works, goes back to sleep, is deleted, drained, and forgotten. */
async function livesAndDies(t: TestContext, { workerPoolId, body }: ExamplePool): Promise<void> {
  const launchConfigs = launchConfigsOf(body);
  const zones = new Set(launchConfigs.map(({ zone }) => zone));
  const { world, gce } = await aGoogleWorld(t, {
    regions: [...new Set(launchConfigs.map(({ region }) => String(region)))],
    googleProviders: [String(body['providerId'])],
  });
  const created = await world.createPool(workerPoolId, body);
  assert.equal(launchConfigsOf(created).length, launchConfigs.length);

  const { minCapacity, maxCapacity } = poolLimits(body['config'] as JsonObject);
  const taskIds = world.queue.createTasks(workerPoolId, { durationMs: 60_000, count: Math.min(maxCapacity, 12) });
  await world.through(world.provision());
  const launched = gce.instances();
  assert.ok(launched.length > 0, 'machines were requested');
  for (const { zone, name, metadata, labels } of launched) {
    assert.ok(zones.has(zone), `${zone} is a zone of the pool`);
    assert.match(name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
    assert.equal(labels['managed-by'], 'taskcluster');
    const told = JSON.parse(metadata['taskcluster'] ?? '{}') as JsonObject;
    assert.deepEqual([told['workerPoolId'], told['workerGroup']], [workerPoolId, zone]);
  }

  await world.liveUntil('all tasks resolved', () =>
    Promise.resolve(taskIds.every((taskId) => world.queue.state.task(taskId)?.state === 'completed')),
  );
  assert.ok(world.workers.counters.registered > 0);
  assert.equal(world.workers.counters.refused, 0);
  assert.ok(gce.counts.alive <= Math.max(1, maxCapacity), 'the maximum held');
  await world.liveUntil('idle workers gone', () => Promise.resolve(gce.counts.alive <= minCapacity));

  await world.deletePool(workerPoolId);
  await world.liveUntil('drained', async () =>
    Object.keys(await world.states(workerPoolId)).every((state) => state === 'stopped'),
  );
  await world.provision();
  await world.expire();
  assert.equal(await world.service.store.pool(workerPoolId), null, 'the row expired');
  assert.deepEqual(gce.instances(), [], 'nothing is left at the cloud, stopped machines neither');

  const told = (exchange: string): number => world.events.filter((event) => event.exchange === exchange).length;
  assert.equal(told('worker-requested'), gce.counts.launched);
  assert.equal(told('worker-stopped'), told('worker-requested'), 'every worker requested was told to have stopped');
}

const ownPools: Record<string, JsonObject> = {
  'demo/google': aGooglePool({ max: 6 }),
  'demo/google-spot': aGooglePool({
    max: 20,
    launchConfigs: ['us-west1-a', 'us-west1-b', 'us-east1-b'].map((zone) =>
      aGoogleLaunchConfig({ zone, isSpot: true }),
    ),
  }),
  'Upper_Case/under-scores': aGooglePool({ max: 6 }),
  '2024_q1/leading-digits': aGooglePool({ max: 6 }),
  [`${'Z'.repeat(38)}/${'z'.repeat(38)}`]: aGooglePool({ max: 6 }),
  [`${'_'.repeat(38)}/a${'-9'.repeat(18)}z`]: aGooglePool({ max: 6 }),
};

for (const [workerPoolId, body] of Object.entries(ownPools)) {
  test(`the pool ${workerPoolId} wakes, works, sleeps, and is forgotten`, async (t) =>
    livesAndDies(t, { workerPoolId, body }));
}

if (existsSync(realPools)) {
  for (const pool of realGooglePools()) {
    test(`the real pool ${pool.workerPoolId} is accepted unchanged, wakes, works, sleeps, and is forgotten`, async (t) =>
      livesAndDies(t, pool));
  }
} else {
  test('real pools live', { skip: 'no real pool definitions beside this checkout' }, () => undefined);
}
