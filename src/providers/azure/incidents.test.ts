import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  another,
  aRequest,
  aSmallAzure,
  ended,
  inspected,
  launched,
  observed,
  passing,
  times,
  withAddress,
} from '#test/azure/small-life.ts';
import { sequentialConfiguration, subscriptionId, templateConfiguration } from '#test/azure/small-azure-world.ts';
import { never } from '#test/conformance/provider/world.ts';

// TC#8574: half an hour from the removal to the first delete call
// spec: provisioning 8.10
test('a removal asks Azure to delete at once, for all that are removed', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, sequentialConfiguration, 10);
  await small.clock.step(times.machine + 10_000);
  const before = small.azure.calls.length;
  const askedMs = small.clock.now().getTime();
  const terminating = small.fleet.terminate(subscriptionId, workers, never);
  await small.clock.step(50);
  assert.ok((await terminating).every(({ accepted }) => accepted));
  assert.ok(small.clock.now().getTime() - askedMs <= 1_000);
  const deletes = small.azure.calls.slice(before).filter(({ operation }) => operation === 'virtualMachines.delete');
  assert.equal(deletes.length, 10);
});

// TC#8526, TC#7267, TC#8517: workers stopping for ever whose machines were long gone
// spec: provisioning 8.9
test('a worker whose machine and parts were deleted behind our back is gone with the first look', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, withAddress);
  await small.clock.step(times.machine + 10_000);
  small.azure.vanish(workers[0]!.workerId);
  const before = small.azure.calls.length;
  assert.deepEqual(await inspected(small, workers), []);
  // The machine twice, then each part once.
  assert.equal(small.azure.calls.length - before, 5);
  await ended(small, workers);
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence }) => presence),
    ['gone'],
  );
});

// TC#8609: 409 from deleting twice
// spec: provisioning 8.9
test('conflicts while something is being deleted are waited out', async () => {
  const small = aSmallAzure();
  small.azure.isDetaching = true;
  const { workers } = await launched(small, withAddress);
  await small.clock.step(times.machine + 10_000);
  const conflict = { status: 409, code: 'AnotherOperationInProgress' };
  small.azure.faults.push({
    matches: ({ operation }) => operation === 'networkInterfaces.delete',
    how: conflict,
    times: 7,
  });
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// TC#6898: healthy workers killed because their deployment record said failed
// spec: provisioning 8.7
test('a machine that is up is alive, whatever its deployment says', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, { ...templateConfiguration, workerManager: { keepDeployment: true } });
  await small.clock.step(times.deployment + times.machine + 20_000);
  const [deployment] = small.azure.ofType('deployments');
  deployment!.body['properties'] = { provisioningState: 'Failed', error: { code: 'DeploymentFailed' } };
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence, trouble }) => [presence, trouble]),
    [['alive', undefined]],
  );
});

// TC#8387: 800 deployments stopped every pool
// spec: provisioning 8.1
test('deployments that nobody followed to their end are deleted by the sweep, those to be kept and those of others are not', async () => {
  const small = aSmallAzure();
  await launched(small, templateConfiguration);
  await launched(small, { ...templateConfiguration, workerManager: { keepDeployment: true } });
  small.process.stop();
  await small.clock.step(times.deployment + times.machine + 20_000);
  const id = `/subscriptions/${subscriptionId}/resourceGroups/rg-templates/providers/Microsoft.Resources/deployments/deploy-theirs`;
  await small.azure.send({ method: 'PUT', url: id, kind: 'write', operation: 'x', body: {} }, never);
  const next = another(small);
  assert.equal(small.azure.ofType('deployments').length, 3);
  await observed(next);
  await small.clock.step(times.removal + 10_000);
  assert.equal(small.azure.ofType('deployments').length, 2);
});

// spec: provisioning 8.1
test('deployments are deleted a few at a time, each once, however slow Azure is about it', async () => {
  const small = aSmallAzure({ removal: 12 * 60_000 });
  for (const count of [40, 40]) await launched(small, templateConfiguration, count);
  small.process.stop();
  await small.clock.step(times.deployment + times.machine + 20_000);
  const next = another(small);
  const asked = (): number => small.azure.counts()['deployments.delete'] ?? 0;
  await observed(next);
  await small.clock.step(10_000);
  assert.equal(asked(), 50);
  await small.clock.step(5 * 60_000);
  await observed(next);
  assert.equal(asked(), 50);
  await small.clock.step(20 * 60_000);
  assert.equal(asked(), 80);
  assert.equal(small.azure.ofType('deployments').length, 0);
});

