import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sighting } from '#core/provider.ts';
import {
  aGoogleRequest,
  inspected,
  launched,
  launchedOf,
  someGoogle,
  summaryOf,
} from '#test/conformance/provider/google-rig.ts';
import { googleConfiguration } from '#test/conformance/provider/google-world.ts';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { never } from '#test/conformance/provider/world.ts';

const zone = 'us-west1-b';

describe('observation of Compute Engine', () => {
  // spec: P-40
  test('costs one call per five hundred machines, and holds no more than a page', async (t) => {
    const world = await someGoogle(t, {}, 1);
    await launched(world, 1000);
    await launched(world, 200);
    world.gce.resetCounts();
    const sizes: number[] = [];
    const ids = new Set<string>();
    for await (const page of world.fleet.observe(world.gce.project, never)) {
      sizes.push(page.length);
      page.forEach((sighting) => ids.add(sighting.workerId));
    }
    assert.deepEqual(sizes, [500, 500, 200]);
    assert.equal(ids.size, 1200);
    assert.deepEqual(world.gce.counts.calls, { global: { 'instances.aggregatedList': 3 } });
  });

  test('pages that Google cuts short, even to nothing, lose no machine', async (t) => {
    const world = await someGoogle(t);
    const workers = await launched(world, 40);
    world.gce.faults.turn({ shortPage: 0.7 });
    const ids: string[] = [];
    for await (const page of world.fleet.observe(world.gce.project, never)) {
      ids.push(...page.map((sighting) => sighting.workerId));
    }
    assert.deepEqual([new Set(ids).size, ids.length], [40, 40]);
    world.gce.resetCounts();
    const asked = await inspected(world, workers);
    assert.deepEqual(new Set(asked.map(({ workerId }) => workerId)), new Set(ids));
    assert.equal(world.gce.counts.calls['us-west1']?.['instances.get'], undefined);
  });

  test('a zone out of reach hides no other, and what it holds does not pass for gone', async (t) => {
    const world = await someGoogle(t);
    const workers = await launched(world, 3);
    const elsewhere = {
      ...googleConfiguration,
      region: 'us-east1',
      zone: 'us-east1-b',
      machineType: 'zones/us-east1-b/machineTypes/n2-standard-4',
    };
    const order = { ...aGoogleRequest(world, 1).order, workerGroup: 'us-east1-b' };
    const [other] = launchedOf(await world.fleet.launch(aLaunchRequest({ configuration: elsewhere, order }), never));
    world.gce.faults.add({ kind: 'unreachable', zone });
    const seen: string[] = [];
    const observing = (async () => {
      for await (const page of world.fleet.observe(world.gce.project, never)) {
        seen.push(...page.map((sighting) => sighting.workerId));
      }
    })();
    await assert.rejects(observing, /the list lacks us-west1-b/);
    assert.deepEqual(seen, [other?.workerId]);
    assert.ok(workers.length === 3);
  });

  test('a reader that stops early is not troubled by the page that was on its way', async (t) => {
    const world = await someGoogle(t, {}, 1);
    await launched(world, 1000);
    for await (const page of world.fleet.observe(world.gce.project, never)) {
      assert.equal(page.length, 500);
      world.gce.faults.add({ kind: 'error', action: 'instances.aggregatedList', reason: 'internalError' });
      break;
    }
  });

  test('many workers of a zone are asked about together', async (t) => {
    const world = await someGoogle(t);
    const workers = await launched(world, 250);
    world.gce.resetCounts();
    assert.equal((await inspected(world, workers)).length, 250);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.list': 3 } });
  });

  // spec: provisioning 1.10, 7.5, P-14
  test('what has stopped is left over; what is suspended, or in a state that nobody knows, exists', async (t) => {
    const world = await someGoogle(t, { dials: { stopMs: [0, 0] } });
    const workers = await launched(world, 3);
    const [stopped, suspended, strange] = workers.map(({ workerId }) => workerId);
    world.gce.steering.stop(stopped!);
    world.gce.steering.suspend(suspended!);
    world.gce.steering.showStatus(strange!, 'TELEPORTING');
    const shown = new Map(
      (await inspected(world, workers)).map((sighting) => [sighting.workerId, summaryOf(sighting)]),
    );
    assert.deepEqual(shown.get(stopped!), 'dormant, TERMINATED');
    assert.deepEqual(shown.get(suspended!), 'suspended, SUSPENDED');
    assert.deepEqual(shown.get(strange!), 'suspended, TELEPORTING');
    const [ended] = await world.fleet.terminate(world.gce.project, workers.slice(0, 1), never);
    assert.equal(ended?.accepted, true);
  });

  test('what Google took back is said to be preempted, whether it is deleted then or left over', async (t) => {
    const world = await someGoogle(t, { dials: { stopMs: [0, 0], preemptionNoticeMs: 0, deleteMs: [0, 0] } });
    const [deleted] = await launched(world, 1);
    const [stopped] = await launched(world, 1, {
      scheduling: { provisioningModel: 'SPOT', instanceTerminationAction: 'STOP' },
    });
    world.gce.steering.preempt(deleted!.workerId);
    world.gce.steering.preempt(stopped!.workerId);
    const seen: Sighting[] = [];
    for await (const page of world.fleet.observe(world.gce.project, never)) seen.push(...page);
    assert.deepEqual(seen.map(summaryOf), ['dormant, TERMINATED, preempted']);
    const asked = await inspected(world, [deleted!, stopped!]);
    assert.deepEqual(asked.map(summaryOf).toSorted(), ['dormant, TERMINATED, preempted', 'gone, preempted, preempted']);
  });

  test('what was deleted behind our back is gone, by its operation or by its absence', async (t) => {
    const world = await someGoogle(t, { dials: { deleteMs: [0, 0] } });
    const workers = await launched(world, 2);
    await world.fleet.terminate(world.gce.project, workers.slice(0, 1), never);
    world.gce.steering.vanish(workers[1]!.workerId);
    assert.deepEqual((await inspected(world, workers)).map(summaryOf), ['gone, deleted']);
  });
});
