// spec: provisioning 7.3, 7.5, 7.6, 7.8, 1.5, 1.10

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { SteppedClock } from '#lib/clock.ts';
import { startGce } from '#simulators/gce/server.ts';
import type { GceOptions, SimulatedGce } from '#simulators/gce/server.ts';
import { SimulatedWorkers } from '#simulators/worker/workers.ts';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aPool } from './a-pool.ts';

/** As long and as odd as ids can be. */
const pool = `${'9_Proj'.repeat(6)}-_/${'on-google-'.repeat(3)}12345678`;

/** A world with a simulated Compute Engine beside, both by one clock, and workers on its machines. */
class GoogleWorld {
  readonly world: World;
  readonly gce: SimulatedGce;
  readonly workers: SimulatedWorkers;

  constructor(world: World, gce: SimulatedGce) {
    this.world = world;
    this.gce = gce;
    const { clock, queue } = world;
    this.workers = new SimulatedWorkers({ clock, parks: [gce.park], queueUrl: queue.url, idleTimeoutMs: 2 * minuteMs });
  }

  async createPool(traits: Parameters<typeof aPool>[0] = {}): Promise<void> {
    await this.world.createPool(
      pool,
      aPool({ providerId: 'google-demo', launchConfigs: [aGoogleConfig()], ...traits }),
    );
  }

  async live(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10 * secondMs) {
      await this.workers.turn();
      await this.world.through(this.world.live(10 * secondMs), secondMs);
    }
  }

  async liveUntil(what: string, isReached: () => Promise<boolean>, limitMs = 30 * minuteMs): Promise<void> {
    const giveUpAt = this.world.clock.now().getTime() + limitMs;
    while (!(await isReached())) {
      assert.ok(this.world.clock.now().getTime() < giveUpAt, `not reached: ${what}`);
      await this.live(10 * secondMs);
    }
  }
}

async function aGoogleWorld(t: TestContext, dials: GceOptions['dials'] = {}): Promise<GoogleWorld> {
  // The world makes the clock, and the cloud's address must be known before: it is handed on afterwards.
  const borrowed = { clock: new SteppedClock(new Date('2026-03-01T12:00:00.000Z')) };
  const gce = await startGce({
    clock: { now: () => borrowed.clock.now(), sleep: (ms, signal) => borrowed.clock.sleep(ms, signal) },
    regions: ['us-west1', 'us-east1'],
    dials: { bootMs: [20_000, 20_000], deleteMs: [10_000, 10_000], isThrottling: false, ...dials },
  });
  t.after(() => gce.close());
  const provider = {
    providerType: 'google',
    endpoint: gce.url,
    certificatesUrl: `${gce.url}/oauth2/v3/certs`,
    accessToken: 'simulated',
    project: gce.project,
    workerServiceAccountId: gce.accounts[0]!.uniqueId,
    // Time stands still between steps: limits that refill with it would stop what one step has to do.
    apiRateLimits: Object.fromEntries(
      ['query', 'get', 'list', 'opRead'].map((kind) => [kind, { intervalCap: 100_000 }]),
    ),
  };
  const world = await aWorld(t, {
    awsProviders: [],
    settings: (usual) => ({ ...usual, PROVIDERS: { ...(usual['PROVIDERS'] as object), 'google-demo': provider } }),
  });
  borrowed.clock = world.clock;
  const google = new GoogleWorld(world, gce);
  t.after(() => google.workers.close());
  return google;
}

function aGoogleConfig(zone = 'us-west1-b', special: JsonObject = {}): JsonObject {
  return {
    region: zone.slice(0, -2),
    zone,
    machineType: `zones/${zone}/machineTypes/n2-standard-4`,
    disks: [
      {
        type: 'PERSISTENT',
        boot: true,
        autoDelete: true,
        initializeParams: { sourceImage: 'projects/images/global/images/worker-1', diskSizeGb: 60 },
      },
    ],
    networkInterfaces: [{ accessConfigs: [{ type: 'ONE_TO_ONE_NAT' }] }],
    scheduling: { provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE' },
    workerConfig: { genericWorker: { config: {} } },
    ...special,
  };
}

test('a pool at Google: machines start, prove who they are, work, and end', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce, workers } = google;
  await google.createPool();
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 10 });
  await google.live(10 * secondMs);
  assert.deepEqual(await world.states(pool), { requested: 10 });
  assert.equal(gce.counts.calls['us-west1']?.['instances.bulkInsert'], 1);
  await google.liveUntil('all done', () => Promise.resolve(workers.counters.tasksDone === 10));
  await google.liveUntil('all ended', async () => (await world.states(pool)).stopped === 10);
  assert.equal(workers.counters.registered, 10);
  assert.equal(workers.counters.refused, 0);
  assert.deepEqual(gce.instances(), []);
  assert.deepEqual(await world.problems(pool), []);
});

