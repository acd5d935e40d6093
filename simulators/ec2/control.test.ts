import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, refused, rigEc2 } from './rig.ts';

async function rig(t: TestContext) {
  const { ec2, clock } = await rigEc2(t);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const run = () =>
    client.send(new RunInstancesCommand({ ...plainLaunch, InstanceMarketOptions: { MarketType: 'spot' } }));
  const control = async (method: string, path: string, json?: unknown) => {
    const body = json === undefined ? null : JSON.stringify(json);
    const answer = await fetch(`${ec2.url}/_sim${path}`, { method, body });
    return { status: answer.status, json: JSON.parse(await answer.text()) };
  };
  return { ec2, clock, run, control };
}

test('dials are shown and turned, and a wrong one is named', async (t) => {
  const { control } = await rig(t);
  assert.equal((await control('PATCH', '/dials', { hiddenMs: [1000, 2000], neverRegisters: 0.1 })).status, 200);
  const { json } = await control('GET', '/dials');
  assert.deepEqual([json.hiddenMs, json.neverRegisters, json.isThrottling], [[1000, 2000], 0.1, true]);
  for (const [dials, problem] of [
    [{ loudness: 11 }, /there is no dial loudness/],
    [{ constructor: 1 }, /there is no dial constructor/],
    [{ hiddenMs: 5 }, /dial hiddenMs does not take 5/],
    [{ hiddenMs: [2, 1] }, /dial hiddenMs does not take \[2,1\]/],
    [{ isThrottling: 'no' }, /dial isThrottling/],
    [{ buckets: { RunInstances: 5 } }, /dial buckets/],
    [7, /must be an object/],
  ] as const) {
    const answer = await control('PATCH', '/dials', dials);
    assert.equal(answer.status, 400);
    assert.match(answer.json.error, problem);
  }
});

test('faults are added, listed with what is left of them, and ended', async (t) => {
  const { control, run } = await rig(t);
  const added = await control('POST', '/faults', { kind: 'error', action: 'RunInstances', times: 2 });
  const id = Number(added.json.id);
  await control('POST', '/faults', { kind: 'stock', region: 'us-west-2', available: 3 });
  await assert.rejects(run(), refused('InternalError', 500));
  assert.deepEqual((await control('GET', '/faults')).json, [
    { id, fault: { kind: 'error', action: 'RunInstances', times: 1 } },
    { id: id + 1, fault: { kind: 'stock', region: 'us-west-2', available: 3 } },
  ]);
  assert.equal((await control('DELETE', `/faults/${id}`)).status, 200);
  assert.equal((await control('DELETE', `/faults/${id}`)).status, 404);
  await run();
  assert.equal((await control('GET', '/faults')).json[0].fault.available, 2);
  await control('DELETE', '/faults');
  assert.deepEqual((await control('GET', '/faults')).json, []);
  for (const fault of [
    { kind: 'fire' },
    { kind: 'hang', code: 'x' },
    { kind: 'error', times: 'x' },
    { kind: 'stock' },
    1,
  ]) {
    assert.equal((await control('POST', '/faults', fault)).status, 400, JSON.stringify(fault));
  }
});

test('instances are shown and steered', async (t) => {
  const { clock, control, run } = await rig(t);
  const { Instances } = await run();
  const id = Instances?.[0]?.InstanceId ?? '';
  await clock.step(30_000);
  const shown = async () => (await control('GET', '/instances?region=us-west-2')).json[0];
  assert.equal((await shown()).state, 'running');
  assert.deepEqual((await control('GET', '/instances?region=us-east-1')).json, []);
  await control('POST', `/instances/${id}/fate`, { fate: 'crashes-while-working' });
  assert.equal((await shown()).fate, 'crashes-while-working');
  await control('POST', `/instances/${id}/interrupt`, { noticeMs: 1000 });
  await clock.step(1000);
  assert.equal((await shown()).state, 'shutting-down');
  assert.equal((await control('POST', `/instances/${id}/fate`, { fate: 'rich' })).status, 400);
  assert.equal((await control('POST', `/instances/${id}/dance`)).status, 404);
  assert.equal((await control('POST', '/instances/i-1/terminate')).status, 404);
});

test('what happened is counted and kept, and can be forgotten', async (t) => {
  const { control, run, ec2 } = await rig(t);
  const { Instances, $metadata } = await run();
  assert.deepEqual((await control('GET', '/counts')).json, {
    calls: { 'us-west-2': { RunInstances: 1 } },
    outcomes: { ok: 1 },
    launched: 1,
    replayed: 0,
    doubled: 0,
    terminated: 0,
    alive: 1,
  });
  assert.deepEqual((await control('GET', '/logbook')).json, [
    {
      at: '2026-03-01T12:00:00.000Z',
      region: 'us-west-2',
      action: 'RunInstances',
      outcome: 'ok',
      requestId: $metadata.requestId,
      instanceIds: [Instances?.[0]?.InstanceId],
      instances: 1,
    },
  ]);
  await control('DELETE', '/counts');
  assert.deepEqual(ec2.counts.calls, {});
  assert.deepEqual(ec2.logbook, []);
  assert.equal(ec2.counts.alive, 1);
});

test('keys are given out, and unknown things are not found', async (t) => {
  const { control, ec2 } = await rig(t);
  assert.deepEqual((await control('GET', '/identity-keys?region=us-east-1')).json, ec2.identityKeys(['us-east-1']));
  assert.equal((await control('GET', '/identity-keys?region=mars-1')).status, 404);
  assert.equal((await control('GET', '/nothing')).status, 404);
  assert.equal((await fetch(`${ec2.url}/_sim/dials`, { method: 'PATCH', body: '{' })).status, 400);
});
