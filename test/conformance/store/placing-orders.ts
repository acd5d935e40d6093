import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderDraft } from '#core/launch-store.ts';
import type { LaunchOrder } from '#core/launch.ts';
import type { Store } from '#core/store.ts';
import {
  aPool,
  after,
  anOrder,
  launched,
  minuteMs,
  now,
  oneRequested,
  orderDraft,
  poolId,
  poolInput,
  registered,
  requested,
  roomForAll,
  scope,
  terms,
  workerIn,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const place = async (
  store: Store,
  drafts: readonly OrderDraft[],
  bounds: { want: number; maxCapacity: number } = roomForAll,
): Promise<readonly LaunchOrder[]> => store.placeOrders(poolId, drafts, bounds, now);

const counts = (orders: readonly LaunchOrder[]): number[] => orders.map(({ count }) => count);

/** What every store promises of placing orders. */
export function orderPlacingPromises(open: OpenStore): void {
  // spec: W53, P-54
  test('an order is stored as drafted before anything is asked of a cloud', async (t) => {
    const store = await open(t);
    await aPool(store);
    const draft = orderDraft({ count: 3, capacityPerInstance: 2, scope: 'project', workerGroup: 'zone-a' });
    const [order] = await place(store, [draft]);
    assert.deepEqual(order, { ...draft, placedAt: now });
    assert.deepEqual((await store.orders([draft.orderId])).get(draft.orderId), { ...order, isOpen: true });
    assert.equal((await store.orders(['no-such', ''])).size, 0);
    assert.deepEqual(await place(store, []), []);
  });

  // spec: provisioning 2.4, E69
  test('open orders count as ordered, from then on and in every sum they belong to', async (t) => {
    const store = await open(t);
    await aPool(store);
    await anOrder(store, { count: 3, capacityPerInstance: 2, launchConfigId: 'b' });
    await requested(store, 1, { launchConfigId: 'b' });
    await workerIn(store, 'running', 'r');
    await workerIn(store, 'stopping', 's');
    await workerIn(store, 'stopped', 'd');
    const tally = (await store.tallies([poolId, 'no/such'], now)).get(poolId);
    assert.deepEqual(tally, {
      ordered: 6,
      requested: 1,
      running: 1,
      stopping: 1,
      quarantined: 0,
      unanswered: 0,
      silentWorkerGroups: new Set(),
      byLaunchConfig: new Map([
        ['a', 2],
        ['b', 7],
      ]),
      bootingByLaunchConfig: new Map([['b', 7]]),
      byWorkerGroup: new Map([[scope, { existing: 8, requested: 7, stopping: 1 }]]),
    });
    const empty = (await store.tallies([poolId, 'no/such'], now)).get('no/such');
    assert.deepEqual([empty?.ordered, empty?.running, empty?.byLaunchConfig.size], [0, 0, 0]);
  });

  test('an order that was asked about in vain counts no longer as ordered, but against the maximum', async (t) => {
    const store = await open(t);
    await aPool(store);
    const order = await anOrder(store, { count: 3 });
    const tallyAt = async (at: Date) => (await store.tallies([poolId], at)).get(poolId);
    const late = after(10 * minuteMs);
    assert.deepEqual([(await tallyAt(late))?.ordered, (await tallyAt(late))?.unanswered], [3, 0], 'nobody has asked');
    await store.touchOrders([order.orderId], after(2 * minuteMs));
    assert.equal((await tallyAt(after(2 * minuteMs)))?.unanswered, 0, 'its answer is still to be expected');
    const tally = await tallyAt(late);
    assert.deepEqual([tally?.ordered, tally?.unanswered], [0, 3]);
    assert.deepEqual(tally?.silentWorkerGroups, new Set([order.workerGroup]));
    assert.deepEqual(tally?.byLaunchConfig, new Map([[order.launchConfigId, 3]]));
    const bounds = { want: 100, maxCapacity: 4 };
    const placed = await store.placeOrders(poolId, [orderDraft({ count: 5 })], bounds, late);
    assert.deepEqual(counts(placed), [1]);
  });

  test('orders fit into what the pool wants and into its maximum, by the rounding of one machine; the rest is dropped', async (t) => {
    const store = await open(t);
    await aPool(store);
    const drafts = [
      orderDraft({ count: 4, capacityPerInstance: 3 }),
      orderDraft({ count: 9 }),
      orderDraft({ count: 5 }),
    ];
    const bounds = { want: 100, maxCapacity: 20 };
    assert.deepEqual(counts(await place(store, drafts, bounds)), [4, 8]);
    assert.deepEqual(await place(store, [orderDraft()], bounds), []);
    const more = await place(store, [orderDraft({ count: 4, capacityPerInstance: 8 })], { want: 30, maxCapacity: 40 });
    assert.deepEqual(counts(more), [2]);
  });

  // spec: P-16, P-17
  test('stopping and quarantined capacity takes room below the maximum, not from what is wanted', async (t) => {
    const store = await open(t);
    await aPool(store);
    await workerIn(store, 'stopping', 's');
    await workerIn(store, 'stopped', 'd');
    const away = await workerIn(store, 'running', 'q');
    await registered(store, await oneRequested(store));
    await store.saveQuarantines(poolId, [{ worker: away, until: after(minuteMs) }]);
    assert.deepEqual(counts(await place(store, [orderDraft({ count: 9 })], { want: 3, maxCapacity: 99 })), [2]);
    assert.deepEqual(counts(await place(store, [orderDraft({ count: 9 })], { want: 99, maxCapacity: 6 })), [1]);
  });

  test('a pool that was made smaller meanwhile gets no more than it allows now', async (t) => {
    const store = await open(t);
    await aPool(store);
    await store.updatePool(poolInput({ config: { maxCapacity: 3 } }), 'user', now);
    assert.deepEqual(counts(await place(store, [orderDraft({ count: 10 })])), [3]);
  });

  test('orders for another provider than the pool has now, or an archived launch config, or no pool, are dropped', async (t) => {
    const store = await open(t);
    await aPool(store);
    await store.updatePool(poolInput({ providerId: 'google' }), 'user', now);
    assert.deepEqual(await place(store, [orderDraft()]), []);
    const google = orderDraft({ providerId: 'google' });
    const gone = orderDraft({ providerId: 'google', launchConfigId: 'gone' });
    const placed = await place(store, [gone, google]);
    assert.deepEqual(
      placed.map(({ orderId }) => orderId),
      [google.orderId],
    );
    await store.deletePool(poolId, 'user', now);
    assert.deepEqual(await place(store, [orderDraft({ providerId: 'null-provider' })]), []);
    assert.deepEqual(await store.placeOrders('no/such', [orderDraft()], roomForAll, now), []);
  });

  // spec: P-31
  test('any number of callers at once hold the maximum and the want', async (t) => {
    const store = await open(t);
    await aPool(store);
    const bounds = { want: 60, maxCapacity: 100 };
    const placed = await Promise.all(
      Array.from({ length: 40 }, async () =>
        place(store, [orderDraft({ count: 3 }), orderDraft({ count: 2 })], bounds),
      ),
    );
    const sum = placed.flat().reduce((total, { count }) => total + count, 0);
    assert.equal(sum, 60);
    assert.equal((await store.tallies([poolId], now)).get(poolId)?.ordered, 60);
  });

  // spec: P-31
  test('the maximum holds while orders are settled, machines come and go, and everybody asks for more', async (t) => {
    const store = await open(t);
    await aPool(store);
    const bounds = { want: 1000, maxCapacity: 30 };
    const present = async (): Promise<number> => {
      const tally = (await store.tallies([poolId], now)).get(poolId);
      return tally === undefined ? -1 : tally.ordered + tally.requested + tally.running + tally.stopping;
    };
    let most = 0;
    const actor = async (name: number): Promise<void> => {
      for (let turn = 0; turn < 6; turn += 1) {
        const orders = await place(store, [orderDraft({ count: 4 })], bounds);
        for (const order of orders) {
          const outcome = launched(order.count, `${name}-${turn}`);
          const workers = await store.settleOrder(order, outcome, terms, now);
          const [one, two] = workers;
          if (one !== undefined)
            await store.register(one, { isRepeat: false, terminateAfter: null, secret: { kid: '', hash: '' } }, now);
          if (two !== undefined) await store.moveWorkers([{ worker: two, move: 'remove', reason: 'x' }], now);
          if (two !== undefined) await store.moveWorkers([{ worker: two, move: 'stop', reason: 'x' }], now);
        }
        most = Math.max(most, await present());
      }
    };
    await Promise.all(Array.from({ length: 8 }, async (_, name) => actor(name)));
    assert.equal(most, 30);
  });
}
