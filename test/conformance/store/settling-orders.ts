import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LaunchOutcome } from '#core/launch.ts';
import {
  aPool,
  after,
  anOrder,
  dayMs,
  launched,
  minuteMs,
  now,
  poolId,
  providerId,
  refusal,
  scope,
  terms,
  toldEvents,
  toldExchanges,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const nothing: LaunchOutcome & { kind: 'settled' } = { kind: 'settled', launched: [], refusal: null };

/** What every store promises of settling orders. */
export function orderSettlingPromises(open: OpenStore): void {
  // spec: provisioning 1.8, 2.6, W53, P-54
  test('a settled order becomes workers, told as requested, and is no longer ordered', async (t) => {
    const store = await open(t);
    await aPool(store);
    await toldEvents(store);
    const order = await anOrder(store, { count: 2, capacityPerInstance: 3 });
    const workers = await store.settleOrder(order, launched(2), terms, after(1));
    assert.deepEqual(
      workers.map(({ workerId, state, created }) => [workerId, state, created]),
      [
        ['i-0', 'requested', after(1)],
        ['i-1', 'requested', after(1)],
      ],
    );
    const events = await toldEvents(store);
    assert.deepEqual(events[0], {
      exchange: 'worker-requested',
      payload: {
        workerPoolId: poolId,
        workerGroup: scope,
        workerId: 'i-0',
        providerId,
        capacity: 3,
        launchConfigId: 'a',
        timestamp: after(1).toISOString(),
      },
    });
    assert.equal(events.length, 2);
    const tally = (await store.tallies([poolId], now)).get(poolId);
    assert.deepEqual([tally?.ordered, tally?.requested], [0, 6]);
    assert.equal((await store.orders([order.orderId])).get(order.orderId)?.isOpen, false);
    assert.deepEqual(await store.nextWorkerDue(providerId, scope), terms.firstLookAt);
  });

  // spec: P-31
  test('settling again, by anyone and at once, adds nothing twice', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store, { count: 5 });
    await toldEvents(store);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => store.settleOrder(order, launched(5), terms, now)),
    );
    assert.equal(answers.flat().length, 5);
    assert.equal((await toldExchanges(store)).length, 5);
    assert.equal((await store.launchRecords(poolId))[0]?.attempts, 5);
  });

  test('machines that show up after their order lapsed are adopted all the same, and tried once', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store, { count: 2 });
    assert.deepEqual(await store.settleOrder(order, nothing, terms, now), []);
    assert.equal((await store.tallies([poolId], now)).get(poolId)?.ordered, 0);
    assert.equal((await store.settleOrder(order, launched(1), terms, after(1))).length, 1);
    assert.deepEqual(
      (await store.settleOrder(order, launched(2), terms, after(2))).map(({ workerId }) => workerId),
      ['i-1'],
    );
    assert.equal((await store.poolCounts([poolId])).get(poolId)?.requested.count, 2);
    assert.equal((await store.launchRecords(poolId))[0]?.attempts, 2);
  });

  test('a machine of an order whose row is long gone is adopted too', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store);
    await store.settleOrder(order, nothing, terms, now);
    assert.equal(await store.expireOrders(after(1)), 1);
    assert.equal((await store.settleOrder(order, launched(1), terms, now)).length, 1);
  });

  test('an unknown outcome leaves the order open, and its capacity ordered', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store, { count: 2 });
    assert.deepEqual(await store.settleOrder(order, { kind: 'unknown', launched: [] }, terms, now), []);
    assert.equal((await store.tallies([poolId], now)).get(poolId)?.ordered, 2);
    assert.deepEqual(await store.launchRecords(poolId), []);
  });

  test('what is known of an order of which not all is becomes workers, and only the rest stays ordered', async (t) => {
    const store = await open(t);
    await aPool(store);
    await toldEvents(store);
    const order = await anOrder(store, { count: 5, capacityPerInstance: 3 });
    const known = (count: number) => ({ kind: 'unknown', launched: launched(count).launched }) as const;
    const sums = async () => {
      const tally = (await store.tallies([poolId], now)).get(poolId);
      return [tally?.ordered, tally?.requested];
    };
    assert.equal((await store.settleOrder(order, known(2), terms, now)).length, 2);
    assert.deepEqual(await sums(), [9, 6]);
    assert.equal((await store.settleOrder(order, known(3), terms, now)).length, 1, 'each once');
    assert.deepEqual(await sums(), [6, 9]);
    assert.equal((await store.orders([order.orderId])).get(order.orderId)?.isOpen, true);
    assert.deepEqual(await store.launchRecords(poolId), []);

    // One of them is gone by now, another was not shown before: four have started.
    const { launched: all } = launched(4);
    const rest = { ...nothing, launched: all.slice(1), refusal: refusal('capacity') };
    assert.equal((await store.settleOrder(order, rest, terms, now)).length, 1);
    assert.deepEqual(await sums(), [0, 12]);
    const [record] = await store.launchRecords(poolId);
    assert.deepEqual([record?.attempts, record?.failures], [5, 1]);
    assert.deepEqual(await toldExchanges(store), Array(4).fill('worker-requested'));
  });

  test('an order that is settled while a part of it becomes known adds nothing twice', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store, { count: 5 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const { launched: machines } = launched(index % 2 === 0 ? 5 : 3);
        const outcome = index % 2 === 0 ? { ...nothing, launched: machines.toReversed() } : { launched: machines };
        return store.settleOrder(order, { kind: 'unknown', ...outcome }, terms, now);
      }),
    );
    assert.equal(answers.flat().length, 5);
    assert.equal((await store.tallies([poolId], now)).get(poolId)?.ordered, 0);
  });

  test('a machine named twice in one outcome is one worker', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store, { count: 2 });
    const { launched: machines } = launched(1);
    const outcome = { ...nothing, launched: [...machines, ...machines] };
    assert.equal((await store.settleOrder(order, outcome, terms, now)).length, 1);
  });

  // spec: E66
  test('a worker ends by the smaller of its two time limits', async (t) => {
    const store = await open(t);
    await aPool(store);
    const lifecycle = {
      registrationTimeoutMs: null,
      reregistrationTimeoutMs: 30_000,
      queueInactivityTimeoutMs: 1_200_000,
    };
    const order = await anOrder(store);
    const [worker] = await store.settleOrder(order, launched(1), { ...terms, lifecycle }, now);
    assert.deepEqual(
      [worker?.terminateAfter, worker?.reregistrationTimeoutMs, worker?.queueInactivityTimeoutMs],
      [after(30_000), 30_000, 1_200_000],
    );
  });

  test('an order without sign of life is abandoned, longest silent first; settled ones never', async (t) => {
    const store = await open(t);
    await aPool(store);
    const silent = await anOrder(store, {}, after(1));
    const older = await anOrder(store, {}, now);
    const alive = await anOrder(store, {}, now);
    const settled = await anOrder(store, {}, now);
    await store.settleOrder(settled, nothing, terms, now);
    await store.touchOrders([alive.orderId, settled.orderId, 'no-such'], after(minuteMs));
    const abandoned = async (before: Date, limit = 9): Promise<string[]> =>
      (await store.abandonedOrders({ providerId, scope }, before, limit)).map(({ orderId }) => orderId);
    assert.deepEqual(await abandoned(now), []);
    assert.deepEqual(await abandoned(after(minuteMs)), [older.orderId, silent.orderId]);
    assert.deepEqual(await abandoned(after(minuteMs), 1), [older.orderId]);
    assert.deepEqual(await abandoned(after(minuteMs + 1)), [older.orderId, silent.orderId, alive.orderId]);
    assert.deepEqual((await store.abandonedOrders({ providerId, scope }, after(1), 1))[0], older);
    assert.deepEqual(await store.abandonedOrders({ providerId, scope: 'eu-west-1' }, after(dayMs), 1), []);
    await store.touchOrders([], now);
  });

  test('the scopes with abandoned orders are known, each once', async (t) => {
    const store = await open(t);
    await aPool(store);
    for (const other of [{}, {}, { scope: 'eu-west-1' }, { scope: 'late' }]) {
      await anOrder(store, other, other.scope === 'late' ? after(minuteMs) : now);
    }
    const settled = await anOrder(store, { scope: 'settled' }, now);
    await store.settleOrder(settled, nothing, terms, now);
    assert.deepEqual(await store.abandonedScopes(after(1)), [
      { providerId, scope: 'eu-west-1' },
      { providerId, scope },
    ]);
    assert.deepEqual(await store.abandonedScopes(now), []);
  });

  // spec: P-54
  test('an early registration finds out whether an order of its pool, provider and group is open', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store, { workerGroup: 'zone-a' });
    assert.equal(await store.hasOpenOrder(poolId, providerId, 'zone-a'), true);
    assert.equal(await store.hasOpenOrder(poolId, providerId, 'zone-b'), false);
    assert.equal(await store.hasOpenOrder(poolId, 'google', 'zone-a'), false);
    assert.equal(await store.hasOpenOrder('other/pool', providerId, 'zone-a'), false);
    await store.settleOrder(order, nothing, terms, now);
    assert.equal(await store.hasOpenOrder(poolId, providerId, 'zone-a'), false);
  });

  test('a settled order is kept as long as it may tell our machines from strangers', async (t) => {
    const store = await open(t);
    await aPool(store);
    const open1 = await anOrder(store);
    const fruitless = await anOrder(store);
    const fruitful = await anOrder(store);
    await store.settleOrder(fruitless, nothing, terms, now);
    const [worker] = await store.settleOrder(fruitful, launched(1), terms, now);
    assert.ok(worker);
    assert.equal(await store.expireOrders(now), 0);
    assert.equal(await store.expireOrders(after(1)), 1);
    assert.equal((await store.orders([fruitless.orderId, fruitful.orderId, open1.orderId])).size, 2);
    await store.moveWorkers([{ worker, move: 'stop', reason: 'x' }], now);
    assert.equal(await store.expireOrders(after(1)), 0);
    await store.expireWorkers(after(8 * dayMs));
    assert.equal(await store.expireOrders(after(1)), 1);
    assert.equal((await store.orders([open1.orderId])).size, 1);
  });
}
