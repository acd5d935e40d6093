import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { LaunchRequest } from '#core/launch.ts';
import type { Fleet, FleetWorker, Sighting } from '#core/provider.ts';
import { SteppedClock } from '#lib/clock.ts';
import { SmallAzure } from '#test/azure/small-azure.ts';
import type { SmallAzureTimes } from '#test/azure/small-azure.ts';
import {
  aProcess,
  sequentialConfiguration,
  subscriptionId,
  templateConfiguration,
} from '#test/azure/small-azure-world.ts';
import type { SmallProcess } from '#test/azure/small-azure-world.ts';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { never } from '#test/conformance/provider/world.ts';

const times: SmallAzureTimes = { network: 4_000, machine: 30_000, removal: 20_000, deployment: 45_000 };
const stepMs = 50;

interface Small {
  clock: SteppedClock;
  azure: SmallAzure;
  process: SmallProcess;
  fleet: Fleet;
}

function aSmallAzure(special: Partial<SmallAzureTimes> = {}): Small {
  const clock = new SteppedClock(new Date('2026-03-01T00:00:00Z'));
  const azure = new SmallAzure(clock, { ...times, ...special });
  const process = aProcess(azure, clock);
  return { clock, azure, process, fleet: process.fleet };
}

/** Lets time pass until the promise has come to something. @returns it, and the milliseconds that it took. */
async function passing<T>(clock: SteppedClock, promise: Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startedMs = clock.now().getTime();
  let isDone = false;
  promise.finally(() => (isDone = true)).catch(() => {});
  for (let steps = 0; !isDone; steps++) {
    assert.ok(steps < 40_000, 'it never ends');
    await clock.step(stepMs);
  }
  return { value: await promise, tookMs: clock.now().getTime() - startedMs };
}

/** Lets time pass until nothing is being ended or followed any more. */
async function settled(
  { clock, process }: Pick<Small, 'clock' | 'process'>,
  workerIds: readonly string[],
): Promise<number> {
  const all = Promise.all(workerIds.map((workerId) => process.parts.teardowns.settled(workerId)));
  return (await passing(clock, all)).tookMs;
}

function aRequest(clock: SteppedClock, configuration: JsonObject, count = 1): LaunchRequest {
  const placedAt = clock.now();
  return aLaunchRequest({
    configuration,
    order: { providerId: 'azure-1', workerGroup: 'eastus', scope: subscriptionId, count, placedAt },
  });
}

async function launched(
  small: Small,
  configuration: JsonObject,
  count = 1,
): Promise<{ request: LaunchRequest; workers: FleetWorker[]; tookMs: number }> {
  const request = aRequest(small.clock, configuration, count);
  const { value, tookMs } = await passing(small.clock, small.fleet.launch(request, never));
  assert.ok(value.kind === 'settled' && value.launched.length === count, JSON.stringify(value));
  return {
    request,
    workers: value.launched.map((worker) => ({ ...worker, workerPoolId: request.order.workerPoolId })),
    tookMs,
  };
}

async function inspected({ clock, fleet }: Small, workers: readonly FleetWorker[]): Promise<readonly Sighting[]> {
  return (await passing(clock, fleet.inspect(subscriptionId, workers, never))).value;
}

async function observed({ clock, fleet }: Small): Promise<Sighting[]> {
  const all: Sighting[] = [];
  const reading = (async () => {
    for await (const page of fleet.observe(subscriptionId, never)) all.push(...page);
  })();
  await passing(clock, reading);
  return all;
}

async function ended(small: Small, workers: readonly FleetWorker[]): Promise<number> {
  const { value } = await passing(small.clock, small.fleet.terminate(subscriptionId, workers, never));
  assert.ok(value.every(({ accepted }) => accepted));
  return settled(
    small,
    workers.map(({ workerId }) => workerId),
  );
}

const withAddress = { ...sequentialConfiguration, workerManager: { publicIp: true } };

