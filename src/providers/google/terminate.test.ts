import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspected, launched, someGoogle } from '#test/conformance/provider/google-rig.ts';
import { never } from '#test/conformance/provider/world.ts';

const zone = 'us-west1-b';

// spec: provisioning 7.7, P-52
describe('ends at Compute Engine', () => {
  test('a deletion that failed is told when it is tried again', async (t) => {
    const world = await someGoogle(t, { dials: { deleteMs: [0, 0], failMs: [0, 0] } });
    const workers = await launched(world, 2);
    world.gce.faults.add({
      kind: 'operation',
      type: 'delete',
      code: 'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE',
      status: 400,
      times: 1,
    });
    const first = await world.fleet.terminate(world.gce.project, workers, never);
    assert.ok(first.every(({ accepted }) => accepted));
    const again = await world.fleet.terminate(world.gce.project, workers, never);
    const told = new Map(again.map(({ accepted, refusal }) => [accepted, refusal?.code]));
    assert.deepEqual([told.get(false), told.get(true)], ['RESOURCE_IN_USE_BY_ANOTHER_RESOURCE', undefined]);
    assert.equal(told.size, 2);
    const last = await world.fleet.terminate(world.gce.project, workers, never);
    assert.ok(last.every(({ accepted }) => accepted));
    assert.ok(world.machines().every(({ isAlive }) => !isAlive));
  });

  test('what Google does not say of earlier deletions keeps no machine alive', async (t) => {
    const world = await someGoogle(t, { dials: { deleteMs: [0, 0], failMs: [0, 0] } });
    const workers = await launched(world, 1);
    world.gce.faults.add({ kind: 'operation', type: 'delete', times: 1 });
    await world.fleet.terminate(world.gce.project, workers, never);
    world.gce.faults.add({ kind: 'error', action: 'zoneOperations.list', reason: 'forbidden' });
    const [again] = await world.fleet.terminate(world.gce.project, workers, never);
    assert.equal(again?.accepted, true);
    assert.ok(world.machines().every(({ isAlive }) => !isAlive));
  });

  test('an id that can be no instance is as good as gone, and asked of nobody', async (t) => {
    const world = await someGoogle(t);
    const worker = { workerPoolId: 'proj/pool', workerGroup: zone, workerId: '1) OR (name = x', providerData: {} };
    world.gce.resetCounts();
    const [outcome] = await world.fleet.terminate(world.gce.project, [worker], never);
    assert.equal(outcome?.accepted, true);
    assert.deepEqual(await inspected(world, [worker]), []);
    assert.deepEqual(world.gce.counts.calls, {});
  });
});
