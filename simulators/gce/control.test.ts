import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { clientConfig, plainInstance, rigGce, zone } from './rig.ts';

async function rig(t: TestContext) {
  const { gce, clock } = await rigGce(t);
  const client = compute(clientConfig(gce));
  const control = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${gce.url}/_sim${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: JSON.parse(await answer.text()) };
  };
  const insert = async (change: compute_v1.Schema$Instance = {}) =>
    (
      await client.instances.insert({
        project: gce.project,
        zone,
        requestBody: { ...plainInstance('worker-1'), ...change },
      })
    ).data;
  return { gce, clock, client, control, insert };
}

test('dials are read and turned, and a wrong one is refused', async (t) => {
  const { gce, control } = await rig(t);
  await control('PATCH', '/dials', { latencyMs: [1, 2], limits: { default: 3 }, isThrottling: false, preempted: 0.5 });
  const { json } = await control('GET', '/dials');
  assert.deepEqual(
    [json.latencyMs, json.limits, json.isThrottling, json.preempted],
    [[1, 2], { default: 3 }, false, 0.5],
  );
  for (const wrong of [
    { colour: 1 },
    { latencyMs: 5 },
    { latencyMs: [2, 1] },
    { limits: { a: 'b' } },
    { preempted: 'x' },
    1,
  ]) {
    assert.equal((await control('PATCH', '/dials', wrong)).status, 400, JSON.stringify(wrong));
  }
  assert.deepEqual(gce.faults.dials.latencyMs, [1, 2]);
});

test('faults are added, listed and removed, and a wrong one is refused', async (t) => {
  const { control } = await rig(t);
  const faults = [
    { kind: 'error', action: 'instances.insert', reason: 'forbidden', times: 1 },
    { kind: 'stock', zone, available: 3, isSpot: true },
    { kind: 'quota', metric: 'CPUS', limit: 3 },
    { kind: 'operation', type: 'delete', code: 'X' },
    { kind: 'stuck', isEffective: true },
    { kind: 'unreachable', zone },
  ];
  const ids = [];
  for (const fault of faults) {
    ids.push((await control('POST', '/faults', fault)).json.id);
  }
  assert.deepEqual(
    (await control('GET', '/faults')).json.map(({ fault }: { fault: unknown }) => fault),
    faults,
  );
  assert.equal((await control('DELETE', `/faults/${ids[0]}`)).status, 200);
  assert.equal((await control('DELETE', `/faults/${ids[0]}`)).status, 404);
  await control('DELETE', '/faults');
  assert.deepEqual((await control('GET', '/faults')).json, []);
  for (const wrong of [
    {},
    { kind: 'flood' },
    { kind: 'stock' },
    { kind: 'quota', limit: 1 },
    { kind: 'error', colour: 1 },
    { kind: 'stuck', isEffective: 1 },
  ]) {
    assert.equal((await control('POST', '/faults', wrong)).status, 400, JSON.stringify(wrong));
  }
});

test('instances are shown and steered', async (t) => {
  const { clock, control, insert } = await rig(t);
  const { targetId: id } = await insert({ scheduling: { provisioningModel: 'SPOT' } });
  await clock.step(30_000);
  const shown = async () => (await control('GET', `/instances?zone=${zone}`)).json[0];
  assert.equal((await shown()).status, 'RUNNING');
  assert.deepEqual((await control('GET', '/instances?zone=us-east1-b')).json, []);
  await control('POST', `/instances/${id}/fate`, { fate: 'crashes-while-working' });
  assert.equal((await shown()).fate, 'crashes-while-working');
  for (const deed of [
    'stop',
    'start',
    'suspend',
    'start',
    'repair',
    'fail',
    'preempt',
    'power-off',
    'delete',
    'vanish',
  ]) {
    assert.equal((await control('POST', `/instances/${id}/${deed}`)).status, 200, deed);
  }
  assert.equal((await control('POST', `/instances/${id}/stop`)).status, 404);
  const { targetId: other } = await insert();
  assert.equal((await control('POST', `/instances/${other}/show`, { status: 'MIGRATING' })).status, 200);
  assert.equal((await control('POST', `/instances/${other}/show`, { status: null })).status, 200);
  assert.equal((await control('POST', `/instances/${other}/show`, {})).status, 400);
  assert.equal((await control('POST', `/instances/${other}/preempt`)).status, 400, 'it is not spot');
  assert.equal((await control('POST', `/instances/${other}/fate`, { fate: 'rich' })).status, 400);
  assert.equal((await control('POST', `/instances/${other}/dance`)).status, 404);
});

test('what happened is counted and kept, and can be forgotten', async (t) => {
  const { gce, control, insert } = await rig(t);
  const { targetId } = await insert();
  assert.deepEqual((await control('GET', '/counts')).json, {
    calls: { 'us-central1': { 'instances.insert': 1 } },
    outcomes: { ok: 1 },
    launched: 1,
    failed: 0,
    replayed: 0,
    deleted: 0,
    alive: 1,
  });
  const [{ requestId, ...entry }] = (await control('GET', '/logbook')).json;
  assert.match(requestId, /^[0-9a-f-]{36}$/);
  assert.deepEqual(entry, {
    at: '2026-03-01T12:00:00.000Z',
    region: 'us-central1',
    action: 'instances.insert',
    outcome: 'ok',
    instanceIds: [targetId],
    instances: 1,
  });
  await control('DELETE', '/counts');
  assert.deepEqual([gce.counts.calls, gce.logbook, gce.counts.alive], [{}, [], 1]);
});

test('keys are rotated and revoked, and unknown things are not found', async (t) => {
  const { gce, control } = await rig(t);
  const before = gce.keys.kid;
  assert.equal((await control('POST', '/keys/rotate')).json.kid, gce.keys.kid);
  assert.notEqual(gce.keys.kid, before);
  assert.equal((await control('DELETE', `/keys/${before}`)).status, 200);
  assert.equal((await control('DELETE', `/keys/${before}`)).status, 404);
  assert.equal((await control('GET', '/nothing')).status, 404);
  assert.equal((await fetch(`${gce.url}/_sim/dials`, { method: 'PATCH', body: '{' })).status, 400);
});
