import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { clientConfig, plainInstance, refused, rigGce, zone } from './rig.ts';
import type { GceOptions } from './server.ts';

async function rig(t: TestContext, options?: GceOptions) {
  const { gce, clock } = await rigGce(t, options);
  const client = compute(clientConfig(gce));
  const place = { project: gce.project, zone };
  const insert = async (
    body: compute_v1.Schema$Instance = plainInstance('worker-1'),
    more: { requestId?: string } = {},
  ) => (await client.instances.insert({ ...place, ...more, requestBody: body })).data;
  const get = async (instance: string) => (await client.instances.get({ ...place, instance })).data;
  const remove = async (instance: string, requestId?: string) =>
    (await client.instances.delete({ ...place, instance, ...(requestId === undefined ? {} : { requestId }) })).data;
  const operation = async (name: string) => (await client.zoneOperations.get({ ...place, operation: name })).data;
  return { gce, clock, client, place, insert, get, remove, operation };
}

test('an insert is accepted as an operation, and the instance comes up step by step', async (t) => {
  const { clock, insert, get, operation, gce } = await rig(t);
  const accepted = await insert();
  assert.deepEqual(
    { kind: accepted.kind, type: accepted.operationType, status: accepted.status, progress: accepted.progress },
    { kind: 'compute#operation', type: 'insert', status: 'PENDING', progress: 0 },
  );
  assert.match(accepted.targetId ?? '', /^[1-9]\d{18}$/);
  assert.equal((await get('worker-1')).status, 'PROVISIONING');
  await clock.step(2_000);
  const staging = await get(accepted.targetId ?? '');
  assert.deepEqual({ id: staging.id, status: staging.status }, { id: accepted.targetId, status: 'STAGING' });
  assert.equal((await operation(accepted.name ?? '')).status, 'RUNNING');
  await clock.step(3_000);
  assert.equal((await get('worker-1')).status, 'RUNNING');
  const done = await operation(accepted.id ?? '');
  assert.deepEqual(
    { status: done.status, progress: done.progress, error: done.error, end: done.endTime },
    { status: 'DONE', progress: 100, error: undefined, end: '2026-03-01T04:00:05.000-08:00' },
  );
  assert.deepEqual(
    [gce.counts.launched, gce.counts.failed, gce.counts.alive, gce.logbook[0]?.instanceIds],
    [1, 0, 1, [accepted.targetId]],
  );
});

test('an instance shows what it was made of, and what follows from that', async (t) => {
  const { insert, get, gce } = await rig(t);
  await insert({
    ...plainInstance('worker-1'),
    description: 'a worker',
    labels: { 'worker-pool-id': 'a-b', owner: 'x_y' },
    metadata: { items: [{ key: 'taskcluster', value: '{"rootUrl":"http://tc"}' }] },
    scheduling: { provisioningModel: 'SPOT', onHostMaintenance: 'terminate', instanceTerminationAction: 'DELETE' },
    serviceAccounts: [{ email: gce.accounts[0]!.email, scopes: ['https://www.googleapis.com/auth/cloud-platform'] }],
    advancedMachineFeatures: { enableNestedVirtualization: true },
  });
  const instance = await get('worker-1');
  const base = `https://www.googleapis.com/compute/v1/projects/${gce.project}`;
  assert.equal(instance.selfLink, `${base}/zones/${zone}/instances/worker-1`);
  assert.equal(instance.zone, `${base}/zones/${zone}`);
  assert.equal(instance.machineType, `${base}/zones/${zone}/machineTypes/n2-standard-4`);
  assert.equal(instance.creationTimestamp, '2026-03-01T04:00:00.000-08:00');
  assert.deepEqual(instance.labels, { 'worker-pool-id': 'a-b', owner: 'x_y' });
  assert.deepEqual(instance.metadata?.items, [{ key: 'taskcluster', value: '{"rootUrl":"http://tc"}' }]);
  assert.deepEqual(instance.scheduling, {
    provisioningModel: 'SPOT',
    onHostMaintenance: 'TERMINATE',
    instanceTerminationAction: 'DELETE',
    automaticRestart: false,
    preemptible: true,
  });
  assert.deepEqual(instance.serviceAccounts, [
    { email: gce.accounts[0]!.email, scopes: ['https://www.googleapis.com/auth/cloud-platform'] },
  ]);
  assert.deepEqual(instance.advancedMachineFeatures, { enableNestedVirtualization: true });
  assert.match(instance.networkInterfaces?.[0]?.networkIP ?? '', /^10\./);
  assert.match(instance.networkInterfaces?.[0]?.accessConfigs?.[0]?.natIP ?? '', /^34\./);
  assert.deepEqual(
    instance.disks?.map(({ boot, source, type }) => ({ boot, source, type })),
    [{ boot: true, source: `${base}/zones/${zone}/disks/worker-1`, type: 'PERSISTENT' }],
  );
});

test('a repeated request id gets the operation of the first call and starts nothing, whatever the body says', async (t) => {
  const { clock, insert, gce } = await rig(t);
  const requestId = randomUUID();
  const first = await insert(plainInstance('worker-1'), { requestId });
  assert.equal(first.clientOperationId, requestId);
  await clock.step(10_000);
  const again = await insert(plainInstance('worker-2'), { requestId });
  assert.deepEqual(
    { name: again.name, targetId: again.targetId, status: again.status },
    { name: first.name, targetId: first.targetId, status: 'DONE' },
  );
  assert.deepEqual([gce.counts.launched, gce.counts.replayed, gce.instances().length], [1, 1, 1]);
});