// spec: P-08, P-52
test('a zone without machines rests as soon as Google says so, people are told once, and another zone takes over', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce, workers } = google;
  gce.faults.add({ kind: 'stock', zone: 'us-west1-b', available: 0 });
  const spare = aGoogleConfig('us-east1-b', { workerManager: { initialWeight: 0.000_001 } });
  await google.createPool({ launchConfigs: [aGoogleConfig(), spare] });
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 2 });
  await google.liveUntil('all done', () => Promise.resolve(workers.counters.tasksDone === 2));
  const problems = await world.problems(pool);
  assert.deepEqual(
    problems.map(({ kind, title, extra }) => [kind, title, extra['code']]),
    [['operation-error', 'Operation Error', 'ZONE_RESOURCE_POOL_EXHAUSTED']],
  );
  const setbacks = await world.service.store.setbacks('google-demo');
  assert.deepEqual(
    setbacks.map(({ scope }) => scope),
    ['us-west1-b/n2-standard-4/spot'],
  );
  const tries = gce.counts.calls['us-west1']?.['instances.insert'] ?? 0;
  assert.ok(tries <= 4, `${tries} tries in vain`);
});

test('machines that are preempted without notice are said to be, and their places are filled', async (t) => {
  const google = await aGoogleWorld(t, { preemptionNoticeMs: 0 });
  const { world, gce } = google;
  await google.createPool({ min: 6, max: 6 });
  await google.liveUntil('they run', async () => (await world.states(pool)).running === 6);
  const victims = gce.instances().map(({ id }) => id);
  for (const id of victims) gce.steering.preempt(id);
  await google.liveUntil('others run', async () => {
    const { running = 0, stopped = 0 } = await world.states(pool);
    return running === 6 && stopped === 6;
  });
  const reasons = (await world.rows(pool))
    .filter(({ workerId }) => victims.includes(workerId))
    .map((row) => row.removalReason);
  assert.deepEqual(
    reasons,
    Array.from(victims, () => 'preempted'),
  );
  assert.equal(gce.instances().filter(({ status }) => status === 'RUNNING').length, 6);
});

// spec: P-14
test('a machine that is suspended for too long, and one whose insert never ends, are removed in their time', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce } = google;
  await google.createPool({ min: 1, max: 1, lifecycle: { registrationTimeout: 300 } });
  await google.live(10 * secondMs);
  const [machine] = gce.instances();
  gce.steering.suspend(machine!.id);
  gce.faults.add({ kind: 'stuck', type: 'insert', times: 1 });
  await google.live(15 * minuteMs);
  const rows = await world.rows(pool);
  const reasons = rows.filter(({ state }) => state === 'stopped').map(({ removalReason }) => removalReason);
  assert.ok(reasons.length >= 2, JSON.stringify(rows.map(({ state, removalReason }) => [state, removalReason])));
  assert.ok(
    reasons.every((reason) => reason === 'terminateAfter time exceeded'),
    reasons.join(),
  );
  await google.liveUntil('one runs', async () => (await world.states(pool)).running === 1);
});

test('a machine deleted behind our back is missed and replaced', async (t) => {
  const google = await aGoogleWorld(t);
  const { world, gce } = google;
  await google.createPool({ min: 1, max: 1 });
  await google.liveUntil('it runs', async () => (await world.states(pool)).running === 1);
  await google.live(5 * minuteMs);
  const [machine] = gce.instances();
  gce.steering.vanish(machine!.id);
  await google.liveUntil('another runs', async () => {
    const { running = 0, stopped = 0 } = await world.states(pool);
    return running === 1 && stopped === 1;
  });
});
