import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import {
  aRequest,
  aSmallAzure,
  ended,
  inspected,
  launched,
  observed,
  times,
  withAddress,
} from '#test/azure/small-life.ts';
import { sequentialConfiguration, templateConfiguration } from '#test/azure/small-azure-world.ts';

// spec: provisioning 8.5, 8.8, P-55
test('a machine is accepted as soon as its address and its interface are there', async () => {
  const small = aSmallAzure();
  const { tookMs } = await launched(small, withAddress);
  // Two operations of 4 s each, one after the other.
  assert.ok(tookMs <= 2 * times.network + 1_000, `${tookMs} ms`);
  assert.equal(small.azure.ofType('publicIPAddresses').length, 1);
});

// spec: provisioning 8.4, P-44, P-58
test('what is recorded of a machine are names, sizes and flags, whichever way it was made', async () => {
  const small = aSmallAzure();
  const wishes = {
    workerManager: { ignoreFailedProvisioningStates: ['OSProvisioningTimedOut'], keepDeployment: true },
  };
  for (const configuration of [sequentialConfiguration, templateConfiguration]) {
    const { workers } = await launched(small, { ...configuration, ...wishes });
    const { providerData } = workers[0]!;
    assert.deepEqual(providerData['ignoreFailedProvisioningStates'], ['OSProvisioningTimedOut']);
    assert.ok(JSON.stringify(providerData).length < 1_000);
    assert.ok(!/"template"|Password|customData/.test(JSON.stringify(providerData)));
  }
});

// spec: provisioning 8.8
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
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence }) => presence),
    ['gone'],
  );
});

// spec: provisioning 8.9
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

// spec: provisioning 8.7
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

// spec: provisioning 8.8, P-52
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
  assert.deepEqual(sighting?.trouble, {
    class: 'capacity',
    code: 'AllocationFailed',
    message: 'Allocation failed.',
    scope: 'eastus/Standard_F8s_v2/spot',
    retryAfterMs: null,
    requestId: null,
    title: 'VM Creation Error',
  });
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 8.7, 8.11, P-27
test('a deployment that failed is told with its innermost cause, counted once, and taken down', async () => {
  const small = aSmallAzure();
  small.azure.allocationFailure = { code: 'SkuNotAvailable', message: 'No such size there.' };
  const { workers } = await launched(small, templateConfiguration);
  await small.clock.step(times.deployment + 10_000);
  const [sighting] = await inspected(small, workers);
  await inspected(small, workers);
  assert.equal(sighting?.presence, 'failed');
  assert.deepEqual(sighting?.trouble, {
    class: 'capacity',
    code: 'SkuNotAvailable',
    message: 'No such size there.',
    scope: 'eastus/Standard_F8s_v2/spot',
    retryAfterMs: null,
    requestId: null,
    kind: 'arm-deployment-error',
    title: 'ARM Deployment Error',
  });
  const counted = small.process.counted.filter(({ name }) => name.endsWith('arm_deployment_errors_total'));
  assert.deepEqual(
    counted.map(({ labels }) => labels),
    [
      {
        providerId: 'azure-1',
        workerPoolId: 'proj/pool',
        workerGroup: 'eastus',
        errorKind: 'arm-deployment-error',
        errorCode: 'SkuNotAvailable',
        statusCode: 'Conflict',
        provisioningState: 'Failed',
        provisioningOperation: 'Create',
        targetResourceType: 'Microsoft.Compute/virtualMachines',
        vmSize: 'Standard_F8s_v2',
        priority: 'spot',
      },
    ],
  );
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 8.6
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

// TC#8314
// spec: provisioning 8.8
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

// spec: provisioning 8.14
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
  assert.deepEqual(await life(sequentialConfiguration), { polls: 3, others: 6 });
  assert.deepEqual(await life(withAddress), { polls: 4, others: 8 });
  assert.deepEqual(await life(templateConfiguration), { polls: 5, others: 9 });
});
