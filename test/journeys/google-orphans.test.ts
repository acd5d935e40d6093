// spec: P-48

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { LaunchOrder } from '#core/launch.ts';
import { lifecycleOf } from '#core/pool.ts';
import { aGoogleWorld, callsOf } from '#test/google-world.ts';
import type { GoogleWorld } from '#test/google-world.ts';
import { hourMs, minuteMs } from '#test/world.ts';
import { aGooglePool } from './a-google-pool.ts';

const pool = 'proj/orphans';
const signal = new AbortController().signal;

/** Starts two machines that no row accounts for: of an order that is known and settled without them, or of one that nobody knows. */
async function startStrangers({ world, gce }: GoogleWorld, sort: 'lost' | 'foreign'): Promise<void> {
  const { store, providers } = world.service;
  const definition = await store.pool(pool);
  const [launchConfig] = definition?.launchConfigs ?? [];
  const fleet = providers.get('google-demo')?.fleet;
  assert.ok(definition !== null && launchConfig !== undefined && fleet !== null && fleet !== undefined);
  const order: LaunchOrder = {
    orderId: randomUUID(),
    workerPoolId: pool,
    providerId: 'google-demo',
    launchConfigId: launchConfig.launchConfigId,
    scope: gce.project,
    workerGroup: 'us-west1-a',
    count: 2,
    capacityPerInstance: 1,
    placedAt: world.clock.now(),
  };
  if (sort === 'lost') {
    await store.placeOrders(pool, [order], { want: 9, maxCapacity: 9 }, order.placedAt);
    const terms = { lifecycle: lifecycleOf({}), firstLookAt: order.placedAt };
    await store.settleOrder(order, { kind: 'settled', launched: [], refusal: null }, terms, order.placedAt);
  }
  const { configuration } = launchConfig;
  await world.through(fleet.launch({ order, configuration, pool: definition }, signal));
}

async function scanFor({ world }: GoogleWorld, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += minuteMs) {
    await world.clock.step(minuteMs);
    await world.scan();
  }
}

test('machines of a settled order that nobody adopted are ended, after a time of grace', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce } = google;
  await world.createPool(pool, aGooglePool());
  await startStrangers(google, 'lost');
  await scanFor(google, 14 * minuteMs);
  assert.equal(gce.counts.alive, 2, 'they may still be adopted');
  assert.equal(callsOf(gce, 'instances.delete'), 0);
  await scanFor(google, 3 * minuteMs);
  assert.deepEqual(gce.instances(), []);
  assert.equal(callsOf(gce, 'instances.delete'), 2);
  const verdicts = world.logged('orphan').map(({ verdict }) => verdict);
  assert.deepEqual(verdicts, ['end', 'end']);
});

test('machines that carry our marks and name an order of somebody else are left alone, and told', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce } = google;
  await world.createPool(pool, aGooglePool());
  await startStrangers(google, 'foreign');
  await scanFor(google, hourMs);
  assert.equal(gce.counts.alive, 2);
  assert.equal(callsOf(gce, 'instances.delete'), 0);
  const verdicts = world.logged('orphan').map(({ verdict }) => verdict);
  assert.ok(verdicts.length > 0 && verdicts.every((verdict) => verdict === 'report'));
  assert.deepEqual(await world.states(pool), {});
});

test('look-alikes of another provider in the same project are not even looked at', async (t) => {
  // Ids that a label writes alike.
  const { world, gce } = await aGoogleWorld(t, { googleProviders: ['google-demo', 'Google_Demo', 'google-demo-2'] });
  const pools = { 'proj/one': 'google-demo', 'proj/two': 'Google_Demo', 'proj/three': 'google-demo-2' };
  for (const [id, providerId] of Object.entries(pools)) await world.createPool(id, aGooglePool({ providerId, min: 2 }));
  await world.live(30 * minuteMs, minuteMs);
  for (const id of Object.keys(pools)) assert.deepEqual(await world.states(id), { running: 2 });
  assert.deepEqual(world.logged('orphan'), []);
  assert.equal(callsOf(gce, 'instances.delete'), 0);
});

test('a machine that lives on after its worker was given up is ended', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce } = google;
  await world.createPool(pool, aGooglePool({ min: 1 }));
  await world.live(2 * minuteMs);
  const [worker] = await world.rows(pool);
  assert.ok(worker !== undefined);
  // As after a wrong answer of the cloud: the row says stopped, the machine runs.
  await world.service.store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], world.clock.now());
  await world.deletePool(pool);
  await scanFor(google, 20 * minuteMs);
  assert.deepEqual(gce.instances(), []);
  assert.equal(callsOf(gce, 'instances.delete'), 1);
});
