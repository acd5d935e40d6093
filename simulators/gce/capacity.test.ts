import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { clientConfig, plainInstance, refused, rigGce, zone } from './rig.ts';

async function rig(t: TestContext) {
  const { gce, clock } = await rigGce(t);
  const client = compute(clientConfig(gce));
  const { project } = gce;
  const insert = async (name: string, change: compute_v1.Schema$Instance = {}, place = zone) =>
    (await client.instances.insert({ project, zone: place, requestBody: { ...plainInstance(name, place), ...change } }))
      .data;
  const remove = (instance: string) => client.instances.delete({ project, zone, instance });
  /** The code of the error that an insert ends with. */
  const fate = async (name: string, change?: compute_v1.Schema$Instance, place = zone) => {
    const { name: operation = '' } = await insert(name, change, place);
    await clock.step(5_000);
    const { data } = await client.zoneOperations.get({ project, zone: place, operation: operation ?? '' });
    return data.error?.errors?.[0]?.code ?? 'created';
  };
  return { gce, clock, client, project, insert, remove, fate };
}

const spot: compute_v1.Schema$Instance = { scheduling: { provisioningModel: 'SPOT' } };

test('an insert beyond the quota is accepted, and its operation says what is exceeded', async (t) => {
  const { gce, clock, client, project, insert, fate } = await rig(t);
  gce.faults.add({ kind: 'quota', region: 'us-central1', metric: 'N2_CPUS', limit: 8 });
  assert.equal(await fate('a'), 'created');
  assert.equal(await fate('b', {}, 'us-central1-b'), 'created');
  const { name } = await insert('c');
  await clock.step(4_000);
  const { data } = await client.zoneOperations.get({ project, zone, operation: name ?? '' });
  assert.deepEqual(
    [data.httpErrorStatusCode, data.error?.errors?.[0]],
    [
      403,
      {
        code: 'QUOTA_EXCEEDED',
        message: "Quota 'N2_CPUS' exceeded.  Limit: 8.0 in region us-central1.",
        errorDetails: [
          {
            quotaInfo: {
              metricName: 'compute.googleapis.com/n2_cpus',
              limitName: 'N2-CPUS-per-project-region',
              dimensions: { region: 'us-central1' },
              limit: 8,
            },
          },
        ],
      },
    ],
  );
  assert.equal(await fate('d', { machineType: `zones/${zone}/machineTypes/e2-standard-4` }), 'created');
  assert.equal(await fate('e', {}, 'us-east1-b'), 'created');
});

test('a quota can be told at once', async (t) => {
  const { gce, insert } = await rig(t);
  gce.faults.add({ kind: 'quota', metric: 'INSTANCES', limit: 0, at: 'request' });
  await assert.rejects(
    insert('a'),
    refused('quotaExceeded', 403, /Quota 'INSTANCES' exceeded. {2}Limit: 0.0 globally./),
  );
});

test('what is deleted, stopped or failed counts against no quota', async (t) => {
  const { gce, clock, remove, fate } = await rig(t);
  gce.faults.add({ kind: 'quota', metric: 'CPUS_ALL_REGIONS', limit: 4 });
  assert.equal(await fate('a'), 'created');
  assert.equal(await fate('b'), 'QUOTA_EXCEEDED');
  await remove('a');
  assert.equal(await fate('b'), 'QUOTA_EXCEEDED', 'until it is gone');
  await clock.step(20_000);
  assert.equal(await fate('b'), 'created');
  gce.steering.stop(gce.instances()[0]!.id);
  await clock.step(10_000);
  assert.equal(await fate('c'), 'created');
});

test('spot instances take from their own quota where there is one', async (t) => {
  const { gce, fate } = await rig(t);
  gce.faults.add({ kind: 'quota', region: 'us-central1', metric: 'N2_CPUS', limit: 0 });
  assert.equal(await fate('a', spot), 'QUOTA_EXCEEDED');
  const id = gce.faults.add({ kind: 'quota', region: 'us-central1', metric: 'PREEMPTIBLE_CPUS', limit: 4 });
  assert.equal(await fate('b', spot), 'created');
  assert.equal(await fate('c', spot), 'QUOTA_EXCEEDED');
  gce.faults.remove(id);
});

test('graphics cards and addresses have quotas, too, and regions tell what is used', async (t) => {
  const { gce, client, project, fate } = await rig(t);
  const guestAccelerators = [
    { acceleratorCount: 4, acceleratorType: `zones/${zone}/acceleratorTypes/nvidia-tesla-v100` },
  ];
  gce.faults.add({ kind: 'quota', region: 'us-central1', metric: 'NVIDIA_V100_GPUS', limit: 4 });
  gce.faults.add({ kind: 'quota', region: 'us-central1', metric: 'IN_USE_ADDRESSES', limit: 2 });
  assert.equal(await fate('a', { guestAccelerators }), 'created');
  assert.equal(await fate('b', { guestAccelerators }), 'QUOTA_EXCEEDED');
  assert.equal(await fate('c'), 'created');
  assert.equal(await fate('d'), 'QUOTA_EXCEEDED');
  assert.equal(await fate('e', { networkInterfaces: [{}] }), 'created');
  const region = await client.regions.get({ project, region: 'us-central1' });
  assert.deepEqual(region.data.quotas, [
    { metric: 'NVIDIA_V100_GPUS', limit: 4, usage: 4 },
    { metric: 'IN_USE_ADDRESSES', limit: 2, usage: 2 },
  ]);
});

test('a stock-out shows in the operation, of its zone, machine type and model only', async (t) => {
  const { gce, fate } = await rig(t);
  gce.faults.add({ kind: 'stock', zone, machineType: 'n2-standard-4', isSpot: true, available: 1 });
  assert.equal(await fate('a', spot), 'created');
  assert.equal(await fate('b', spot), 'ZONE_RESOURCE_POOL_EXHAUSTED');
  assert.equal(await fate('c'), 'created');
  assert.equal(await fate('d', { ...spot, machineType: `zones/${zone}/machineTypes/n2-standard-8` }), 'created');
  assert.equal(await fate('e', spot, 'us-central1-b'), 'created');
});

test('a stock-out comes with or without details', async (t) => {
  const { gce, clock, client, project, insert } = await rig(t);
  gce.faults.add({ kind: 'stock', zone, available: 0, code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS' });
  const { name } = await insert('f');
  await clock.step(5_000);
  const { data } = await client.zoneOperations.get({ project, zone, operation: name ?? '' });
  assert.deepEqual([data.httpErrorStatusCode, data.httpErrorMessage], [503, 'SERVICE UNAVAILABLE']);
  const [error] = data.error?.errors ?? [];
  assert.match(error?.message ?? '', /does not have enough resources available.*'\(resource type:compute\)'\.$/);
  assert.equal(error?.errorDetails?.[2]?.errorInfo?.reason, 'resource_availability');
});