test('a request id is forgotten after its time, and then the name is taken', async (t) => {
  const { clock, insert } = await rig(t);
  const requestId = randomUUID();
  await insert(plainInstance('worker-1'), { requestId });
  await clock.step(3_700_000);
  await assert.rejects(insert(plainInstance('worker-1'), { requestId }), refused('alreadyExists', 409));
});

test('a request id must be a UUID, and not the zero one', async (t) => {
  const { insert } = await rig(t);
  for (const requestId of ['order-1', '00000000-0000-0000-0000-000000000000']) {
    await assert.rejects(insert(plainInstance('worker-1'), { requestId }), refused('invalid', 400, /requestId/));
  }
});

test('a name is taken as long as its instance exists', async (t) => {
  const { clock, insert, remove } = await rig(t);
  const first = await insert();
  await assert.rejects(
    insert(),
    refused(
      'alreadyExists',
      409,
      /^The resource 'projects\/simulated\/zones\/us-central1-a\/instances\/worker-1' already exists$/,
    ),
  );
  await remove('worker-1');
  await assert.rejects(insert(), refused('alreadyExists', 409));
  await clock.step(20_000);
  assert.notEqual((await insert()).targetId, first.targetId);
});

test('a deleted instance is stopping until its operation is done, and then not found', async (t) => {
  const { clock, insert, get, remove, operation, gce } = await rig(t);
  const { targetId } = await insert();
  await clock.step(60_000);
  const requestId = randomUUID();
  const accepted = await remove('worker-1', requestId);
  assert.deepEqual({ type: accepted.operationType, targetId: accepted.targetId }, { type: 'delete', targetId });
  assert.equal((await get('worker-1')).status, 'STOPPING');
  const other = await remove(targetId ?? '');
  assert.notEqual(other.name, accepted.name);
  await clock.step(20_000);
  assert.equal((await operation(accepted.name ?? '')).status, 'DONE');
  assert.equal((await operation(other.name ?? '')).status, 'DONE');
  await assert.rejects(get('worker-1'), refused('notFound', 404, /was not found$/));
  await assert.rejects(get(targetId ?? ''), refused('notFound', 404));
  await assert.rejects(remove('worker-1'), refused('notFound', 404));
  assert.equal((await remove('worker-1', requestId)).name, accepted.name, 'its request id still tells');
  assert.deepEqual([gce.counts.deleted, gce.instances().length], [1, 0]);
});

test('an instance can be deleted while it is created, and then its insert says that it was cancelled', async (t) => {
  const { clock, insert, get, remove, operation } = await rig(t);
  const { name = '' } = await insert();
  await clock.step(1_000);
  await remove('worker-1');
  const cancelled = await operation(name ?? '');
  assert.deepEqual(
    [cancelled.status, cancelled.httpErrorStatusCode, cancelled.error?.errors?.[0]?.code],
    ['DONE', 409, 'OPERATION_CANCELED_BY_USER'],
  );
  await clock.step(20_000);
  await assert.rejects(get('worker-1'), refused('notFound', 404));
});

test('a second delete may be refused while the first is under way', async (t) => {
  const { insert, remove } = await rig(t, { dials: { isDeleteExclusive: true } });
  await insert();
  await remove('worker-1');
  await assert.rejects(remove('worker-1'), refused('rateLimitExceeded', 403, /Operation rate exceeded for resource/));
});

test('a protected instance is not deleted', async (t) => {
  const { insert, remove } = await rig(t);
  await insert({ ...plainInstance('worker-1'), deletionProtection: true });
  await assert.rejects(remove('worker-1'), refused('invalid', 400, /protected against deletion/));
});

test('a name that cannot be one is refused before it is looked for', async (t) => {
  const { get } = await rig(t);
  await assert.rejects(get('Worker_1'), refused('invalid', 400, /Must be a match of regex/));
});

test('calls to other projects and unknown zones and paths are refused', async (t) => {
  const { client, place, gce } = await rig(t);
  const instance = 'worker-1';
  await assert.rejects(
    client.instances.get({ ...place, project: 'other', instance }),
    refused('notFound', 404, /'projects\/other'/),
  );
  await assert.rejects(
    client.instances.get({ ...place, zone: 'mars-1-a', instance }),
    refused('invalid', 400, /Invalid value for field 'zone': 'mars-1-a'. Unknown zone./),
  );
  await assert.rejects(client.disks.list(place), refused('notFound', 404));
  assert.equal((await client.instances.list({ ...place, project: gce.projectNumber })).status, 200);
});

test('a new instance is hidden from other calls for a while, but its name is taken', async (t) => {
  const { clock, insert, get, client, place } = await rig(t, { dials: { hiddenMs: [10_000, 10_000] } });
  await insert();
  await assert.rejects(get('worker-1'), refused('notFound', 404));
  assert.equal((await client.instances.list(place)).data.items, undefined);
  await assert.rejects(insert(), refused('alreadyExists', 409));
  await clock.step(10_000);
  assert.equal((await get('worker-1')).status, 'RUNNING');
});