// spec: P-24
test('what a template made for machines that are gone is looked for once for all that are ended together', async () => {
  const small = aSmallAzure();
  small.azure.isDetaching = true;
  const { workers } = await launched(small, templateConfiguration, 30);
  await small.clock.step(times.deployment + times.machine + 60_000);
  for (const { workerId } of workers) small.azure.vanish(workerId);
  assert.equal(small.azure.ofType('networkInterfaces').length, 30);
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
  const { 'networkInterfaces.list': lists = 0 } = small.azure.counts();
  assert.ok(lists <= 2, `${lists} lists`);
});

// spec: provisioning 8.15
test('an evicted spot machine has failed, and one that was deleted with it is gone', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, sequentialConfiguration, 2);
  await small.clock.step(times.machine + 10_000);
  const evicted = small.azure.ofType('virtualMachines').find(({ id }) => id.endsWith(workers[0]!.workerId));
  const statuses = [{ code: 'PowerState/deallocated' }];
  evicted!.body['properties'] = { ...(evicted!.body['properties'] as object), instanceView: { statuses } };
  small.azure.vanish(workers[1]!.workerId);
  const listed = await observed(small);
  assert.deepEqual(
    listed.map(({ presence, why }) => [presence, why]),
    [['failed', 'failed power state; powerStates=PowerState/deallocated']],
  );
  assert.deepEqual(
    (await inspected(small, workers)).map(({ workerId, presence }) => [workerId, presence]),
    [[workers[0]!.workerId, 'failed']],
  );
});

// spec: provisioning 8.8, P-56
test('a machine that is refused takes its address and its interface with it, and says at which step', async () => {
  for (const [operation, title] of [
    ['publicIPAddresses.put', 'IP Creation Error'],
    ['networkInterfaces.put', 'NIC Creation Error'],
    ['virtualMachines.put', 'VM Creation Error'],
  ] as const) {
    const small = aSmallAzure();
    small.azure.faults.push({
      matches: (request) => request.operation === operation,
      how: { status: 400, code: 'InvalidParameter' },
    });
    const { value } = await passing(small.clock, small.fleet.launch(aRequest(small.clock, withAddress), never));
    assert.equal(value.kind, 'settled');
    assert.equal(value.refusal?.title, title);
    assert.ok(!JSON.stringify(value).includes('Password'));
    await small.clock.step(120_000);
    assert.equal(small.azure.things.size, 0, operation);
  }
});

// spec: provisioning 8.11
test('a deployment that is refused is told by its title and counted', async () => {
  const small = aSmallAzure();
  small.azure.faults.push({
    matches: ({ operation }) => operation === 'deployments.put',
    how: { status: 400, code: 'InvalidTemplate' },
  });
  const { value } = await passing(small.clock, small.fleet.launch(aRequest(small.clock, templateConfiguration), never));
  assert.deepEqual(
    [value.kind, value.refusal?.title, value.refusal?.class],
    ['settled', 'Failed to create ARM deployment', 'configuration'],
  );
  const [counted] = small.process.counted;
  assert.deepEqual([counted?.labels['errorKind'], counted?.labels['errorCode']], ['creation-error', 'InvalidTemplate']);
});

// spec: P-42
test('a machine that an earlier attempt made is the order’s, when only the answer to it was lost', async () => {
  const small = aSmallAzure();
  const request = aRequest(small.clock, sequentialConfiguration);
  small.azure.faults.push({
    matches: ({ operation }) => operation === 'virtualMachines.put',
    how: 'break',
    when: 'after',
    times: 1,
  });
  const { value } = await passing(small.clock, small.fleet.launch(request, never));
  assert.ok(value.kind === 'settled' && value.launched.length === 1, JSON.stringify(value));
  assert.equal(small.azure.ofType('virtualMachines').length, 1);
});

// spec: provisioning 8.5
test('a resource group that a launch config names is made once, and asked for again after a failure', async () => {
  const small = aSmallAzure();
  small.azure.faults.push({
    matches: ({ operation }) => operation === 'resourceGroups.put',
    how: { status: 403, code: 'AuthorizationFailed' },
    times: 1,
  });
  const failed = await passing(small.clock, small.fleet.launch(aRequest(small.clock, templateConfiguration, 3), never));
  assert.equal(failed.value.refusal?.class, 'auth');
  await launched(small, templateConfiguration, 3);
  await launched(small, templateConfiguration, 3);
  const counts = small.azure.counts();
  assert.deepEqual([counts['resourceGroups.get'], counts['resourceGroups.put']], [2, 2]);
  const told = small.process.heard.entries.filter(({ type }) => type === 'azure-resource-group-ensure');
  assert.deepEqual(
    told.map(({ fields }) => fields),
    [{ workerPoolId: 'proj/pool', resourceGroupName: 'rg-templates', location: 'eastus' }],
  );
  const { armDeploymentResourceGroup: _named, ...unnamed } = templateConfiguration;
  await launched(small, unnamed);
  assert.equal(small.azure.counts()['resourceGroups.get'], 2);
});

