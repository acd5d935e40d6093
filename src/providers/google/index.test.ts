import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { LaunchedWorker, LaunchOutcome, LaunchRequest } from '#core/launch.ts';
import type { FleetWorker, Sighting } from '#core/provider.ts';
import { providerConformance } from '#test/conformance/provider.ts';
import { aGoogleWorld, googleConfiguration } from '#test/conformance/provider/google-world.ts';
import type { GoogleWorld } from '#test/conformance/provider/google-world.ts';
import { aLaunchRequest, someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { until } from '#test/conformance/provider/world.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import type { GceOptions } from '#simulators/gce/server.ts';
import { googleModule } from './index.ts';

providerConformance('the Google provider', () => aGoogleWorld());

const never = new AbortController().signal;
const zone = 'us-west1-b';

async function aWorld(t: TestContext, options: GceOptions = {}, times = 10): Promise<GoogleWorld> {
  const world = await aGoogleWorld(options, times);
  t.after(() => world.close());
  return world;
}

function aRequest(world: GoogleWorld, count: number, special: JsonObject = {}): LaunchRequest {
  const order = { providerId: 'google-1', scope: world.gce.project, workerGroup: zone, count };
  return aLaunchRequest({ configuration: { ...googleConfiguration, ...special }, order });
}

function launchedOf(outcome: LaunchOutcome): readonly LaunchedWorker[] {
  assert.equal(outcome.kind, 'settled', outcome.refusal?.message);
  return outcome.kind === 'settled' ? outcome.launched : [];
}

async function launched(world: GoogleWorld, count: number, special: JsonObject = {}): Promise<FleetWorker[]> {
  const outcome = await world.fleet.launch(aRequest(world, count, special), never);
  return launchedOf(outcome).map((worker) => ({ workerPoolId: 'proj/pool', ...worker }));
}

async function inspected(world: GoogleWorld, workers: readonly FleetWorker[]): Promise<readonly Sighting[]> {
  return world.fleet.inspect(world.gce.project, workers, never);
}

/** So much later that the simulator has looked for request ids to forget. */
async function later({ now }: GoogleWorld): Promise<void> {
  const thenMs = now().getTime();
  await until(() => now().getTime() > thenMs + 61_000);
}

/** What is seen of workers when none of them is starting any more. */
async function fates(world: GoogleWorld, workers: readonly FleetWorker[]): Promise<readonly Sighting[]> {
  for (;;) {
    const sightings = await inspected(world, workers);
    if (sightings.every(({ presence }) => presence !== 'starting')) return sightings;
  }
}

const summary = ({ presence, cloudState, why, trouble }: Sighting) => [presence, cloudState, why, trouble?.code];

describe('launches at Compute Engine', () => {
  // spec: provisioning 7.3, 7.4, 11.2
  test('the machine gets its labels, its account and what it needs to find its way', async (t) => {
    const world = await aWorld(t);
    const request = aRequest(world, 1);
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
    const world = await aWorld(t, {}, 1);
    world.gce.resetCounts();
    assert.equal((await launched(world, world.fleet.maxPerOrder)).length, 1000);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.bulkInsert': 1, 'instances.list': 2 } });
    world.gce.resetCounts();
    assert.equal((await launched(world, 4)).length, 4);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.insert': 4 } });
  });

  test('what bulkInsert does not take is started by inserts', async (t) => {
    const world = await aWorld(t);
    world.gce.resetCounts();
    assert.equal((await launched(world, 6, { deletionProtection: false })).length, 6);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.insert': 6 } });
  });

  test('one machine that is refused spares the calls for those that follow', async (t) => {
    const world = await aWorld(t);
    world.refuse('launch', 'configuration');
    world.gce.resetCounts();
    const outcome = await world.fleet.launch(aRequest(world, 200, { deletionProtection: false }), never);
    assert.deepEqual([launchedOf(outcome).length, outcome.refusal?.class], [0, 'configuration']);
    assert.equal(world.gce.counts.calls['us-west1']?.['instances.insert'], 32);
  });

  test('a bulkInsert is settled when all ids are known, though it goes on', async (t) => {
    const world = await aWorld(t, { dials: { stageMs: [3_600_000, 3_600_000] } });
    assert.equal((await launched(world, 20)).length, 20);
  });

  test('a bulkInsert that takes too long leaves the order open, and recovering does not mistake a part for the whole', async (t) => {
    const world = await aWorld(t, { dials: { stageMs: [600_000, 600_000], hiddenMs: [300_000, 300_000] } }, 400);
    const request = aRequest(world, 5);
    const outcome = await world.fleet.launch(request, never);
    assert.deepEqual([outcome.kind, outcome.refusal?.code], ['unknown', 'UnfinishedOperation']);
    assert.equal((await world.fleet.recover(request.order, never)).kind, 'unknown');
  });

  // spec: P-08, provisioning 7.9
  test('a quota that leaves room for some starts those, and says which quota it was', async (t) => {
    const world = await aWorld(t);
    world.gce.faults.add({ kind: 'quota', region: 'us-west1', metric: 'N2_CPUS', limit: 12, at: 'operation' });
    const outcome = await world.fleet.launch(aRequest(world, 5, { scheduling: {} }), never);
    assert.equal(launchedOf(outcome).length, 3);
    const { class: refusalClass, code, scope, kind } = outcome.refusal ?? {};
    assert.deepEqual(
      [refusalClass, code, scope, kind],
      ['quota', 'QUOTA_EXCEEDED', 'us-west1/quota/cpus/n2/standard', 'operation-error'],
    );
  });

  // spec: P-42
  test('long after the first attempt, when Google has forgotten it, a repeat finds the machines by their names', async (t) => {
    const world = await aWorld(t, { dials: { requestIdKeptMs: 0 } }, 100);
    for (const count of [2, 5]) {
      const request = aRequest(world, count);
      const first = launchedOf(await world.fleet.launch(request, never));
      await later(world);
      const again = launchedOf(await world.fleet.launch(request, never));
      const idsOf = (workers: readonly LaunchedWorker[]) => workers.map(({ workerId }) => workerId).toSorted();
      assert.deepEqual(idsOf(again), idsOf(first));
      assert.deepEqual(Object.keys(again[0]!.providerData), Object.keys(first[0]!.providerData));
    }
    assert.equal(world.gce.instances().length, 7);
  });

  test('machines of an earlier attempt that Google does not show yet leave the order open', async (t) => {
    const world = await aWorld(t, { dials: { requestIdKeptMs: 0, hiddenMs: [3_600_000, 3_600_000] } }, 100);
    const request = aRequest(world, 2);
    await world.fleet.launch(request, never);
    await later(world);
    assert.equal((await world.fleet.launch(request, never)).kind, 'unknown');
  });

  test('after one lost answer even a refusal leaves the order open: it may be of the repeat only', async (t) => {
    const world = await aWorld(t);
    const request = aRequest(world, 2);
    world.gce.faults.add({ kind: 'reset', action: 'instances.insert', when: 'after', times: 2 });
    world.gce.faults.add({ kind: 'error', action: 'instances.insert', reason: 'forbidden', when: 'after' });
    const outcome = await world.fleet.launch(request, never);
    assert.deepEqual([outcome.kind, outcome.refusal?.code], ['unknown', 'forbidden']);
    world.calm();
    assert.equal(launchedOf(await world.fleet.recover(request.order, never)).length, 2);
  });
});

// spec: provisioning 7.6, 7.9, P-08, P-52
describe('launches that fail after they were accepted', () => {
  const failing = { failMs: [200, 200] } as const;

  test('a stock-out is told as soon as the machine is asked for, and closes the stock of that zone', async (t) => {
    const world = await aWorld(t, { dials: failing });
    world.limitStock(0);
    const workers = await launched(world, 2);
    const sightings = await fates(world, workers);
    assert.deepEqual(
      sightings.map(summary),
      workers.map(() => ['gone', 'insert failed', undefined, 'ZONE_RESOURCE_POOL_EXHAUSTED']),
    );
    const { trouble, providerData } = sightings[0]!;
    assert.deepEqual(
      [trouble?.class, trouble?.scope, trouble?.kind, trouble?.title],
      ['capacity', `${zone}/n2-standard-4/spot`, 'operation-error', 'Operation Error'],
    );
    assert.ok(world.fleet.place(googleConfiguration).backOffScopes.includes(trouble?.scope ?? ''));
    assert.deepEqual(providerData, workers[0]?.providerData);
  });

  test('so are all other failures, each closing a scope of the launch config', async (t) => {
    const world = await aWorld(t, { dials: failing });
    const { backOffScopes } = world.fleet.place(googleConfiguration);
    const codes = {
      QUOTA_EXCEEDED: 'quota',
      IP_SPACE_EXHAUSTED: 'capacity',
      PERMISSIONS_ERROR: 'auth',
      INVALID_FIELD_VALUE: 'configuration',
      INTERNAL_ERROR: 'transient',
    };
    for (const [code, refusalClass] of Object.entries(codes)) {
      world.gce.faults.add({ kind: 'operation', type: 'insert', code, times: 1 });
      const [sighting] = await fates(world, await launched(world, 1));
      assert.deepEqual(
        [sighting?.presence, sighting?.trouble?.class, sighting?.trouble?.code],
        ['gone', refusalClass, code],
      );
      assert.ok(backOffScopes.includes(sighting?.trouble?.scope ?? ''), code);
    }
  });

  test('an order that is sent again after its failure tells it, too', async (t) => {
    const world = await aWorld(t, { dials: failing });
    world.limitStock(0);
    const request = aRequest(world, 1);
    const [worker] = launchedOf(await world.fleet.launch(request, never));
    await fates(world, [{ workerPoolId: 'proj/pool', ...worker! }]);
    const again = await world.fleet.launch(request, never);
    assert.deepEqual(launchedOf(again), []);
    assert.deepEqual([again.refusal?.class, again.refusal?.kind], ['capacity', 'operation-error']);
  });

  test('an insert that never ends is starting, however often it is asked', async (t) => {
    const world = await aWorld(t);
    world.gce.faults.add({ kind: 'stuck', type: 'insert' });
    const workers = await launched(world, 1);
    for (let turn = 0; turn < 3; turn++) {
      const [sighting] = await inspected(world, workers);
      assert.equal(sighting?.presence, 'starting');
    }
  });

  test('a machine that looks for its place is starting, and alive when it has one', async (t) => {
    const world = await aWorld(t, { dials: { provisionMs: [500, 500], stageMs: [3_600_000, 3_600_000] } });
    const workers = await launched(world, 1);
    assert.deepEqual((await inspected(world, workers)).map(summary), [
      ['starting', 'PROVISIONING', undefined, undefined],
    ]);
    for (let presence: unknown = 'starting'; presence !== 'alive';) {
      presence = (await inspected(world, workers))[0]?.presence;
      assert.ok(presence === 'starting' || presence === 'alive');
    }
  });
});

describe('observation of Compute Engine', () => {
  // spec: P-40
  test('costs one call per five hundred machines, and holds no more than a page', async (t) => {
    const world = await aWorld(t, {}, 1);
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
    const world = await aWorld(t);
    await launched(world, 40);
    world.gce.faults.turn({ shortPage: 0.7 });
    const ids: string[] = [];
    for await (const page of world.fleet.observe(world.gce.project, never)) {
      ids.push(...page.map((sighting) => sighting.workerId));
    }
    assert.deepEqual([new Set(ids).size, ids.length], [40, 40]);
  });

  test('a zone out of reach hides no other, and what it holds does not pass for gone', async (t) => {
    const world = await aWorld(t);
    const workers = await launched(world, 3);
    const elsewhere = {
      ...googleConfiguration,
      region: 'us-east1',
      zone: 'us-east1-b',
      machineType: 'zones/us-east1-b/machineTypes/n2-standard-4',
    };
    const order = { ...aRequest(world, 1).order, workerGroup: 'us-east1-b' };
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
    const world = await aWorld(t, {}, 1);
    await launched(world, 1000);
    for await (const page of world.fleet.observe(world.gce.project, never)) {
      assert.equal(page.length, 500);
      world.gce.faults.add({ kind: 'error', action: 'instances.aggregatedList', reason: 'internalError' });
      break;
    }
  });

  test('many workers of a zone are asked about together', async (t) => {
    const world = await aWorld(t);
    const workers = await launched(world, 250);
    world.gce.resetCounts();
    assert.equal((await inspected(world, workers)).length, 250);
    assert.deepEqual(world.gce.counts.calls, { 'us-west1': { 'instances.list': 3 } });
  });

  // spec: provisioning 1.10, 7.5, P-14
  test('what has stopped is left over; what is suspended, or in a state that nobody knows, exists', async (t) => {
    const world = await aWorld(t, { dials: { stopMs: [0, 0] } });
    const workers = await launched(world, 3);
    const [stopped, suspended, strange] = workers.map(({ workerId }) => workerId);
    world.gce.steering.stop(stopped!);
    world.gce.steering.suspend(suspended!);
    world.gce.steering.showStatus(strange!, 'TELEPORTING');
    const shown = new Map((await inspected(world, workers)).map((sighting) => [sighting.workerId, summary(sighting)]));
    assert.deepEqual(shown.get(stopped!), ['dormant', 'TERMINATED', undefined, undefined]);
    assert.deepEqual(shown.get(suspended!), ['suspended', 'SUSPENDED', undefined, undefined]);
    assert.deepEqual(shown.get(strange!), ['suspended', 'TELEPORTING', undefined, undefined]);
    const [ended] = await world.fleet.terminate(world.gce.project, workers.slice(0, 1), never);
    assert.equal(ended?.accepted, true);
  });

  test('what Google took back is said to be preempted, whether it is deleted then or left over', async (t) => {
    const world = await aWorld(t, { dials: { stopMs: [0, 0], preemptionNoticeMs: 0, deleteMs: [0, 0] } });
    const [deleted] = await launched(world, 1);
    const [stopped] = await launched(world, 1, {
      scheduling: { provisioningModel: 'SPOT', instanceTerminationAction: 'STOP' },
    });
    world.gce.steering.preempt(deleted!.workerId);
    world.gce.steering.preempt(stopped!.workerId);
    const seen: Sighting[] = [];
    for await (const page of world.fleet.observe(world.gce.project, never)) seen.push(...page);
    assert.deepEqual(seen.map(summary), [['dormant', 'TERMINATED', 'preempted', undefined]]);
    const asked = await inspected(world, [deleted!, stopped!]);
    assert.deepEqual(asked.map(summary).toSorted(), [
      ['dormant', 'TERMINATED', 'preempted', undefined],
      ['gone', 'preempted', 'preempted', undefined],
    ]);
  });

  test('what was deleted behind our back is gone, by its operation or by its absence', async (t) => {
    const world = await aWorld(t, { dials: { deleteMs: [0, 0] } });
    const workers = await launched(world, 2);
    await world.fleet.terminate(world.gce.project, workers.slice(0, 1), never);
    world.gce.steering.vanish(workers[1]!.workerId);
    assert.deepEqual((await inspected(world, workers)).map(summary), [['gone', 'deleted', undefined, undefined]]);
  });
});

// spec: provisioning 7.7, P-52
describe('ends at Compute Engine', () => {
  test('a deletion that failed is told when it is tried again', async (t) => {
    const world = await aWorld(t, { dials: { deleteMs: [0, 0], failMs: [0, 0] } });
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
    assert.deepEqual(again.map(({ accepted, refusal }) => [accepted, refusal?.code]).toSorted(), [
      [false, 'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE'],
      [true, undefined],
    ]);
    const last = await world.fleet.terminate(world.gce.project, workers, never);
    assert.ok(last.every(({ accepted }) => accepted));
    assert.ok(world.machines().every(({ isAlive }) => !isAlive));
  });

  test('an id that can be no instance is as good as gone, and asked of nobody', async (t) => {
    const world = await aWorld(t);
    const worker = { workerPoolId: 'proj/pool', workerGroup: zone, workerId: '1) OR (name = x', providerData: {} };
    world.gce.resetCounts();
    const [outcome] = await world.fleet.terminate(world.gce.project, [worker], never);
    assert.equal(outcome?.accepted, true);
    assert.deepEqual(await inspected(world, [worker]), []);
    assert.deepEqual(world.gce.counts.calls, {});
  });
});

describe('limits of Compute Engine', () => {
  // spec: provisioning 5.1, 5.2, P-08
  test('throttled launches pause what changes something, and no questions', async (t) => {
    const world = await aWorld(t);
    const workers = await launched(world, 2);
    world.gce.faults.add({ kind: 'error', action: 'instances.insert', reason: 'rateLimitExceeded', times: 1 });
    const throttled = launched(world, 1);
    const asked = await inspected(world, workers);
    assert.equal(asked.length, 2);
    assert.equal((await throttled).length, 1);
    assert.deepEqual(
      world.heard.pauses.map(({ scope, kind, reason }) => [scope, kind, reason]),
      [['simulated', 'query', 'rateLimitExceeded']],
    );
    const last = world.heard.calls.at(-1);
    assert.deepEqual([last?.operation, last?.scope, last?.attempt], ['instances.insert', 'simulated', 2]);
  });

  test('a project out of calls for this minute loses and doubles nothing', async (t) => {
    const world = await aWorld(t, { dials: { limits: { default_per_region: 20 } } }, 200);
    const requests = Array.from({ length: 15 }, () => aRequest(world, 2));
    const outcomes = await Promise.all(requests.map((request) => world.fleet.launch(request, never)));
    const started = outcomes.flatMap(launchedOf).length;
    assert.equal(world.gce.instances().length, started);
    assert.ok(outcomes.every(({ refusal }) => refusal === null || refusal.class === 'throttle'));
    t.diagnostic(`${started} of 30 started, ${world.gce.counts.outcomes['rateLimitExceeded'] ?? 0} calls in vain`);
  });
});

describe('the set-up at Google', () => {
  // spec: provisioning 7.1
  test('costs one call, says why it fails, and works as soon as Google does', async (t) => {
    const { gce } = await aWorld(t);
    const settings = {
      endpoint: gce.url,
      accessToken: 'a',
      project: gce.project,
      workerServiceAccountId: gce.accounts[0]!.uniqueId,
    };
    const setUp = googleModule.configure(new SettingsReader(settings));
    const surroundings = someSurroundings();
    gce.faults.add({ kind: 'error', action: 'iam.serviceAccounts.get', reason: 'forbidden', times: 1 });
    await assert.rejects(setUp('google-2', surroundings, never), { name: 'GoogleError' });
    const { fleet } = await setUp('google-2', surroundings, never);
    assert.deepEqual(fleet?.scopes(), [gce.project]);
    assert.equal(surroundings.heard.calls.length, 2);
    const wrong = googleModule.configure(new SettingsReader({ ...settings, workerServiceAccountId: '1' }));
    await assert.rejects(wrong('google-3', surroundings, never), /NOT_FOUND|notFound/i);
  });
});
