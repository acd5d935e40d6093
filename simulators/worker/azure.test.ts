import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { aVm, rigAzure, type RigOptions } from '#simulators/azure/rig.ts';
import { AzureMetadata } from './azure.ts';
import { HttpCaller } from './http.ts';
import { aWorld, minuteMs, poolId } from './worker-fixture.ts';

const tags = {
  'root-url': 'https://tc.example.com',
  'provider-id': 'azure',
  'worker-pool-id': 'a/b',
  'worker-group': 'eastus',
};

async function rig(t: TestContext, options: RigOptions = { attest: () => Promise.resolve('c2lnbmVk') }) {
  const whole = await rigAzure(t, options);
  const http = new HttpCaller(4, 5000);
  t.after(() => http.close());
  const metadataOf = (name: string) => new AzureMetadata(`${whole.azure.url}/_sim/imds/${name}`, http, 1000);
  return { ...whole, metadataOf };
}

// spec: provisioning 11.2
test('a machine is who its tags and its name say, and proves it by its attested document', async (t) => {
  const whole = await rig(t);
  await aVm(whole, 'vm', { tags });
  assert.deepEqual(await whole.metadataOf('vm').identify(), {
    rootUrl: 'https://tc.example.com',
    providerId: 'azure',
    workerPoolId: 'a/b',
    workerGroup: 'eastus',
    workerId: 'vm',
    proof: { document: 'c2lnbmVk' },
  });
});

test('a machine without one of the tags can never register, and one without a signature not now', async (t) => {
  const whole = await rig(t);
  const { 'worker-group': _group, ...others } = tags;
  await aVm(whole, 'vm', { tags: others });
  assert.equal(await whole.metadataOf('vm').identify(), 'unusable');
  const unsigned = await rig(t, {});
  await aVm(unsigned, 'vm', { tags });
  assert.equal(await unsigned.metadataOf('vm').identify(), 'not-now');
});

// spec: provisioning 11.5
test('an announced eviction interrupts, and nothing does before', async (t) => {
  const whole = await rig(t);
  await aVm(whole, 'vm', { tags, priority: 'Spot' });
  const metadata = whole.metadataOf('vm');
  assert.equal(await metadata.isInterrupted(), false);
  whole.azure.steering.evict('vm');
  assert.equal(await metadata.isInterrupted(), true);
});

test('workers on the machines register with their documents', async (t) => {
  const world = await aWorld(t);
  const attest: RigOptions['attest'] = ({ vmId }) => Promise.resolve(`document of ${vmId}`);
  const whole = await rig(t, { clock: world.clock, attest });
  const group = { 'worker-pool-id': poolId, 'worker-group': 'us-east-1' };
  await aVm(whole, 'vm-1', { tags: { ...tags, ...group, 'root-url': world.rootUrl } });
  const workers = world.workersWith({ parks: [whole.azure.park] });
  await world.pass(workers, minuteMs);
  const [registration] = world.manager.registrations;
  assert.deepEqual([registration?.['workerId'], registration?.['workerGroup']], ['vm-1', 'us-east-1']);
  assert.deepEqual(registration?.['workerIdentityProof'], {
    document: `document of ${whole.azure.machines()[0]?.vmId}`,
  });
});