// spec: P-42
test('as long as Azure does not say what an earlier attempt made, a repeat is in doubt, and not refused', async () => {
  for (const configuration of [sequentialConfiguration, templateConfiguration]) {
    const small = aSmallAzure();
    const { request } = await launched(small, configuration);
    await small.clock.step(120_000);
    small.azure.faults.push({
      matches: ({ operation }) => operation === 'virtualMachines.get',
      how: 'break',
      times: Infinity,
    });
    const { value } = await passing(small.clock, small.fleet.launch(request, never));
    assert.deepEqual([value.kind, value.refusal?.class], ['unknown', 'transient']);
    assert.equal(small.azure.ofType('virtualMachines').length, 1);
  }
});

// spec: P-54
test('where one machine of an order is in doubt the others are known', async () => {
  for (const configuration of [sequentialConfiguration, templateConfiguration]) {
    const small = aSmallAzure();
    const { request, workers } = await launched(small, configuration, 3);
    const [doubtful, ...others] = workers.map(({ workerId }) => workerId).toSorted();
    await small.clock.step(120_000);
    small.azure.faults.push({
      matches: ({ operation, url }) => operation === 'virtualMachines.get' && url.includes(doubtful ?? ''),
      how: 'break',
      times: Infinity,
    });
    const { value } = await passing(small.clock, small.fleet.launch(request, never));
    assert.equal(value.kind, 'unknown');
    assert.deepEqual(value.launched.map(({ workerId }) => workerId).toSorted(), others);
  }
});

// TC#7422: provisioning stuck at its first resource, and no message
// spec: provisioning 8.8
test('an address that is accepted and never made is given up, undone, and a refusal that people are told of', async () => {
  const small = aSmallAzure();
  const isLook = ({ operation }: { operation: string }): boolean => operation === 'operations.get';
  small.azure.faults.push({ matches: isLook, how: 'break', times: Infinity });
  const { value } = await passing(small.clock, small.fleet.launch(aRequest(small.clock, withAddress), never));
  assert.deepEqual(
    [value.kind, value.refusal?.title, value.refusal?.class, value.refusal?.code, value.refusal?.scope],
    ['settled', 'IP Creation Error', 'capacity', 'ProvisioningStuck', 'eastus/quota/network'],
  );
  small.azure.faults.splice(0);
  await small.clock.step(120_000);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 8.8
test('an interface that is accepted and then fails is undone, too', async () => {
  const small = aSmallAzure();
  small.azure.faults.push({
    matches: ({ operation }) => operation === 'operations.get',
    how: { status: 400, code: 'SubnetIsFull' },
    times: 1,
  });
  const { value } = await passing(
    small.clock,
    small.fleet.launch(aRequest(small.clock, sequentialConfiguration), never),
  );
  assert.deepEqual(
    [value.kind, value.refusal?.title, value.refusal?.class],
    ['settled', 'NIC Creation Error', 'capacity'],
  );
  await small.clock.step(120_000);
  assert.equal(small.azure.things.size, 0);
});

// TC#8314: a stale 404
test('a machine that Azure does not show yet is ended all the same, because its interface names it', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, sequentialConfiguration);
  await small.clock.step(times.machine + 10_000);
  const hidden = { status: 404, code: 'ResourceNotFound' };
  const isOfMachine = ({ operation }: { operation: string }): boolean => operation.startsWith('virtualMachines.');
  small.azure.faults.push({ matches: isOfMachine, how: hidden, times: 4 });
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence }) => presence),
    ['starting'],
  );
  await ended(small, workers);
  assert.equal(small.azure.things.size, 0);
});

// spec: provisioning 8.9
test('a deployment that its follower deletes while its worker is ended disturbs neither', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, { ...templateConfiguration, workerManager: { keepDeployment: true } });
  await small.clock.step(times.deployment + times.machine + 20_000);
  const how = { status: 404, code: 'DeploymentNotFound' };
  small.azure.faults.push({ matches: ({ operation }) => operation === 'deployments.listOperations', how, times: 1 });
  await ended(small, workers);
  assert.deepEqual(
    (await inspected(small, workers)).map(({ presence }) => presence),
    ['gone'],
  );
});