// spec: provisioning 8.5, 8.8.2, P-55
test('a machine is accepted as soon as its address and its interface are there', async () => {
  const small = aSmallAzure();
  const { tookMs } = await launched(small, withAddress);
  // Two operations of 4 s each, one after the other.
  assert.ok(tookMs <= 2 * times.network + 1_000, `${tookMs} ms`);
  assert.equal(small.azure.ofType('publicIPAddresses').length, 1);
});

// spec: provisioning 12.72
test('without a public address the interface comes first', async () => {
  const small = aSmallAzure();
  await launched(small, sequentialConfiguration);
  const writes = small.azure.calls.filter(({ kind }) => kind === 'write').map(({ operation }) => operation);
  assert.deepEqual(writes, ['networkInterfaces.put', 'virtualMachines.put']);
});

// spec: provisioning 8.9, P-43
test('a teardown takes as long as the machine takes to go, and is told as fast', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, withAddress);
  await small.clock.step(times.machine + 10_000);
  const tookMs = await ended(small, workers);
  assert.ok(tookMs <= times.removal + 2_000, `${tookMs} ms`);
  assert.equal(small.azure.things.size, 0);
  const told = small.process.heard.entries.filter(({ type }) => type === 'azure-teardown-mode');
  assert.deepEqual(
    told.map(({ fields }) => fields['mode']),
    ['fast'],
  );
  assert.deepEqual(await inspected(small, workers), []);
});

// spec: provisioning 8.9, 12.74
test('what does not go with its machine goes after it, the interface before the address', async () => {
  const small = aSmallAzure();
  small.azure.isDetaching = true;
  const { workers } = await launched(small, withAddress);
  await small.clock.step(times.machine + 10_000);
  const tookMs = await ended(small, workers);
  // Machine, interface, address; the disk meanwhile.
  assert.ok(tookMs <= 3 * times.removal + 2_000, `${tookMs} ms`);
  assert.equal(small.azure.things.size, 0);
  const told = small.process.heard.entries.find(({ type }) => type === 'azure-teardown-mode');
  assert.equal(told?.fields['mode'], 'slow');
});

// spec: provisioning 8.7, 8.13
test('a deployment is followed, and deleted once it has succeeded', async () => {
  const small = aSmallAzure();
  const { workers, tookMs } = await launched(small, templateConfiguration);
  assert.ok(tookMs <= 1_000, `${tookMs} ms`);
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence }) => presence),
    ['starting'],
  );
  await small.clock.step(times.deployment + times.removal + 20_000);
  assert.equal(small.azure.ofType('deployments').length, 0);
  assert.ok(small.process.heard.hastened.some(({ workerIds }) => workerIds[0] === workers[0]?.workerId));
  await small.clock.step(times.machine);
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence }) => presence),
    ['alive'],
  );
  assert.ok((await ended(small, workers)) <= times.removal + 2_000);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 12.80
test('a deployment that is to be kept is kept, also when its machine ends', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, { ...templateConfiguration, workerManager: { keepDeployment: true } });
  await small.clock.step(times.deployment + times.machine + 20_000);
  await observed(small);
  await ended(small, workers);
  assert.deepEqual(
    [...small.azure.things.keys()].map((id) => id.includes('/deployments/')),
    [true],
  );
});

// spec: provisioning 8.6, P-29
test('a worker whose deployment is under way is ended by cancelling it, and nothing of it stays', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, templateConfiguration);
  await small.clock.step(10_000);
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
  assert.equal(small.azure.counts()['deployments.cancel'], 1);
});

