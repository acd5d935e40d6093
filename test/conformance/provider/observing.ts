import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliveOf, launchSome, never, observed, requestFor } from './world.ts';
import type { World } from './world.ts';

export function observationTests(world: World): void {
  // spec: P-40
  test('an observation shows all of our machines, each once with its order, and nobody else’s', async (t) => {
    const w = await world(t);
    const orders = [await launchSome(w, 25), await launchSome(w, 1)];
    const stranger = await w.addStranger();
    const sightings = await observed(w);
    const ours = orders.flatMap(({ workers }) => workers.map((worker) => worker.workerId));
    assert.deepEqual(aliveOf(sightings), ours.toSorted());
    assert.ok(!sightings.some((sighting) => sighting.workerId === stranger));
    for (const { request, workers } of orders) {
      const ids = new Set(workers.map((worker) => worker.workerId));
      const seen = sightings.filter((sighting) => ids.has(sighting.workerId));
      assert.ok(seen.every((sighting) => sighting.orderId === request.order.orderId));
      assert.ok(seen.every((sighting) => sighting.workerGroup === request.order.workerGroup));
    }
  });

  // spec: provisioning 6.4
  test('a machine is shown with what its launch told of it, so that it can be adopted', async (t) => {
    const w = await world(t);
    const request = requestFor(w, 1);
    const outcome = await w.fleet.launch(request, never);
    const [sighting] = await observed(w);
    assert.ok(outcome.kind === 'settled' && sighting !== undefined);
    assert.deepEqual(
      Object.keys(sighting.providerData).toSorted(),
      Object.keys(outcome.launched[0]!.providerData).toSorted(),
    );
  });

  test('a machine that has ended is not shown as alive', async (t) => {
    const w = await world(t);
    const { workers } = await launchSome(w, 2);
    w.end(workers[0]!.workerId);
    assert.deepEqual(aliveOf(await observed(w)), [workers[1]!.workerId]);
  });

  test('an empty scope is observed as empty', async (t) => {
    const w = await world(t);
    assert.deepEqual(await observed(w), []);
  });

  test('a list that breaks off fails: it never passes for a shorter one', async (t) => {
    const w = await world(t);
    await launchSome(w, 1);
    w.disturb('list', 'break', 'before');
    await assert.rejects(observed(w));
  });

  test('asked by id, the cloud shows the same as in the list, and passes over what it does not know', async (t) => {
    const w = await world(t);
    const { request, workers } = await launchSome(w, 3);
    const unknown = { ...workers[0]!, workerId: w.unknownId };
    w.end(workers[2]!.workerId);
    const sightings = await w.fleet.inspect(request.order.scope, [unknown, ...workers], never);
    assert.deepEqual(aliveOf(sightings), aliveOf(await observed(w)));
    assert.ok(!sightings.some((sighting) => sighting.workerId === w.unknownId));
    assert.deepEqual(await w.fleet.inspect(request.order.scope, [unknown], never), []);
    assert.deepEqual(await w.fleet.inspect(request.order.scope, [], never), []);
  });

  test('a question by id that gets no answer fails: it never passes for "does not exist"', async (t) => {
    const w = await world(t);
    const { request, workers } = await launchSome(w, 1);
    w.disturb('get', 'break', 'before');
    await assert.rejects(w.fleet.inspect(request.order.scope, workers, never));
  });
}
