import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { template } from './deployment-fixture.ts';
import { aVm, group, rigAzure, subnetIn } from './rig.ts';

async function rig(t: TestContext) {
  const whole = await rigAzure(t);
  const control = async (method: string, path: string, json?: unknown) => {
    const body = json === undefined ? null : JSON.stringify(json);
    const answer = await fetch(`${whole.azure.url}/_sim${path}`, { method, body });
    return { status: answer.status, json: JSON.parse(await answer.text()) };
  };
  return { ...whole, control };
}

test('dials are shown and turned, and a wrong one is named', async (t) => {
  const { control } = await rig(t);
  assert.equal((await control('PATCH', '/dials', { hiddenMs: [1000, 2000], allocationSuccess: 0.27 })).status, 200);
  const { json } = await control('GET', '/dials');
  assert.deepEqual([json.hiddenMs, json.allocationSuccess, json.isThrottling], [[1000, 2000], 0.27, true]);
  for (const [dials, problem] of [
    [{ loudness: 11 }, /there is no dial loudness/],
    [{ constructor: 1 }, /there is no dial constructor/],
    [{ hiddenMs: 5 }, /dial hiddenMs does not take 5/],
    [{ hiddenMs: [2, 1] }, /dial hiddenMs does not take \[2,1\]/],
    [{ isThrottling: 'no' }, /dial isThrottling/],
    [{ buckets: { reads: 5 } }, /dial buckets/],
    [7, /must be an object/],
  ] as const) {
    const answer = await control('PATCH', '/dials', dials);
    assert.equal(answer.status, 400);
    assert.match(answer.json.error, problem);
  }
});

test('faults are added, listed with what is left of them, and ended', async (t) => {
  const whole = await rig(t);
  const { control, rest } = whole;
  const added = await control('POST', '/faults', { kind: 'error', action: 'resourceGroups.list', times: 2 });
  const id = Number(added.json.id);
  await control('POST', '/faults', { kind: 'stock', location: 'eastus', available: 3 });
  await rest('GET', '/resourcegroups');
  assert.deepEqual((await control('GET', '/faults')).json, [
    { id, fault: { kind: 'error', action: 'resourceGroups.list', times: 1 } },
    { id: id + 1, fault: { kind: 'stock', location: 'eastus', available: 3 } },
  ]);
  assert.equal((await control('DELETE', `/faults/${id}`)).status, 200);
  assert.equal((await control('DELETE', `/faults/${id}`)).status, 404);
  await aVm(whole, 'vm');
  assert.equal((await control('GET', '/faults')).json[0].fault.available, 2);
  await control('DELETE', '/faults');
  assert.deepEqual((await control('GET', '/faults')).json, []);
  for (const fault of [
    { kind: 'fire' },
    { kind: 'hang', code: 'x' },
    { kind: 'error', times: 'x' },
    { kind: 'stock' },
    { kind: 'operation' },
    { kind: 'quota' },
    { kind: 'error', action: 'virtualMachines.paint' },
    1,
  ]) {
    assert.equal((await control('POST', '/faults', fault)).status, 400, JSON.stringify(fault));
  }
  assert.ok((await control('GET', '/actions')).json.includes('virtualMachines.put'));
});

test('machines and resources are shown and steered', async (t) => {
  const whole = await rig(t);
  const { control, clock } = whole;
  await aVm(whole, 'vm', { priority: 'Spot', evictionPolicy: 'Delete' });
  const shown = async () => (await control('GET', '/machines')).json[0];
  assert.deepEqual([(await shown()).power, (await shown()).isSpot], ['running', true]);
  await control('POST', '/machines/vm/fate', { fate: 'crashes-while-working' });
  assert.equal((await shown()).fate, 'crashes-while-working');
  await control('POST', '/machines/vm/fail', { code: 'Odd' });
  assert.equal((await shown()).failure, 'Odd');
  await control('POST', '/machines/vm/evict', { noticeMs: 1000 });
  await clock.step(1000);
  assert.equal((await shown()).provisioningState, 'Deleting');
  assert.equal((await control('POST', '/machines/vm/fate', { fate: 'rich' })).status, 400);
  assert.equal((await control('POST', '/machines/vm/evict', { noticeMs: 'x' })).status, 400);
  assert.equal((await control('POST', '/machines/vm/dance')).status, 404);
  assert.equal((await control('POST', '/machines/ghost/delete')).status, 404);
  await control('POST', '/machines/vm/vanish');
  const [nic] = (await control('GET', '/resources')).json;
  assert.equal((await control('DELETE', `/resources${nic.id}`)).status, 200);
  assert.equal((await control('DELETE', `/resources${nic.id}`)).status, 404);
  await aVm(whole, 'other');
  for (const [deed, power] of [
    ['power-off', 'stopped'],
    ['deallocate', 'deallocating'],
  ]) {
    await control('POST', `/machines/other/${deed}`);
    assert.equal((await shown()).power, power);
  }
  await clock.step(20_000);
  assert.equal((await shown()).power, 'deallocated');
  await control('POST', '/machines/other/delete');
  assert.equal((await shown()).provisioningState, 'Deleting');
});

test('what is outside is said to be missing, and templates and groups are added', async (t) => {
  const { control, azure, rest } = await rig(t);
  const subnet = subnetIn(azure);
  await control('PUT', '/groups/rg-network', { location: 'eastus' });
  const path = subnet.replace(/^\/subscriptions\/[^/]+/, '');
  assert.equal((await rest('GET', path)).status, 200);
  await control('PUT', `/missing${subnet}`);
  assert.equal((await rest('GET', path)).status, 404);
  await control('DELETE', `/missing${subnet}`);
  assert.equal((await rest('GET', path)).status, 200);
  assert.equal((await control('PUT', '/groups/x', {})).status, 400);
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/templateSpecs/t/versions/1';
  assert.equal((await control('PUT', `/template-specs${id}`, template([]))).status, 200);
  assert.equal((await control('PUT', `/template-specs${id}`, 5)).status, 400);
  const deployment = await rest('PUT', `/resourcegroups/${group}/providers/Microsoft.Resources/deployments/d`, {
    properties: { mode: 'Incremental', templateLink: { id } },
  });
  assert.equal(deployment.status, 201);
});

test('what happened is counted and kept, and can be forgotten', async (t) => {
  const { control, rest, azure } = await rig(t);
  const { headers } = await rest('GET', `/resourcegroups/${group}`);
  assert.deepEqual((await control('GET', '/counts')).json, {
    calls: { [group]: { 'resourceGroups.get': 1 } },
    outcomes: { ok: 1 },
    launched: 0,
    replayed: 0,
    terminated: 0,
    alive: 0,
  });
  assert.deepEqual((await control('GET', '/logbook')).json, [
    {
      at: '2026-03-01T12:00:00.000Z',
      region: group,
      action: 'resourceGroups.get',
      outcome: 'ok',
      requestId: headers.get('x-ms-request-id'),
      instanceIds: [],
      instances: 0,
    },
  ]);
  await control('DELETE', '/counts');
  assert.deepEqual(azure.counts.calls, {});
  assert.deepEqual(azure.logbook, []);
  assert.equal((await control('GET', '/nothing')).status, 404);
  assert.equal((await control('PUT', '/missing/%zz')).status, 400);
  assert.equal((await fetch(`${azure.url}/_sim/dials`, { method: 'PATCH', body: '{' })).status, 400);
});
