// spec: P-42, P-48, P-54

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { LaunchOrder } from '#core/launch.ts';
import { provisionPool } from '#loops/provision.ts';
import { aGoogleWorld, callsOf } from '#test/google-world.ts';
import type { GoogleWorld } from '#test/google-world.ts';
import { minuteMs, secondMs } from '#test/world.ts';
import { aGoogleLaunchConfig, aGooglePool } from './a-google-pool.ts';

const pool = 'proj/lost';
const zone = 'us-west1-a';
const signal = new AbortController().signal;
/** Few machines are started by single inserts, many by one bulkInsert. */
const counts = [3, 12];

/** What a process that dies right afterwards has done: the order is stored, and nobody works on it. */
async function placeOrder({ world, gce }: GoogleWorld, count: number): Promise<LaunchOrder> {
  const { store } = world.service;
  const [launchConfig] = (await store.pool(pool))?.launchConfigs ?? [];
  const draft = {
    orderId: randomUUID(),
    workerPoolId: pool,
    providerId: 'google-demo',
    launchConfigId: launchConfig?.launchConfigId ?? '',
    scope: gce.project,
    workerGroup: zone,
    count,
    capacityPerInstance: 1,
  };
  const [order] = await store.placeOrders(pool, [draft], { want: 100, maxCapacity: 100 }, world.clock.now());
  assert.ok(order !== undefined);
  return order;
}

/** What a process that dies right afterwards has done: the machines run, and nobody has stored them. */
async function launch({ world }: GoogleWorld, order: LaunchOrder): Promise<void> {
  const definition = await world.service.store.pool(pool);
  assert.ok(definition !== null);
  const configuration = definition.launchConfigs[0]?.configuration ?? {};
  const fleet = world.service.providers.get('google-demo')?.fleet;
  assert.ok(fleet !== null && fleet !== undefined);
  await world.through(fleet.launch({ order, configuration, pool: definition }, signal));
}

async function assertNothingIsDoubledOrLost({ world, gce }: GoogleWorld, machines: number): Promise<void> {
  assert.equal(gce.counts.launched, machines);
  const rows = (await world.rows(pool)).map(({ workerId }) => workerId).toSorted();
  assert.deepEqual(
    rows,
    gce
      .instances()
      .map(({ id }) => id)
      .toSorted(),
  );
}

/** Lets the process die while a call of its launch hangs. */
async function dieDuring({ world, gce }: GoogleWorld, action: string, when: 'before' | 'after'): Promise<void> {
  const fault = gce.faults.add({ kind: 'hang', action, when, times: 1 });
  const process = new AbortController();
  const turn = provisionPool(world.service.loops, pool, process.signal);
  turn.catch(() => undefined);
  await world.until('the call that hangs', () => gce.counts.outcomes['hang'] === 1);
  process.abort(new Error('killed'));
  await assert.rejects(turn, /killed/);
  gce.faults.remove(fault);
}

for (const [count, action, when] of [
  [3, 'instances.insert', 'before'],
  [3, 'instances.insert', 'after'],
  [12, 'instances.bulkInsert', 'before'],
  [12, 'instances.bulkInsert', 'after'],
  [12, 'instances.list', 'before'],
  [12, 'instances.list', 'after'],
] as const) {
  test(`a process that dies in a launch of ${count}, ${when} ${action} has its effect, loses and doubles nothing`, async (t) => {
    const google = await aGoogleWorld(t);
    const { world } = google;
    await world.createPool(pool, aGooglePool({ min: count, max: 20 }));
    await dieDuring(google, action, when);
    assert.deepEqual(await world.states(pool), {}, 'nobody knows');
    await world.live(80 * secondMs);
    assert.deepEqual(await world.states(pool), {}, 'and nothing is ordered twice');
    await world.live(2 * minuteMs);
    assert.deepEqual(await world.states(pool), { running: count });
    await assertNothingIsDoubledOrLost(google, count);
    assert.equal(world.workers.counters.refused, 0, 'those that came early were told to come again');
  });
}

