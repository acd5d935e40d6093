import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, anOrder, minuteMs, poolId, roomForAll, orderDraft } from '#test/conformance/store/samples.ts';
import { eventually, stepUntil } from '#test/engines.ts';
import { aBusyPool, aLoopWorld, testingId, testingKey, unaborted } from '#test/loop-world.ts';
import type { LoopWorld } from '#test/loop-world.ts';
import { settleOrders, wakeSettling } from './settle.ts';

const ours = { providerId: testingId, scope: 'testing', workerGroup: 'testing' } as const;

/** An order whose process died: before its call, or (`started`) after it. */
async function anAbandonedOrder(world: LoopWorld, { count, isStarted }: { count: number; isStarted: boolean }) {
  const order = await anOrder(world.store, { ...ours, count }, world.clock.now());
  if (isStarted) world.cloud.start(testingId, order.orderId, count);
  return order;
}

async function requestedOf({ store }: LoopWorld): Promise<number> {
  return (await store.poolCounts([poolId])).get(poolId)?.requested.count ?? 0;
}

test('an order is left to its process until that has shown no life for long enough', async (t) => {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 0 });
  await anAbandonedOrder(world, { count: 2, isStarted: true });
  await world.clock.step(89_000);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(await requestedOf(world), 0);
  await world.clock.step(2_000);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(await requestedOf(world), 2);
});

test('an order that nothing came of is looked for only, once it is old: nothing is started any more', async (t) => {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 0 });
  await anAbandonedOrder(world, { count: 2, isStarted: false });
  await world.clock.step(9 * minuteMs);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(world.cloud.machines.size, 0);
  assert.equal(await world.store.hasOpenOrder(poolId, testingId, 'testing'), false);
});

// spec: P-42
test('a repeat that is refused for what has nothing to do with the order says nothing of what was started before', async (t) => {
  for (const refusalClass of ['throttle', 'auth', 'configuration'] as const) {
    const world = await aLoopWorld(t);
    await aBusyPool(world, { pendingTasks: 0 });
    await anAbandonedOrder(world, { count: 2, isStarted: true });
    await anAbandonedOrder(world, { count: 3, isStarted: false });
    world.cloud.faults.set('launch', { kind: 'refuse', class: refusalClass });
    await world.clock.step(2 * minuteMs);
    await settleOrders(world.parts, testingKey, unaborted);
    assert.equal(await requestedOf(world), 2, 'found');
    assert.equal(await world.store.hasOpenOrder(poolId, testingId, 'testing'), true, 'the other one may still show');
    world.cloud.faults.clear();
    await world.clock.step(2 * minuteMs);
    await settleOrders(world.parts, testingKey, unaborted);
    assert.equal(await requestedOf(world), 5, 'and is sent again');
  }
});

test('a repeat that finds no machines or no room there is believed', async (t) => {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 0 });
  await anAbandonedOrder(world, { count: 3, isStarted: false });
  world.cloud.faults.set('launch', { kind: 'refuse', class: 'capacity' });
  await world.clock.step(2 * minuteMs);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(await world.store.hasOpenOrder(poolId, testingId, 'testing'), false);
});

// spec: P-54
test('machines that are shown become workers at once, while others of their order may still appear', async (t) => {
  const world = await aLoopWorld(t, { fleet: () => ({ launch: async () => Promise.reject(new Error('no answer')) }) });
  await aBusyPool(world, { pendingTasks: 0 });
  const order = await anAbandonedOrder(world, { count: 3, isStarted: false });
  world.cloud.start(testingId, order.orderId, 2);
  await world.clock.step(2 * minuteMs);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(await requestedOf(world), 2);
  const tally = (await world.store.tallies([poolId], world.clock.now())).get(poolId);
  assert.deepEqual([tally?.ordered, tally?.requested], [1, 2]);
  await world.clock.step(7 * minuteMs);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(await world.store.hasOpenOrder(poolId, testingId, 'testing'), false);
  assert.equal(await requestedOf(world), 2);
});

// spec: P-54
test('what a repeat makes known becomes workers, although it leaves the order open', async (t) => {
  const world = await aLoopWorld(t, {
    fleet: (plain) => ({
      launch: async (request, signal) => {
        const outcome = await plain.launch(request, signal);
        const refusal = { class: 'transient', code: 'reset', message: '', scope: '', retryAfterMs: null } as const;
        return { kind: 'unknown', launched: outcome.launched.slice(1), refusal: { ...refusal, requestId: null } };
      },
      recover: async () => Promise.reject(new Error('no answer')),
    }),
  });
  await aBusyPool(world, { pendingTasks: 0 });
  await anAbandonedOrder(world, { count: 3, isStarted: true });
  await world.clock.step(2 * minuteMs);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(await requestedOf(world), 2);
  assert.equal(await world.store.hasOpenOrder(poolId, testingId, 'testing'), true);
});

