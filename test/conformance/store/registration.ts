import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '#core/store.ts';
import type { Worker } from '#core/worker.ts';
import {
  aPool,
  after,
  dayMs,
  declared,
  minuteMs,
  now,
  oneRequested,
  poolId,
  registered,
  scope,
  secret,
  toldEvents,
  toldExchanges,
  workerIn,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const first = { isRepeat: false, terminateAfter: after(4 * dayMs), secret: secret('first') };
const repeat = { isRepeat: true, terminateAfter: after(5 * dayMs), secret: secret('again') };
const renewal = { terminateAfter: after(9 * dayMs), previousValidUntil: after(15 * minuteMs) };

/** What every store promises of registration. */
export function registrationPromises(open: OpenStore): void {
  // spec: api 7.3, provisioning 1.2, W3, P-34
  test('the first registration makes a requested worker running, with secret and end of life, and is told', async (t) => {
    const store = await open(t);
    await aPool(store);
    const requested = await oneRequested(store);
    await toldEvents(store);
    const moved = await store.register(requested, first, after(minuteMs));
    const worker = await store.worker(requested);
    assert.deepEqual(worker, {
      ...requested,
      state: 'running',
      registeredAt: after(minuteMs),
      lastModified: after(minuteMs),
      terminateAfter: after(4 * dayMs),
    });
    assert.deepEqual(moved, { worker, move: 'register', from: 'requested', reason: 'registered' });
    const { workerPoolId, workerGroup, workerId, providerId, capacity, launchConfigId } = requested;
    const timestamp = after(minuteMs).toISOString();
    assert.deepEqual(await toldEvents(store), [
      {
        exchange: 'worker-running',
        payload: { workerPoolId, workerGroup, workerId, providerId, capacity, launchConfigId, timestamp },
      },
    ]);
    const view = await store.registrationView(requested);
    assert.deepEqual(view?.secrets, { current: secret('first'), previous: null, previousValidUntil: null });
    assert.equal(view.reregisteredAt, null);
  });

  test('a running worker is looked at with its scope, no longer by itself', async (t) => {
    const store = await open(t);
    await aPool(store);
    await registered(store, await oneRequested(store));
    assert.equal(await store.nextWorkerDue('aws', scope), null);
  });

  // spec: P-44
  test('the view for a registration has the workerConfig of the launch config, null where there is none', async (t) => {
    const store = await open(t);
    await aPool(store);
    const bare = await oneRequested(store, { launchConfigId: 'a' });
    const configured = await oneRequested(store, { launchConfigId: 'b', prefix: 'b' });
    const metal = await declared(store);
    assert.equal((await store.registrationView(bare))?.workerConfig, null);
    assert.deepEqual((await store.registrationView(configured))?.workerConfig, { shutdown: true });
    const view = await store.registrationView(metal);
    assert.deepEqual(view?.worker, metal);
    assert.deepEqual([view.workerConfig, view.secrets.current, view.reregisteredAt], [null, null, null]);
    assert.equal(await store.registrationView({ ...bare, workerId: 'i-none' }), null);
  });

  test('of many first registrations at once one wins, and one event is told', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await oneRequested(store);
    await toldEvents(store);
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, index) =>
        store.register(worker, { ...first, secret: secret(`s${index}`) }, now),
      ),
    );
    const winner = answers.findIndex((answer) => answer !== null);
    assert.equal(answers.filter((answer) => answer !== null).length, 1);
    assert.deepEqual((await store.registrationView(worker))?.secrets.current, secret(`s${winner}`));
    assert.deepEqual(await toldExchanges(store), ['worker-running']);
  });

  // spec: W3, P-34
  test('a repeated registration only replaces the secret and the end of life, and is not told', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await registered(store, await oneRequested(store));
    await toldEvents(store);
    const again = await store.register(worker, repeat, after(minuteMs));
    assert.deepEqual(again, { ...worker, terminateAfter: after(5 * dayMs) });
    const view = await store.registrationView(worker);
    assert.deepEqual(view?.secrets, { current: secret('again'), previous: null, previousValidUntil: null });
    assert.deepEqual(await toldEvents(store), []);
  });

  // spec: E54
  test('a cloud worker that has renewed its registration cannot start over', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await registered(store, await oneRequested(store));
    await store.reregister(worker, secret('first'), { ...renewal, secret: secret('second') }, now);
    assert.equal(await store.register(worker, repeat, now), null);
    assert.deepEqual((await store.registrationView(worker))?.secrets.current, secret('second'));
  });

  // spec: W8
  test('a declared worker is told running when it first registers, and may register as often as it likes', async (t) => {
    const store = await open(t);
    const worker = await declared(store);
    const grant = { isRepeat: true, terminateAfter: null, secret: secret('x') };
    const moved = await store.register(worker, grant, after(1));
    assert.deepEqual(moved, {
      worker: { ...worker, registeredAt: after(1) },
      move: 'register',
      from: 'running',
      reason: 'registered',
    });
    await store.reregister(worker, secret('x'), { ...renewal, secret: secret('y') }, after(2));
    const again = await store.register(worker, { ...grant, secret: secret('z') }, after(3));
    assert.deepEqual(again, { ...worker, registeredAt: after(1) });
    const view = await store.registrationView(worker);
    assert.deepEqual(view?.secrets, { current: secret('z'), previous: null, previousValidUntil: null });
    assert.deepEqual(await toldExchanges(store), ['worker-running']);
  });

  for (const state of ['running', 'stopping', 'stopped'] as const) {
    test(`a worker that is ${state} cannot register for the first time`, async (t) => {
      const store = await open(t);
      await aPool(store);
      const worker = await workerIn(store, state);
      await refusesToRegister(store, worker, first);
    });
  }

  for (const state of ['requested', 'stopping', 'stopped'] as const) {
    // spec: E52
    test(`a worker that is ${state} cannot repeat its registration, nor renew it`, async (t) => {
      const store = await open(t);
      await aPool(store);
      const worker = await workerIn(store, state);
      await refusesToRegister(store, worker, repeat);
      const renewed = await store.reregister(worker, secret('first'), { ...renewal, secret: secret('second') }, now);
      assert.equal(renewed, null);
    });
  }

  // spec: W30, P-20
  test('nobody registers who has no row', async (t) => {
    const store = await open(t);
    const key = { workerPoolId: poolId, workerGroup: scope, workerId: 'i-none' };
    assert.equal(await store.register(key, first, now), null);
    assert.equal(await store.register(key, repeat, now), null);
    assert.equal(await store.reregister(key, secret('x'), { ...renewal, secret: secret('y') }, now), null);
  });

  // spec: provisioning 1.9, E60
  test('a registration and a removal for want of one, at once: one of them happens', async (t) => {
    const store = await open(t);
    await aPool(store);
    for (let round = 0; round < 10; round += 1) {
      const worker = await oneRequested(store, { prefix: `r${round}` });
      const [answer, moved] = await Promise.all([
        store.register(worker, first, now),
        store.moveWorkers([{ worker, move: 'remove', reason: 'x', ifUnregistered: true }], now),
      ]);
      assert.equal((answer === null ? 0 : 1) + moved.length, 1);
      assert.equal((await store.worker(worker))?.state, answer === null ? 'stopping' : 'running');
    }
  });

  // spec: W3, P-35
  test('a renewal replaces the secret, keeps the presented one for its grace and moves the end of life', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await registered(store, await oneRequested(store));
    await toldEvents(store);
    const grant = { ...renewal, secret: secret('second') };
    const renewed = await store.reregister(worker, secret('first'), grant, after(minuteMs));
    assert.deepEqual(renewed, { ...worker, terminateAfter: after(9 * dayMs) });
    const view = await store.registrationView(worker);
    assert.deepEqual(view?.secrets, {
      current: secret('second'),
      previous: secret('first'),
      previousValidUntil: after(15 * minuteMs),
    });
    assert.deepEqual(view.reregisteredAt, after(minuteMs));
    assert.deepEqual(await toldEvents(store), []);
  });

  test('a worker without end of life gets none by renewing', async (t) => {
    const store = await open(t);
    const worker = await declared(store);
    await store.register(worker, { isRepeat: true, terminateAfter: null, secret: secret('x') }, now);
    const renewed = await store.reregister(worker, secret('x'), { ...renewal, secret: secret('y') }, now);
    assert.equal(renewed?.terminateAfter, null);
  });

  // spec: W3, P-35
  test('a lost answer to a renewal costs nothing: the secret before works until the new one is used', async (t) => {
    const store = await open(t);
    const { renew } = await aRunningWorker(store);
    assert.ok(await renew('first', 'lost', 0));
    assert.ok(await renew('first', 'second', 1));
    assert.equal(await renew('lost', 'x', 2), null);
    assert.ok(await renew('second', 'third', 3));
    assert.equal(await renew('first', 'x', 4), null);
    assert.ok(await renew('second', 'fourth', 5));
  });

  // spec: W3, P-35
  test('the grace of a secret ends at its time and is not prolonged by using it', async (t) => {
    const store = await open(t);
    const { worker, renew } = await aRunningWorker(store);
    assert.ok(await renew('first', 'second', 0, 15));
    assert.ok(await renew('first', 'third', 14, 29));
    assert.deepEqual((await store.registrationView(worker))?.secrets.previousValidUntil, after(15 * minuteMs));
    assert.equal(await renew('first', 'x', 15, 30), null);
    assert.ok(await renew('third', 'fourth', 16, 31));
  });

  test('a secret of another key, or never given, renews nothing', async (t) => {
    const store = await open(t);
    const { worker, renew } = await aRunningWorker(store);
    assert.equal(await renew('guess', 'x', 0), null);
    const grant = { ...renewal, secret: secret('x') };
    assert.equal(await store.reregister(worker, { kid: 'k2', hash: 'first' }, grant, now), null);
    assert.deepEqual((await store.registrationView(worker))?.secrets.current, secret('first'));
  });

  test('of renewals at once with one secret each is answered, and the last answer holds', async (t) => {
    const store = await open(t);
    const { worker, renew } = await aRunningWorker(store);
    const answers = await Promise.all(Array.from({ length: 8 }, async (_, index) => renew('first', `s${index}`, 0)));
    assert.ok(answers.every((answer) => answer !== null));
    const view = await store.registrationView(worker);
    assert.match(view?.secrets.current?.hash ?? '', /^s\d$/);
    assert.deepEqual(view?.secrets.previous, secret('first'));
  });

  test('a registration closes the record of machines that never registered', async (t) => {
    const store = await open(t);
    await aPool(store);
    const lost = await oneRequested(store, { prefix: 'lost' });
    await store.moveWorkers([{ worker: lost, move: 'stop', reason: 'gone' }], now);
    await store.register(await oneRequested(store), first, after(5));
    for (const record of await store.launchRecords(poolId)) {
      assert.deepEqual(
        [record.unregisteredStreak, record.streakSince, record.lastRegistrationAt, record.lastLossAt],
        [0, null, after(5), now],
      );
    }
  });
}

async function refusesToRegister(store: Store, worker: Worker, grant: typeof first): Promise<void> {
  const before = await store.registrationView(worker);
  await toldEvents(store);
  assert.equal(await store.register(worker, grant, after(1)), null);
  assert.deepEqual(await store.registrationView(worker), before);
  assert.deepEqual(await toldEvents(store), []);
}

/** A running worker with the secret `first`, and its renewals, at so many minutes. */
async function aRunningWorker(store: Store): Promise<{
  worker: Worker;
  renew: (presented: string, next: string, atMinute: number, validUntilMinute?: number) => Promise<Worker | null>;
}> {
  await aPool(store);
  const worker = await registered(store, await oneRequested(store));
  return {
    worker,
    renew: async (presented, next, atMinute, validUntilMinute = 60) => {
      const previousValidUntil = after(validUntilMinute * minuteMs);
      const grant = { terminateAfter: after(9 * dayMs), previousValidUntil, secret: secret(next) };
      return store.reregister(worker, secret(presented), grant, after(atMinute * minuteMs));
    },
  };
}
