import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LaunchedWorker } from '#core/launch.ts';
import { aGoogleRequest, launched, launchedOf, someGoogle } from '#test/conformance/provider/google-rig.ts';
import type { GoogleWorld } from '#test/conformance/provider/google-world.ts';
import { never, until } from '#test/conformance/provider/world.ts';

const zone = 'us-west1-b';

/** So much later that the simulator has looked for request ids to forget. */
async function later(world: GoogleWorld): Promise<void> {
  const thenMs = world.now().getTime();
  await until(() => world.now().getTime() > thenMs + 61_000);
}

describe('launches at Compute Engine', () => {
  // spec: provisioning 7.3, 7.4, 11.2
  test('the machine gets its labels, its account and what it needs to find its way', async (t) => {
    const world = await someGoogle(t);
    const request = aGoogleRequest(world, 1);
    const [worker] = launchedOf(await world.fleet.launch(request, never));
    const [instance] = world.gce.instances();
    assert.equal(worker?.workerId, instance?.id);
    assert.equal(worker?.workerGroup, zone);
    assert.deepEqual(instance?.labels, {
      'created-by': 'taskcluster-wm-google-1',
      'managed-by': 'taskcluster',
      'worker-pool-id': 'proj-pool',
      owner: 'owner-example-com',
      'launch-config-id': 'lc-1',
      'order-id': request.order.orderId,
    });
    assert.equal(instance.account, world.gce.accounts[0]?.email);
    assert.deepEqual(JSON.parse(instance.metadata['taskcluster'] ?? ''), {
      workerPoolId: 'proj/pool',
      providerId: 'google-1',
      workerGroup: zone,
      rootUrl: 'https://tc.example.com',
      workerConfig: { genericWorker: {} },
    });
    const { configuration: _digest, launchTime, ...data } = worker?.providerData ?? {};
    assert.match(String(launchTime), /^\d{4}-/);
    assert.deepEqual(data, {
      project: 'simulated',
      zone,
      name: instance.name,
      machineType: 'n2-standard-4',
      market: 'spot',
      accelerators: '',
    });
  });

  // spec: P-42
  test('a thousand machines cost one bulkInsert and two pages, a few an insert each', async (t) => {
    const world = await someGoogle(t, {}, 1);
    world.gce.resetCounts();
    assert.equal((await launched(world, world.fleet.maxPerOrder)).length, 1000);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.bulkInsert': 1, 'instances.list': 2 } });
    world.gce.resetCounts();
    assert.equal((await launched(world, 9)).length, 9);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.insert': 9 } });
  });

  test('what bulkInsert does not take is started by inserts', async (t) => {
    const world = await someGoogle(t);
    world.gce.resetCounts();
    assert.equal((await launched(world, 12, { deletionProtection: false })).length, 12);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.insert': 12 } });
  });

  test('one machine that is refused spares the calls for those that follow', async (t) => {
    const world = await someGoogle(t);
    world.refuse('launch', 'configuration');
    world.gce.resetCounts();
    const outcome = await world.fleet.launch(aGoogleRequest(world, 200, { deletionProtection: false }), never);
    assert.deepEqual([launchedOf(outcome).length, outcome.refusal?.class], [0, 'configuration']);
    assert.equal(world.gce.counts.calls['us-west1']?.['instances.insert'], 32);
  });

  // spec: P-42
  test('one that a repeat finds failed says nothing of those that follow: they were sent the first time', async (t) => {
    const world = await someGoogle(t, { dials: { failMs: [60_000, 60_000] } }, 25);
    world.gce.faults.add({ kind: 'operation', type: 'insert', code: 'ZONE_RESOURCE_POOL_EXHAUSTED', times: 1 });
    const request = aGoogleRequest(world, 40, { deletionProtection: false });
    assert.equal(launchedOf(await world.fleet.launch(request, never)).length, 40);
    await later(world);
    const repeated = await world.fleet.launch(request, never);
    assert.deepEqual([launchedOf(repeated).length, repeated.refusal?.class], [39, 'capacity']);
    assert.equal(world.gce.counts.launched, 40);
  });

  test('one that gets no answer does, too', async (t) => {
    const world = await someGoogle(t);
    world.disturb('launch', 'break', 'before');
    const outcome = await world.fleet.launch(aGoogleRequest(world, 200, { deletionProtection: false }), never);
    assert.deepEqual([outcome.kind, outcome.refusal?.class], ['unknown', 'transient']);
    assert.equal(world.heard.calls.filter(({ attempt }) => attempt === 1).length, 32 + 1, 'the set-up’s among them');
  });

  // spec: P-54
  test('where machines get no answer the others are known', async (t) => {
    const world = await someGoogle(t);
    const request = aGoogleRequest(world, 4);
    // All but one of the calls that four machines may cost.
    world.gce.faults.add({ kind: 'reset', action: 'instances.insert', when: 'after', times: 4 * 3 - 1 });
    const outcome = await world.fleet.launch(request, never);
    assert.equal(outcome.kind, 'unknown');
    const known = outcome.launched.map(({ workerId }) => workerId);
    assert.equal(known.length, 1);
    const all = launchedOf(await world.fleet.launch(request, never)).map(({ workerId }) => workerId);
    assert.equal(all.length, 4);
    assert.ok(all.includes(known[0] ?? ''));
    assert.equal(world.gce.counts.launched, 4);
  });

  test('a bulkInsert is settled when all ids are known, though it goes on', async (t) => {
    const world = await someGoogle(t, { dials: { stageMs: [3_600_000, 3_600_000] } });
    assert.equal((await launched(world, 20)).length, 20);
  });

  test('a bulkInsert that takes too long leaves the order open, and recovering does not mistake a part for the whole', async (t) => {
    const world = await someGoogle(t, { dials: { stageMs: [600_000, 600_000], hiddenMs: [300_000, 300_000] } }, 25);
    const request = aGoogleRequest(world, 10);
    const outcome = await world.fleet.launch(request, never);
    assert.deepEqual([outcome.kind, outcome.refusal?.code], ['unknown', 'UnfinishedOperation']);
    assert.equal((await world.fleet.recover(request.order, never)).kind, 'unknown');
  });

  // spec: P-08, provisioning 7.9
  test('a quota that leaves room for some starts those, and says which quota it was', async (t) => {
    const world = await someGoogle(t);
    world.gce.faults.add({ kind: 'quota', region: 'us-west1', metric: 'N2_CPUS', limit: 12, at: 'operation' });
    const outcome = await world.fleet.launch(aGoogleRequest(world, 10, { scheduling: {} }), never);
    assert.equal(launchedOf(outcome).length, 3);
    const { class: refusalClass, code, scope, kind } = outcome.refusal ?? {};
    assert.deepEqual(
      [refusalClass, code, scope, kind],
      ['quota', 'QUOTA_EXCEEDED', 'us-west1/quota/cpus/n2/standard', 'operation-error'],
    );
  });

  // spec: P-42
  test('long after the first attempt, when Google has forgotten it, a repeat finds the machines by their names', async (t) => {
    const world = await someGoogle(t, { dials: { requestIdKeptMs: 0 } }, 25);
    for (const count of [2, 10]) {
      const request = aGoogleRequest(world, count);
      const first = launchedOf(await world.fleet.launch(request, never));
      await later(world);
      const again = launchedOf(await world.fleet.launch(request, never));
      const idsOf = (workers: readonly LaunchedWorker[]) => workers.map(({ workerId }) => workerId).toSorted();
      assert.deepEqual(idsOf(again), idsOf(first));
      assert.deepEqual(Object.keys(again[0]!.providerData), Object.keys(first[0]!.providerData));
    }
    assert.equal(world.gce.instances().length, 12);
  });

  test('machines of an earlier attempt that Google does not show yet leave the order open', async (t) => {
    const world = await someGoogle(t, { dials: { requestIdKeptMs: 0, hiddenMs: [3_600_000, 3_600_000] } }, 25);
    const request = aGoogleRequest(world, 2);
    await world.fleet.launch(request, never);
    await later(world);
    assert.equal((await world.fleet.launch(request, never)).kind, 'unknown');
  });

  test('a machine of somebody else that bears the order’s label is not the order’s', async (t) => {
    const world = await someGoogle(t);
    const request = aGoogleRequest(world, 1);
    const [mine] = launchedOf(await world.fleet.launch(request, never));
    await launched(world, 1, { labels: { copied: 'true' } });
    const other = world.gce.instances().find(({ id }) => id !== mine?.workerId);
    Object.assign(other!.labels, { 'order-id': request.order.orderId });
    const found = launchedOf(await world.fleet.recover(request.order, never));
    assert.deepEqual(
      found.map(({ workerId }) => workerId),
      [mine?.workerId],
    );
  });

  test('after one lost answer even a refusal leaves the order open: it may be of the repeat only', async (t) => {
    const world = await someGoogle(t);
    const request = aGoogleRequest(world, 2);
    world.gce.faults.add({ kind: 'reset', action: 'instances.insert', when: 'after', times: 2 });
    world.gce.faults.add({ kind: 'error', action: 'instances.insert', reason: 'forbidden', when: 'after' });
    const outcome = await world.fleet.launch(request, never);
    assert.deepEqual([outcome.kind, outcome.refusal?.code], ['unknown', 'forbidden']);
    world.calm();
    assert.equal(launchedOf(await world.fleet.recover(request.order, never)).length, 2);
  });
});
