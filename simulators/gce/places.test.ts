import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute } from '@googleapis/compute';
import { clientConfig, refused, rigGce, zone } from './rig.ts';

async function rig(t: TestContext) {
  const { gce } = await rigGce(t);
  return { gce, client: compute(clientConfig(gce)), project: { project: gce.project } };
}

test('the project, its regions and its zones are described', async (t) => {
  const { gce, client, project } = await rig(t);
  const { data } = await client.projects.get(project);
  assert.deepEqual(
    [data.name, data.id, data.defaultServiceAccount],
    ['simulated', '123456789012', gce.accounts[0]?.email],
  );
  const zones = (await client.zones.list(project)).data.items?.map(({ name }) => name);
  assert.deepEqual(zones, [
    'us-central1-a',
    'us-central1-b',
    'us-central1-c',
    'us-central1-f',
    'us-east1-b',
    'us-east1-c',
    'us-east1-d',
  ]);
  const regions = (await client.regions.list({ ...project, filter: 'name=us-e*' })).data.items?.map(({ name }) => name);
  assert.deepEqual(regions, ['us-east1']);
  const described = (await client.zones.get({ ...project, zone })).data;
  assert.match(described.region ?? '', /\/regions\/us-central1$/);
  assert.equal(described.status, 'UP');
  gce.faults.add({ kind: 'unreachable', zone });
  assert.equal((await client.zones.get({ ...project, zone })).data.status, 'DOWN');
  await assert.rejects(client.zones.get({ ...project, zone: 'mars-1-a' }), refused('notFound', 404));
  await assert.rejects(client.regions.get({ ...project, region: 'mars-1' }), refused('notFound', 404));
});

test('machine types are found, listed and refused', async (t) => {
  const { client, project } = await rig(t);
  const place = { ...project, zone };
  const { data } = await client.machineTypes.get({ ...place, machineType: 't2a-standard-4' });
  assert.deepEqual([data.guestCpus, data.memoryMb, data.architecture], [4, 16_384, 'ARM64']);
  assert.equal((await client.machineTypes.get({ ...place, machineType: 'n2-custom-6-8192' })).data.guestCpus, 6);
  await assert.rejects(
    client.machineTypes.get({ ...place, machineType: 'n1-standard-3' }),
    refused('notFound', 404, /machineTypes\/n1-standard-3' was not found/),
  );
  const list = (await client.machineTypes.list({ ...place, filter: 'name=n2-standard-*', maxResults: 3 })).data;
  assert.deepEqual(
    [list.items?.map(({ name }) => name), typeof list.nextPageToken],
    [['n2-standard-128', 'n2-standard-16', 'n2-standard-2'], 'string'],
  );
});

test('the machine types of all zones come in pages', async (t) => {
  const { client, project } = await rig(t);
  const filter = 'guestCpus=4';
  let pageToken = '';
  let found = 0;
  let pages = 0;
  do {
    const { data } = await client.machineTypes.aggregatedList({
      ...project,
      filter,
      maxResults: 100,
      ...(pageToken === '' ? {} : { pageToken }),
    });
    found += Object.values(data.items ?? {}).reduce((sum, { machineTypes = [] }) => sum + machineTypes.length, 0);
    pageToken = data.nextPageToken ?? '';
    pages += 1;
  } while (pageToken !== '');
  const one = (await client.machineTypes.list({ ...project, zone, filter })).data.items?.length ?? 0;
  assert.equal(found, 7 * one);
  assert.equal(pages, Math.ceil(found / 100));
});
