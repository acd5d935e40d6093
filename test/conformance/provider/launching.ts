import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LaunchRequest } from '#core/launch.ts';
import { idsOf, launchedIds, launchSome, never, requestFor, until } from './world.ts';
import type { FleetWorld, World } from './world.ts';

export function launchTests(world: World): void {
  test('an order starts as many machines as it asks for, where the launch config says', async (t) => {
    const w = await world(t);
    const request = requestFor(w, 3);
    assert.ok(w.fleet.scopes().includes(request.order.scope));
    const outcome = await w.fleet.launch(request, never);
    assert.deepEqual(launchedIds(outcome), idsOf(w, request.order.orderId));
    assert.equal(outcome.kind === 'settled' && outcome.launched.length, 3);
    assert.equal(outcome.refusal, null);
    assert.ok(
      outcome.kind === 'settled' &&
        outcome.launched.every((worker) => worker.workerGroup === request.order.workerGroup),
    );
  });

  // spec: P-42
  test('a repeat of an order starts nothing and tells the same machines', async (t) => {
    const w = await world(t);
    const { request, workers } = await launchSome(w, 2);
    const again = launchedIds(await w.fleet.launch(request, never));
    assert.deepEqual(
      again,
      workers.map((worker) => worker.workerId),
    );
    assert.equal(w.machines().length, 2);
  });

  test('repeats at the same time start nothing twice', async (t) => {
    const w = await world(t);
    const request = requestFor(w, 2);
    const outcomes = await Promise.all([1, 2, 3].map(() => w.fleet.launch(request, never)));
    assert.equal(w.machines().length, 2);
    outcomes.forEach((outcome) => assert.deepEqual(launchedIds(outcome), idsOf(w, request.order.orderId)));
  });

  test('equal orders with ids of their own are different orders', async (t) => {
    const w = await world(t);
    await launchSome(w, 1);
    await launchSome(w, 1);
    assert.equal(w.machines().length, 2);
  });

  // spec: P-42
  test('where there are fewer machines than asked for, those are started and the refusal says capacity', async (t) => {
    const w = await world(t);
    w.limitStock(2);
    const request = requestFor(w, 5);
    const outcome = await w.fleet.launch(request, never);
    assert.equal(launchedIds(outcome).length, 2);
    assert.deepEqual(launchedIds(outcome), idsOf(w, request.order.orderId));
    assert.equal(outcome.refusal?.class, 'capacity');
    assert.ok(w.fleet.place(w.configuration).backOffScopes.includes(outcome.refusal?.scope ?? ''));
  });

  test('where there are none, nothing is started and the refusal says capacity', async (t) => {
    const w = await world(t);
    w.limitStock(0);
    const outcome = await w.fleet.launch(requestFor(w, 5), never);
    assert.deepEqual(launchedIds(outcome), []);
    assert.equal(outcome.refusal?.class, 'capacity');
    assert.deepEqual(w.machines(), []);
  });

  for (const refusalClass of ['capacity', 'quota', 'throttle', 'auth', 'configuration'] as const) {
    test(`a refusal for ${refusalClass} is an outcome of that class, with one of the named scopes`, async (t) => {
      const w = await world(t);
      if (!w.refuse('launch', refusalClass)) {
        t.skip(`this cloud knows no refusal for ${refusalClass}`);
        return;
      }
      const outcome = await w.fleet.launch(requestFor(w, 1), never);
      assert.deepEqual(launchedIds(outcome), []);
      assert.equal(outcome.refusal?.class, refusalClass);
      assert.ok(outcome.refusal?.code);
      assert.ok(w.fleet.place(w.configuration).backOffScopes.includes(outcome.refusal?.scope ?? ''));
      assert.deepEqual(w.machines(), []);
    });
  }
}

export function crashTests(world: World): void {
  for (const when of ['before', 'after'] as const) {
    test(`a launch aborted ${when} its effect: what it started is found by the order`, async (t) => {
      const w = await world(t);
      w.disturb('launch', 'hang', when);
      const request = requestFor(w, 2);
      const controller = new AbortController();
      const launch = w.fleet.launch(request, controller.signal);
      launch.catch(() => {});
      if (when === 'after') {
        await until(() => w.machines().length === 2);
      }
      controller.abort(new Error('crashed'));
      await assert.rejects(launch, /crashed/);
      await settlesTo(w, request, when === 'after' ? 2 : 0);
    });

    test(`a launch whose connection breaks ${when} its effect: what it started is known or found by the order`, async (t) => {
      const w = await world(t);
      w.disturb('launch', 'break', when);
      const request = requestFor(w, 2);
      const outcome = await w.fleet.launch(request, never);
      assert.equal(outcome.kind, 'unknown');
      assert.equal(outcome.refusal?.class, 'transient');
      assert.ok(outcome.launched.every(({ workerId }) => idsOf(w, request.order.orderId).includes(workerId)));
      await settlesTo(w, request, when === 'after' ? 2 : 0);
    });
  }

  test('what an order started is found also when some of it has ended, and nothing of other orders', async (t) => {
    const w = await world(t);
    const { request, workers } = await launchSome(w, 3);
    await launchSome(w, 1);
    w.end(workers[0]!.workerId);
    const found = launchedIds(await w.fleet.recover(request.order, never));
    assert.ok(found.every((id) => workers.some((worker) => worker.workerId === id)));
    assert.ok(workers.slice(1).every((worker) => found.includes(worker.workerId)));
  });

  test('as long as the cloud does not answer, what became of an order is unknown', async (t) => {
    const w = await world(t);
    const { request } = await launchSome(w, 1);
    w.disturb('list', 'break', 'before');
    const outcome = await w.fleet.recover(request.order, never);
    assert.equal(outcome.kind, 'unknown');
  });

  /** The cloud is calm again: the order's machines are found, adopted as they would have been, and a repeat starts no more. */
  async function settlesTo(w: FleetWorld, request: LaunchRequest, count: number): Promise<void> {
    w.calm();
    const recovered = await w.fleet.recover(request.order, never);
    assert.equal(launchedIds(recovered).length, count);
    assert.deepEqual(launchedIds(recovered), idsOf(w, request.order.orderId));
    const repeated = await w.fleet.launch(request, never);
    assert.deepEqual(launchedIds(repeated), idsOf(w, request.order.orderId));
    assert.equal(w.machines().length, request.order.count);
    assert.deepEqual(
      repeated.kind === 'settled' &&
        count > 0 &&
        repeated.launched.map((worker) => Object.keys(worker.providerData).toSorted()),
      recovered.kind === 'settled' &&
        count > 0 &&
        recovered.launched.map((worker) => Object.keys(worker.providerData).toSorted()),
    );
  }
}
