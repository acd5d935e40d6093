import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute } from '@googleapis/compute';
import { decodeJwt } from 'jose';
import { clientConfig, plainInstance, rigGce, zone } from '#simulators/gce/rig.ts';
import { poolId } from './worker-fixture.ts';
import { GoogleMetadata } from './google.ts';
import { HttpCaller } from './http.ts';

const told = { rootUrl: 'http://tc', providerId: 'google', workerPoolId: poolId, workerGroup: zone };

/** A machine that is up, with that as its attribute. */
async function rig(t: TestContext, attribute: string | undefined = JSON.stringify(told)) {
  const { gce, clock } = await rigGce(t);
  const items = attribute === '' ? [] : [{ key: 'taskcluster', value: attribute }];
  const { data } = await compute(clientConfig(gce)).instances.insert({
    project: gce.project,
    zone,
    requestBody: {
      ...plainInstance('worker-1'),
      metadata: { items },
      scheduling: { provisioningModel: 'SPOT' },
      serviceAccounts: [{ email: 'default' }],
    },
  });
  await clock.step(30_000);
  const http = new HttpCaller(1, 10_000);
  t.after(() => http.close());
  const [machine] = gce.park.machines();
  return { gce, id: data.targetId ?? '', metadata: new GoogleMetadata(machine?.metadataUrl ?? '', http, 5_000) };
}

// spec: provisioning 11.2
test('a Compute Engine machine learns who it is, and proves it with a full token for its deployment', async (t) => {
  const { gce, id, metadata } = await rig(t);
  const identity = await metadata.identify();
  assert.ok(typeof identity === 'object');
  const { proof, ...rest } = identity;
  assert.deepEqual(rest, { ...told, workerId: id });
  const claims = decodeJwt<{ google: { compute_engine: { instance_id: string } } }>(proof['token'] ?? '');
  assert.deepEqual(
    [claims.aud, claims.sub, claims.google.compute_engine.instance_id],
    ['http://tc', gce.accounts[0]?.uniqueId, id],
  );
});

test('an attribute that is missing or says too little is of no use', async (t) => {
  for (const attribute of [
    '',
    'no JSON',
    JSON.stringify({ ...told, workerGroup: '' }),
    JSON.stringify({ ...told, rootUrl: 'http://tc/' }),
  ]) {
    const { metadata } = await rig(t, attribute);
    assert.equal(await metadata.identify(), 'unusable', attribute);
  }
});

test('a metadata server that does not answer is asked again', async (t) => {
  const { gce, metadata } = await rig(t);
  await gce.close();
  assert.equal(await metadata.identify(), 'not-now');
});

// spec: provisioning 11.5
test('a preemption is noticed', async (t) => {
  const { gce, id, metadata } = await rig(t);
  assert.equal(await metadata.isInterrupted(), false);
  gce.steering.preempt(id);
  assert.equal(await metadata.isInterrupted(), true);
});