test('orders of a provider that cannot be used wait, and are settled when it can', async (t) => {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 0 });
  await anAbandonedOrder(world, { count: 2, isStarted: true });
  world.setUnavailable('no credentials');
  await world.clock.step(2 * minuteMs);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.deepEqual(await world.store.abandonedOrders(ours, after(30_000), 10), [], 'not asked about all the time');
  world.setUnavailable(null);
  await world.clock.step(minuteMs + 1);
  await settleOrders(world.parts, testingKey, unaborted);
  assert.equal(await requestedOf(world), 2);
});

test('each scope with abandoned orders is settled by a task of its own, woken when there are any', async (t) => {
  const world = await aLoopWorld(t);
  const { clock, parts, store } = world;
  await aBusyPool(world, { pendingTasks: 0 });
  await anOrder(store, ours, clock.now());
  await anOrder(store, { ...ours, scope: 'elsewhere' }, clock.now());
  assert.deepEqual(await wakeSettling(parts), new Date(clock.now().getTime() + 5_000));
  assert.deepEqual(await store.taskKeys('settle'), []);
  await clock.step(2 * minuteMs);
  await wakeSettling(parts);
  assert.deepEqual((await store.taskKeys('settle')).toSorted(), [`${testingId}/elsewhere`, testingKey]);
});

// spec: P-28
test('an order that the cloud does not answer about delays no other', async (t) => {
  const silent = new Set<string>();
  const world = await aLoopWorld(t, {
    fleet: (plain) => ({
      launch: async (request, signal) =>
        silent.has(request.order.orderId) ? new Promise(() => undefined) : plain.launch(request, signal),
      recover: async (order, signal) =>
        silent.has(order.orderId) ? new Promise(() => undefined) : plain.recover(order, signal),
    }),
  });
  const { clock, parts } = world;
  await aBusyPool(world, { pendingTasks: 0 });
  silent.add((await anAbandonedOrder(world, { count: 5, isStarted: true })).orderId);
  await anAbandonedOrder(world, { count: 3, isStarted: true });
  await clock.step(2 * minuteMs);
  let isOver = false;
  const turn = settleOrders(parts, testingKey, unaborted).finally(() => (isOver = true));
  await eventually('the other is settled', async () => (await requestedOf(world)) === 3);
  await stepUntil(clock, 'the turn', () => isOver, 10_000);
  await turn;
  assert.equal(await world.store.hasOpenOrder(poolId, testingId, 'testing'), true);
  silent.clear();
  await clock.step(5 * minuteMs);
  await settleOrders(parts, testingKey, unaborted);
  assert.equal(await requestedOf(world), 8);
});

// spec: P-28
test('a defect in one order’s settling is told, after the others are settled', async (t) => {
  const broken = new Set<string>();
  const world = await aLoopWorld(t);
  const { store, clock } = world;
  const parts = {
    ...world.parts,
    store: {
      ...store,
      settleOrder: async (...call: Parameters<typeof store.settleOrder>) => {
        if (broken.has(call[0].orderId)) throw new TypeError('a defect');
        return store.settleOrder(...call);
      },
    },
  };
  await aBusyPool(world, { pendingTasks: 0 });
  broken.add((await anAbandonedOrder(world, { count: 1, isStarted: true })).orderId);
  await anAbandonedOrder(world, { count: 4, isStarted: true });
  await clock.step(2 * minuteMs);
  await assert.rejects(settleOrders(parts, testingKey, unaborted), /a defect/);
  assert.equal(await requestedOf(world), 4);
});

test('what does not fit into one turn is done at once in the next', async (t) => {
  const world = await aLoopWorld(t);
  const { store, clock, parts, cloud } = world;
  await aBusyPool(world, { pendingTasks: 0 });
  const drafts = Array.from({ length: 210 }, () => orderDraft(ours));
  await store.placeOrders(poolId, drafts, roomForAll, clock.now());
  for (const { orderId } of drafts) cloud.start(testingId, orderId, 1);
  await clock.step(2 * minuteMs);
  assert.deepEqual(await settleOrders(parts, testingKey, unaborted), clock.now());
  assert.equal(await requestedOf(world), 200);
  assert.deepEqual(await settleOrders(parts, testingKey, unaborted), new Date(clock.now().getTime() + 60 * minuteMs));
  assert.equal(await requestedOf(world), 210);
});