// spec: provisioning 8.13, P-24
test('parts that a template does not tag, and that stay, are found by what the machine says of itself', async () => {
  const small = aSmallAzure();
  small.azure.isDetaching = true;
  small.azure.templateTagsParts = false;
  const { workers } = await launched(small, templateConfiguration);
  await small.clock.step(times.deployment + times.machine + times.removal + 20_000);
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 8.8.1
test('a machine that Azure accepted and then found no place for is told as a refusal for capacity', async () => {
  const small = aSmallAzure();
  small.azure.allocationFailure = { code: 'AllocationFailed', message: 'Allocation failed.' };
  const { workers } = await launched(small, sequentialConfiguration);
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence }) => presence),
    ['starting'],
  );
  await small.clock.step(times.machine + 10_000);
  assert.equal(small.process.heard.hastened.length, 1);
  const [sighting] = await inspected(small, workers);
  assert.equal(sighting?.presence, 'failed');
  assert.deepEqual(
    [sighting?.trouble?.class, sighting?.trouble?.code, sighting?.trouble?.scope, sighting?.trouble?.title],
    ['capacity', 'AllocationFailed', 'eastus/Standard_F8s_v2/spot', 'VM Creation Error'],
  );
  const { backOffScopes } = small.fleet.place(sequentialConfiguration);
  assert.ok(backOffScopes.includes(sighting?.trouble?.scope ?? ''));
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 8.7, 8.11
test('a deployment that failed is told with its innermost cause, counted once, and taken down', async () => {
  const small = aSmallAzure();
  small.azure.allocationFailure = { code: 'SkuNotAvailable', message: 'No such size there.' };
  const { workers } = await launched(small, templateConfiguration);
  await small.clock.step(times.deployment + 10_000);
  const [sighting] = await inspected(small, workers);
  assert.deepEqual(
    [sighting?.presence, sighting?.trouble?.class, sighting?.trouble?.code, sighting?.trouble?.message],
    ['failed', 'capacity', 'SkuNotAvailable', 'No such size there.'],
  );
  assert.deepEqual(
    [sighting?.trouble?.kind, sighting?.trouble?.title],
    ['arm-deployment-error', 'ARM Deployment Error'],
  );
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 12.75, 12.77
test('a machine deleted behind our back is missing, and what it left is found', async () => {
  const small = aSmallAzure();
  small.azure.isDetaching = true;
  const { workers } = await launched(small, sequentialConfiguration);
  await small.clock.step(times.machine + 10_000);
  small.azure.vanish(workers[0]!.workerId);
  const [sighting] = await inspected(small, workers);
  assert.equal(sighting?.presence, 'failed');
  assert.match(sighting?.why ?? '', /vm not found; left: nic-/);
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 8.8.1, 12.79 (TC#8314)
test('a machine whose state alone is not found lives on, until that has happened three times in a row', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, sequentialConfiguration);
  await small.clock.step(times.machine + 10_000);
  small.azure.faults.push({
    matches: ({ url }) => url.includes('instanceView'),
    how: { status: 404, code: 'ResourceNotFound' },
    times: 3,
  });
  const presences: string[] = [];
  for (let look = 0; look < 4; look++) presences.push((await inspected(small, workers))[0]?.presence ?? 'missing');
  assert.deepEqual(presences, ['alive', 'alive', 'failed', 'alive']);
  const told = small.process.heard.entries.filter(({ type }) => type === 'azure-instance-view-repeated-404');
  assert.equal(told.length, 1);
});

// spec: P-24, P-48
test('what a crashed launch left is found by its tags, with its order', async () => {
  const small = aSmallAzure();
  const request = aRequest(small.clock, withAddress);
  small.azure.faults.push({ matches: ({ operation }) => operation === 'virtualMachines.put', how: 'hang', times: 1 });
  const crashing = new AbortController();
  const launching = small.fleet.launch(request, crashing.signal);
  launching.catch(() => {});
  await small.clock.step(12_000);
  crashing.abort(new Error('crashed'));
  const [sighting, ...others] = await observed(small);
  assert.deepEqual(others, []);
  assert.deepEqual([sighting?.presence, sighting?.orderId], ['failed', request.order.orderId]);
  await ended(small, [{ workerPoolId: '', ...sighting! }]);
  assert.equal(small.azure.things.size, 0);
});

for (const [mode, configuration] of [
  ['resources', withAddress],
  ['a template', templateConfiguration],
] as const) {
  // spec: P-48
  test(`a process that dies at any call of a launch by ${mode} leaves nothing twice and nothing behind`, async () => {
    for (let died = 1; died < 100; died++) {
      const small = aSmallAzure({ network: 500 });
      const request = aRequest(small.clock, configuration, 2);
      let calls = 0;
      const matches = (): boolean => ++calls >= died;
      small.azure.faults.push({ matches, how: 'hang', when: died % 2 === 0 ? 'before' : 'after', times: Infinity });
      const crashing = new AbortController();
      const launching = small.fleet.launch(request, crashing.signal);
      launching.catch(() => {});
      await small.clock.step(30_000);
      crashing.abort(new Error('crashed'));
      small.process.stop();
      await launching.catch(() => {});
      const isOver = calls < died;
      small.azure.faults.splice(0);
      // Another process sends the order again, as the loops do, after a minute and a half.
      await small.clock.step(90_000);
      const next = { ...small, process: aProcess(small.azure, small.clock) };
      next.fleet = next.process.fleet;
      const { value } = await passing(small.clock, next.fleet.launch(request, never));
      assert.ok(value.kind === 'settled' && value.launched.length === 2, `died at ${died}: ${JSON.stringify(value)}`);
      await small.clock.step(120_000);
      assert.equal(small.azure.ofType('virtualMachines').length, 2, `died at ${died}`);
      await ended(
        next,
        value.launched.map((worker) => ({ workerPoolId: 'proj/pool', ...worker })),
      );
      // A deployment that nobody followed to its end is found by the sweep.
      await observed(next);
      await small.clock.step(60_000);
      assert.deepEqual([...small.azure.things.keys()], [], `died at ${died}`);
      if (isOver) return;
    }
    assert.fail('the launch never got through');
  });

  test(`a process that dies at any call of a teardown by ${mode} leaves nothing behind`, async () => {
    for (let died = 1; died < 40; died++) {
      const small = aSmallAzure();
      small.azure.isDetaching = died % 2 === 1;
      const { workers } = await launched(small, configuration);
      await small.clock.step(times.deployment + times.machine + times.removal + 30_000);
      let calls = 0;
      small.azure.faults.push({
        matches: () => ++calls >= died,
        how: 'hang',
        when: died % 3 === 0 ? 'before' : 'after',
        times: Infinity,
      });
      const crashing = new AbortController();
      small.fleet.terminate(subscriptionId, workers, crashing.signal).catch(() => {});
      await small.clock.step(200_000);
      const isOver = calls < died;
      crashing.abort(new Error('crashed'));
      small.process.stop();
      small.azure.faults.splice(0);
      const next = { ...small, process: aProcess(small.azure, small.clock) };
      next.fleet = next.process.fleet;
      // As the loops do: looked at, and ended again as long as something shows.
      for (let look = 0; look < 5 && (await inspected(next, workers)).length > 0; look++) await ended(next, workers);
      assert.deepEqual([...small.azure.things.keys()], [], `died at ${died}`);
      if (isOver) return;
    }
    assert.fail('the teardown never got through');
  });
}

// spec: provisioning 8.16
test('the calls of a worker’s life, in both modes, beside those of the original', async () => {
  const quick = { network: 1_000, machine: 20_000, removal: 10_000, deployment: 20_000 };
  const life = async (configuration: JsonObject): Promise<{ polls: number; others: number }> => {
    const small = aSmallAzure(quick);
    let before = 0;
    // The first life teaches how long things take.
    for (let lived = 0; lived < 2; lived++) {
      before = small.azure.calls.length;
      const { workers } = await launched(small, configuration);
      await small.clock.step(120_000);
      await inspected(small, workers);
      await ended(small, workers);
      assert.equal(small.azure.things.size, 0);
    }
    const calls = small.azure.calls.slice(before);
    const polls = calls.filter(({ operation }) => operation === 'operations.get').length;
    return { polls, others: calls.length - polls };
  };
  // The original: 11 + 10, 16 + 15 and 6 + 8 calls (6 + 2 + 4 when it recognises the cascade), each with as many scans between.
  assert.deepEqual(await life(sequentialConfiguration), { polls: 5, others: 6 });
  assert.deepEqual(await life(withAddress), { polls: 6, others: 8 });
  assert.deepEqual(await life(templateConfiguration), { polls: 7, others: 9 });
});
