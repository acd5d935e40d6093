import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetWorker } from '#core/provider.ts';
import { launchSome, never, requestFor } from './world.ts';
import type { FleetWorld, World, WorldCall } from './world.ts';

export function terminationTests(world: World): void {
  test('machines are ended, the living and the ended ones alike, and what the cloud does not know keeps none alive', async (t) => {
    const w = await world(t);
    const { request, workers } = await launchSome(w, 4);
    const [kept, ended, ...others] = workers;
    w.end(ended!.workerId);
    const unknown = { ...kept!, workerId: w.unknownId };
    const asked = [others[0]!, unknown, ended!, others[1]!];
    const outcomes = await w.fleet.terminate(request.order.scope, asked, never);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.worker),
      asked,
    );
    assert.ok(outcomes.every((outcome) => outcome.accepted && outcome.refusal === null));
    const alive = w.machines().filter((machine) => machine.isAlive);
    assert.deepEqual(
      alive.map((machine) => machine.workerId),
      [kept!.workerId],
    );
  });

  test('a repeat is accepted', async (t) => {
    const w = await world(t);
    const { request, workers } = await launchSome(w, 1);
    for (let turn = 0; turn < 3; turn++) {
      const [outcome] = await w.fleet.terminate(request.order.scope, workers, never);
      assert.equal(outcome?.accepted, true);
    }
    assert.deepEqual(await w.fleet.terminate(request.order.scope, [], never), []);
  });

  for (const refusalClass of ['throttle', 'auth'] as const) {
    test(`a refusal for ${refusalClass} is told for each machine, which lives on`, async (t) => {
      const w = await world(t);
      const { request, workers } = await launchSome(w, 2);
      if (!w.refuse('terminate', refusalClass)) {
        t.skip(`this cloud knows no refusal for ${refusalClass}`);
        return;
      }
      const outcomes = await w.fleet.terminate(request.order.scope, workers, never);
      assert.deepEqual(
        outcomes.map((outcome) => [outcome.accepted, outcome.refusal?.class]),
        [
          [false, refusalClass],
          [false, refusalClass],
        ],
      );
      assert.ok(w.machines().every((machine) => machine.isAlive));
    });
  }

  test('where no answer comes, nothing is said to be accepted', async (t) => {
    const w = await world(t);
    const { request, workers } = await launchSome(w, 1);
    w.disturb('terminate', 'break', 'after');
    const [outcome] = await w.fleet.terminate(request.order.scope, workers, never);
    assert.equal(outcome?.accepted, false);
    assert.equal(outcome?.refusal?.class, 'transient');
  });
}

export function abortTests(world: World): void {
  const calls: Readonly<
    Record<WorldCall, (w: FleetWorld, workers: FleetWorker[], signal: AbortSignal) => Promise<unknown>>
  > = {
    launch: (w, _workers, signal) => w.fleet.launch(requestFor(w, 1), signal),
    list: (w, _workers, signal) => readAll(w.fleet.observe(requestFor(w, 1).order.scope, signal)),
    get: (w, workers, signal) => w.fleet.inspect(requestFor(w, 1).order.scope, workers, signal),
    terminate: (w, workers, signal) => w.fleet.terminate(requestFor(w, 1).order.scope, workers, signal),
  };
  for (const [call, make] of Object.entries(calls) as [WorldCall, (typeof calls)[WorldCall]][]) {
    // spec: P-07
    test(`an abort ends a ${call} at once, with its own reason, though the cloud does not answer`, async (t) => {
      const w = await world(t);
      const { workers } = await launchSome(w, 1);
      w.disturb(call, 'hang', 'before');
      const controller = new AbortController();
      const reason = new Error('no time left');
      const pending = make(w, workers, controller.signal);
      pending.catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort(reason);
      await assert.rejects(pending, (error) => error === reason);
      await assert.rejects(make(w, workers, controller.signal), (error) => error === reason);
    });
  }
}

async function readAll(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _page of pages) {
    // Only its end matters.
  }
}
