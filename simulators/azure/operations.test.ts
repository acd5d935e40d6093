import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { aNic, aVm, group, plainAddress, refused, rigAzure, vmParameters, type RigOptions } from './rig.ts';

const addresses = `/resourceGroups/${group}/providers/Microsoft.Network/publicIPAddresses`;
const body = { location: 'eastus', sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } };

async function rig(t: TestContext, options?: RigOptions) {
  const whole = await rigAzure(t, options);
  const put = (name: string) => whole.rest('PUT', `${addresses}/${name}`, body);
  return { ...whole, put };
}

test('an operation is shown until its end, with the time to wait, and the resource has its states', async (t) => {
  const { put, rest, clock } = await rig(t, { dials: { retryAfterSeconds: 10 } });
  const begun = await put('ip');
  assert.deepEqual([begun.status, begun.headers.get('retry-after')], [201, '10']);
  assert.equal(begun.json['properties']?.['provisioningState'], 'Updating');
  const url = begun.headers.get('azure-asyncoperation') ?? '';
  assert.match(url, /\/providers\/Microsoft\.Network\/locations\/eastus\/operations\/[0-9a-f-]{36}\?api-version=/);
  const running = await rest('GET', url);
  assert.deepEqual([running.json['status'], running.headers.get('retry-after')], ['InProgress', '10']);
  await clock.step(2000);
  const done = await rest('GET', url);
  assert.deepEqual([done.json['status'], done.headers.get('retry-after')], ['Succeeded', null]);
  assert.equal((await rest('GET', `${addresses}/ip`)).json['properties']?.['provisioningState'], 'Succeeded');
});

test('a deletion shows its result at a location too: 202, then 200', async (t) => {
  const { put, rest, clock } = await rig(t);
  await put('ip');
  await clock.step(2000);
  const begun = await rest('DELETE', `${addresses}/ip`);
  assert.equal(begun.status, 202);
  const location = begun.headers.get('location') ?? '';
  assert.match(location, /operationResults/);
  assert.equal((await rest('GET', location)).status, 202);
  assert.equal((await rest('GET', `${addresses}/ip`)).json['properties']?.['provisioningState'], 'Deleting');
  await clock.step(5000);
  assert.equal((await rest('GET', location)).status, 200);
  assert.equal((await rest('GET', `${addresses}/ip`)).status, 404);
  assert.equal((await rest('DELETE', `${addresses}/ip`)).status, 204);
});

test('the same request while it is under way gets the same operation, and another one is refused while it goes', async (t) => {
  const { put, rest, clock } = await rig(t);
  const first = await put('ip');
  const again = await put('ip');
  assert.equal(again.status, 200);
  assert.equal(again.headers.get('azure-asyncoperation'), first.headers.get('azure-asyncoperation'));
  await clock.step(2000);
  assert.equal((await put('ip')).headers.get('azure-asyncoperation'), null);
  await rest('DELETE', `${addresses}/ip`);
  const late = await put('ip');
  assert.deepEqual([late.status, late.json['error']?.['code']], [429, 'AnotherOperationInProgress']);
});

test('a second deletion joins the first, or is refused where the dial says so', async (t) => {
  const { put, rest, clock, azure, compute } = await rig(t);
  await put('ip');
  await clock.step(2000);
  const [first, second] = [await rest('DELETE', `${addresses}/ip`), await rest('DELETE', `${addresses}/ip`)];
  assert.equal(second.headers.get('location'), first.headers.get('location'));
  azure.faults.turn({ refusesSecondDelete: true });
  assert.equal((await rest('DELETE', `${addresses}/ip`)).json['error']?.['code'], 'AnotherOperationInProgress');
  const whole = await rigAzure(t);
  await aVm(whole, 'vm');
  await whole.compute.virtualMachines.delete(group, 'vm').submitted();
  whole.azure.faults.turn({ refusesSecondDelete: true });
  await assert.rejects(async () => whole.compute.virtualMachines.delete(group, 'vm'), refused('Conflict', 409));
  await compute.virtualMachines.delete(group, 'ghost').submitted();
});

test('operations fail, are canceled, stick and cannot be found, as faults say', async (t) => {
  const { put, rest, clock, azure } = await rig(t);
  const begin = async (name: string, fault: object) => {
    azure.faults.add({ kind: 'operation', outcome: 'fail', action: 'publicIPAddresses.put', times: 1, ...fault });
    const url = (await put(name)).headers.get('azure-asyncoperation') ?? '';
    await clock.step(60_000);
    const { status, json } = await rest('GET', url);
    const shown = await rest('GET', `${addresses}/${name}`);
    return [status, json['status'], json['error']?.['code'], shown.json['properties']?.['provisioningState']];
  };
  assert.deepEqual(await begin('a', { code: 'Odd' }), [200, 'Failed', 'Odd', 'Failed']);
  assert.deepEqual(await begin('b', { outcome: 'cancel' }), [200, 'Canceled', 'OperationPreempted', 'Failed']);
  assert.deepEqual(await begin('c', { outcome: 'stick' }), [200, 'InProgress', undefined, 'Updating']);
  assert.deepEqual(await begin('d', { outcome: 'expire' }), [404, undefined, 'NotFound', 'Succeeded']);
  assert.deepEqual(await begin('a', { group: 'other' }), [200, 'Succeeded', undefined, 'Succeeded']);
});

test('operations are forgotten after their time, or at once from outside', async (t) => {
  const { put, rest, clock, azure } = await rig(t, { dials: { operationKeptMs: 3_600_000 } });
  const url = (await put('ip')).headers.get('azure-asyncoperation') ?? '';
  await clock.step(2000 + 3_599_999);
  assert.equal((await rest('GET', url)).status, 200);
  await clock.step(1);
  assert.equal((await rest('GET', url)).status, 404);
  const other = (await put('other')).headers.get('azure-asyncoperation') ?? '';
  azure.steering.forgetOperations(azure.steering.resources().find(({ name }) => name === 'other')?.id ?? '');
  assert.equal((await rest('GET', other)).status, 404);
});

test('a poller of the SDK tells the failure of an operation, and can be taken up again by its state', async (t) => {
  const whole = await rig(t);
  const { network, azure, through, compute } = whole;
  azure.faults.add({ kind: 'operation', outcome: 'fail', code: 'Odd', message: 'went wrong', times: 1 });
  const failing = network.publicIPAddresses.createOrUpdate(group, 'ip', plainAddress, { updateIntervalInMs: 1 });
  await assert.rejects(through(failing), /Odd\. went wrong/);
  const nic = await aNic(whole, 'nic');
  const poller = compute.virtualMachines.createOrUpdate(group, 'vm', vmParameters(nic));
  await poller.submitted();
  const { restorePoller } = await import('@azure/arm-compute');
  const restored = restorePoller(compute, await poller.serialize(), compute.virtualMachines.createOrUpdate, {
    updateIntervalInMs: 1,
  });
  assert.equal((await through(restored)).name, 'vm');
});