for (const count of counts) {
  const action = count < 10 ? 'instances.insert' : 'instances.bulkInsert';

  test(`an order for ${count} whose process died before the launch is sent by another one`, async (t) => {
    const google = await aGoogleWorld(t);
    const { world, gce } = google;
    await world.createPool(pool, aGooglePool({ min: count, max: 20 }));
    await placeOrder(google, count);
    await world.provision();
    assert.equal(gce.counts.launched, 0, 'what is ordered is not ordered again');
    await world.clock.step(91 * secondMs);
    await world.settle();
    assert.deepEqual(await world.states(pool), { requested: count });
    await world.provision();
    await assertNothingIsDoubledOrLost(google, count);
  });

  test(`${count} machines whose process died after the launch are adopted`, async (t) => {
    const google = await aGoogleWorld(t);
    const { world, gce } = google;
    await world.createPool(pool, aGooglePool({ min: count, max: 20 }));
    await launch(google, await placeOrder(google, count));
    const calls = callsOf(gce, action);
    await world.clock.step(91 * secondMs);
    await world.settle();
    assert.deepEqual(await world.states(pool), { requested: count });
    assert.equal(callsOf(gce, action), 2 * calls, 'the same calls once more');
    assert.equal(gce.counts.replayed, calls, 'of which each is a repeat to Google');
    await assertNothingIsDoubledOrLost(google, count);
  });

  test(`${count} machines that Google would start again, having forgotten the request, are found by their names`, async (t) => {
    const google = await aGoogleWorld(t, { dials: { requestIdKeptMs: 0 } });
    const { world } = google;
    await world.createPool(pool, aGooglePool({ min: count, max: 20 }));
    await launch(google, await placeOrder(google, count));
    await world.clock.step(91 * secondMs);
    await world.settle();
    assert.deepEqual(await world.states(pool), { requested: count });
    await assertNothingIsDoubledOrLost(google, count);
  });

  // The owner is a label, so Google sees the request id again with another body; a launch config that is gone is not sent again.
  for (const [what, change] of [
    ['owner', { owner: 'somebody.else@example.com' }],
    ['launch config', aGooglePool({ min: count, max: 20, launchConfigs: [aGoogleLaunchConfig({ isSpot: true })] })],
  ] as const) {
    test(`a pool with another ${what} meanwhile does not keep ${count} lost machines from being found`, async (t) => {
      const google = await aGoogleWorld(t);
      const { world } = google;
      const body = aGooglePool({ min: count, max: 20 });
      await world.createPool(pool, body);
      await launch(google, await placeOrder(google, count));
      await world.updatePool(pool, { ...body, ...change });
      await world.clock.step(91 * secondMs);
      await world.settle();
      assert.deepEqual(await world.states(pool), { requested: count });
      await assertNothingIsDoubledOrLost(google, count);
    });
  }

  for (const fault of [
    { kind: 'reset', times: 3 },
    { kind: 'error', reason: 'backendError', times: 3 },
    { kind: 'hang', times: 1 },
  ] as const) {
    test(`${count} machines whose launch is not answered (${fault.kind}) are adopted, and work`, async (t) => {
      const google = await aGoogleWorld(t);
      const { world, gce } = google;
      gce.faults.add({ ...fault, when: 'after', action });
      await world.createPool(pool, aGooglePool({ max: count }));
      world.queue.createTasks(pool, { durationMs: minuteMs, count: 20 });
      const isDone = (): boolean => {
        assert.ok(gce.counts.alive <= count, 'the maximum holds');
        return world.queue.state.totals.completed === 20;
      };
      await world.liveUntil('all tasks done', () => Promise.resolve(isDone()), 40 * minuteMs);
      assert.equal(world.workers.counters.refused, 0, 'those that come early are told to come again');
      await world.liveUntil('all gone', () => Promise.resolve(gce.instances().length === 0));
      await world.live(minuteMs);
      assert.deepEqual(await world.states(pool), { stopped: gce.counts.launched });
      assert.ok(gce.counts.launched <= 2 * count, `${gce.counts.launched} machines, of which none idled in vain`);
    });
  }
}

for (const reason of ['rateLimitExceeded', 'authError', 'forbidden']) {
  test(`a repeat that is refused with ${reason} says nothing of the machines that are there already`, async (t) => {
    const google = await aGoogleWorld(t);
    const { world, gce } = google;
    await world.createPool(pool, aGooglePool({ min: 3, max: 20 }));
    await launch(google, await placeOrder(google, 3));
    gce.faults.add({ kind: 'error', action: 'instances.insert', reason });
    await world.clock.step(91 * secondMs);
    await world.settle();
    assert.deepEqual(await world.states(pool), { requested: 3 });
    await assertNothingIsDoubledOrLost(google, 3);
  });
}

test('a deleted pool sends nothing any more, takes its lost machines home, and then it goes', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce } = google;
  await world.createPool(pool, aGooglePool({ min: 3, max: 20 }));
  await launch(google, await placeOrder(google, 3));
  await placeOrder(google, 4);
  await placeOrder(google, 12);
  await world.deletePool(pool);
  await world.live(3 * minuteMs, 30 * secondMs);
  assert.equal(gce.counts.launched, 3, 'orders that were never sent stay unsent');
  assert.equal(world.workers.counters.registered, 3);
  await world.live(10 * minuteMs, 30 * secondMs);
  assert.deepEqual(gce.instances(), []);
  await world.provision();
  await world.expire();
  assert.equal(await world.service.store.pool(pool), null);
});
