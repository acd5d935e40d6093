import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { AttestedFacts } from './attested-facts.ts';
import { aNic, group, rigAzure, vmParameters, type RigOptions } from './rig.ts';

async function rig(t: TestContext, options?: RigOptions) {
  const whole = await rigAzure(t, options);
  const nic = await aNic(whole, 'nic', true);
  const parameters = vmParameters(nic, {
    tags: { 'worker-pool-id': 'a/b', owner: 'me;you' },
    priority: 'Spot',
    plan: { name: 'n', product: 'p', publisher: 'q' },
    licenseType: 'Windows_Client',
  });
  const creating = whole.compute.virtualMachines.createOrUpdate(group, 'vm', parameters, { updateIntervalInMs: 1 });
  await whole.through(creating);
  const get = async (path: string, headers: Record<string, string> = { Metadata: 'true' }, machine = 'vm') => {
    const url = `${whole.azure.url}/_sim/imds/${machine}/metadata/${path}`;
    const answer = await fetch(url, { headers });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {} };
  };
  return { ...whole, get };
}

const version = 'api-version=2025-04-07';

test('a machine learns who it is, by its name or its id', async (t) => {
  const { get, azure } = await rig(t);
  const { json } = await get(`instance?${version}`);
  const [view] = azure.machines();
  const { name, vmId, tagsList, tags, location, vmSize, priority, resourceId, osType } = json.compute;
  assert.deepEqual(
    { name, vmId, location, vmSize, priority, resourceId, osType },
    {
      name: 'vm',
      vmId: view?.vmId,
      location: 'eastus',
      vmSize: 'Standard_F8s_v2',
      priority: 'Spot',
      resourceId: view?.id,
      osType: 'Windows',
    },
  );
  assert.deepEqual(tagsList, [
    { name: 'worker-pool-id', value: 'a/b' },
    { name: 'owner', value: 'me;you' },
  ]);
  assert.equal(tags, 'worker-pool-id:a/b;owner:me;you');
  const [address] = json.network.interface[0].ipv4.ipAddress;
  assert.match(address.privateIpAddress, /^10\./);
  assert.match(address.publicIpAddress, /^198\.18\./);
  assert.deepEqual((await get(`instance?${version}`, undefined, view?.vmId)).json, json);
});

test('parts of it are reached by their path, leaves only as text', async (t) => {
  const { get } = await rig(t);
  assert.equal((await get(`instance/compute/name?${version}&format=text`)).text, 'vm');
  assert.equal((await get(`instance/compute/name?${version}`)).status, 400);
  assert.equal((await get(`instance/compute/tagsList?${version}`)).json.length, 2);
  assert.equal((await get(`instance/network/interface/0?${version}`)).json.macAddress.length, 12);
  assert.match((await get(`instance?${version}&format=text`)).text, /^compute\/\nnetwork\/$/);
  assert.equal((await get(`instance/compute/ghost?${version}`)).status, 404);
  assert.equal((await get(`elsewhere?${version}`)).status, 404);
  assert.ok((await get('versions')).json.apiVersions.includes('2025-04-07'));
});

test('calls without the header, through a proxy, or without a version are refused', async (t) => {
  const { get, azure } = await rig(t);
  assert.match((await get(`instance?${version}`, {})).json.error, /Required metadata header not specified/);
  const forwarded = await get(`instance?${version}`, { Metadata: 'true', 'X-Forwarded-For': '10.0.0.1' });
  assert.equal(forwarded.status, 400);
  const bare = await get('instance');
  assert.deepEqual([bare.status, bare.json['newest-versions'][0]], [400, '2025-04-07']);
  assert.equal((await get('instance?api-version=2999-01-01')).status, 400);
  const url = `${azure.url}/_sim/imds/vm/metadata/instance?${version}`;
  assert.equal((await fetch(url, { method: 'POST', headers: { Metadata: 'true' } })).status, 405);
});

test('only machines that are up answer', async (t) => {
  const { get, azure } = await rig(t);
  assert.equal((await get(`instance?${version}`, undefined, 'ghost')).status, 404);
  azure.steering.powerOff('vm');
  assert.equal((await get(`instance?${version}`)).status, 404);
});

test('an attested document is signed by whoever was given, over the facts of the machine', async (t) => {
  const asked: AttestedFacts[] = [];
  const attest = (facts: AttestedFacts): Promise<string> => {
    asked.push(facts);
    return Promise.resolve('c2lnbmVk');
  };
  const { get, azure, clock } = await rig(t, { attest });
  const { json } = await get(`attested/document?${version}&nonce=1234567890`);
  assert.deepEqual(json, { encoding: 'pkcs7', signature: 'c2lnbmVk' });
  assert.deepEqual(asked[0], {
    vmId: azure.machines()[0]?.vmId,
    subscriptionId: azure.subscriptionId,
    nonce: '1234567890',
    sku: '',
    plan: { name: 'n', product: 'p', publisher: 'q' },
    licenseType: 'Windows_Client',
    createdOn: clock.now(),
    expiresOn: new Date(clock.now().getTime() + 6 * 3_600_000),
  });
  await get(`attested/document?${version}`);
  assert.match(asked[1]?.nonce ?? '', /^20260301-18\d{4}$/);
  assert.equal((await get(`attested/document?${version}&nonce=${'1'.repeat(33)}`)).status, 400);
  assert.equal((await get(`attested?${version}`)).status, 404);
});

test('without anybody who signs there is no attested document', async (t) => {
  const { get } = await rig(t);
  assert.equal((await get(`attested/document?${version}`)).status, 503);
});

test('an eviction stands in the scheduled events', async (t) => {
  const { get, azure } = await rig(t);
  const events = async () => (await get('scheduledevents?api-version=2020-07-01')).json;
  assert.deepEqual(await events(), { DocumentIncarnation: 1, Events: [] });
  azure.steering.evict('vm');
  const { Events, DocumentIncarnation } = await events();
  assert.equal(DocumentIncarnation, 2);
  assert.deepEqual([Events[0].EventType, Events[0].Resources, Events.length], ['Preempt', ['vm'], 1]);
});
