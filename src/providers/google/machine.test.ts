import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { machineNames } from './machine-names.ts';
import { bulkInsertBody, insertBody, isBulkable, machineProperties } from './machine.ts';

const configuration = {
  region: 'us-west1',
  zone: 'us-west1-b',
  name: 'mine',
  machineType: 'zones/us-west1-b/machineTypes/n2-standard-4',
  disks: [
    {
      type: 'PERSISTENT',
      labels: { a: '1' },
      initializeParams: { diskType: 'zones/z/diskTypes/pd-ssd', labels: { a: '0', b: '0' } },
    },
    { type: 'SCRATCH', labels: { a: '1' }, initializeParams: { diskType: 'zones/z/diskTypes/local-ssd' } },
    { boot: true },
    { type: 'PERSISTENT', source: 'zones/z/disks/shared', labels: { a: '1' } },
  ],
  networkInterfaces: [{ network: 'global/networks/default' }],
  scheduling: { onHostMaintenance: 'terminate', automaticRestart: true },
  serviceAccounts: [{ email: 'admin@example.com' }],
  metadata: {
    items: [
      { key: 'startup-script', value: 'true' },
      { key: 'taskcluster', value: '{}' },
    ],
    fingerprint: 'f',
  },
  guestAccelerators: [{ acceleratorCount: 4, acceleratorType: 'zones/z/acceleratorTypes/nvidia-tesla-v100' }],
  minCpuPlatform: 'Intel Skylake',
  workerManager: { capacityPerInstance: 2 },
  workerConfig: { genericWorker: { config: {} } },
} satisfies JsonObject;

const request = aLaunchRequest({
  configuration,
  order: { orderId: 'order-1', providerId: 'google-1', workerGroup: 'us-west1-b', count: 2 },
});
const properties = machineProperties(request, 'worker@example.com', 'https://tc.example.com');
const diskOf = (index: number): JsonObject => (properties['disks'] as JsonObject[])[index] ?? assert.fail();
const labelsOf = (disk: JsonObject): unknown => (disk['initializeParams'] as JsonObject | undefined)?.['labels'];

// spec: provisioning 7.2, 7.3
describe('what an order’s machines have alike', () => {
  test('is the launch config without what is for others, and what cannot be overridden is not', () => {
    assert.deepEqual(Object.keys(properties).toSorted(), [
      'description',
      'disks',
      'guestAccelerators',
      'labels',
      'machineType',
      'metadata',
      'minCpuPlatform',
      'networkInterfaces',
      'scheduling',
      'serviceAccounts',
    ]);
    assert.deepEqual(properties['serviceAccounts'], [
      { email: 'worker@example.com', scopes: ['https://www.googleapis.com/auth/cloud-platform'] },
    ]);
    assert.deepEqual(properties['scheduling'], { onHostMaintenance: 'terminate', automaticRestart: false });
    assert.equal(properties['description'], 'a pool');
  });

  test('persistent disks get the labels, under initializeParams; local and existing ones lose theirs', () => {
    const { labels } = properties;
    assert.deepEqual(labelsOf(diskOf(0)), { a: '1', b: '0', ...(labels as JsonObject) });
    assert.deepEqual(diskOf(1), { type: 'SCRATCH', initializeParams: { diskType: 'zones/z/diskTypes/local-ssd' } });
    assert.deepEqual(labelsOf(diskOf(2)), labels);
    assert.deepEqual(diskOf(3), { type: 'PERSISTENT', source: 'zones/z/disks/shared' });
  });

  // spec: provisioning 11.2
  test('the metadata tells the machine who it is, beside what the launch config says', () => {
    const { items, fingerprint } = properties['metadata'] as {
      items: { key: string; value: string }[];
      fingerprint: string;
    };
    assert.equal(fingerprint, 'f');
    assert.deepEqual(
      items.map(({ key }) => key),
      ['startup-script', 'taskcluster'],
    );
    assert.deepEqual(JSON.parse(items[1]?.value ?? ''), {
      workerPoolId: 'proj/pool',
      providerId: 'google-1',
      workerGroup: 'us-west1-b',
      rootUrl: 'https://tc.example.com',
      workerConfig: { genericWorker: { config: {} } },
    });
  });
});

// spec: provisioning 7.3, P-42
describe('the bodies of calls', () => {
  const machines = machineNames(request.order);

  test('an insert’s is that with a name', () => {
    assert.deepEqual(insertBody(properties, machines[0]!), { ...properties, name: machines[0]!.name });
  });

  test('a bulkInsert’s names each machine, is content with one, and takes bare names of types', () => {
    const body = bulkInsertBody(properties, machines);
    assert.deepEqual([body['count'], body['minCount']], ['2', '1']);
    assert.deepEqual(body['perInstanceProperties'], { [machines[0]!.name]: {}, [machines[1]!.name]: {} });
    const inner = body['instanceProperties'] as JsonObject;
    assert.equal(inner['machineType'], 'n2-standard-4');
    assert.deepEqual(inner['guestAccelerators'], [{ acceleratorCount: 4, acceleratorType: 'nvidia-tesla-v100' }]);
    const types = (inner['disks'] as { initializeParams?: JsonObject }[]).map(
      (disk) => disk.initializeParams?.['diskType'],
    );
    assert.deepEqual(types, ['pd-ssd', 'local-ssd', undefined, undefined]);
    assert.equal(inner['minCpuPlatform'], 'Intel Skylake');
  });

  test('bulkInsert is for what it takes, and for machines that need nothing of their own', () => {
    const plain = { machineType: 'n2-standard-4', disks: [{ boot: true }], networkInterfaces: [{}] };
    assert.ok(isBulkable(plain));
    const others: Readonly<Record<string, JsonObject>> = {
      'a member that only insert has': { params: {} },
      'a host name': { hostname: 'a.example.com' },
      'a disk that exists': { disks: [{ source: 'zones/z/disks/one' }] },
      'a disk with a name': { disks: [{ initializeParams: { diskName: 'one' } }] },
      'a disk from a snapshot': { disks: [{ initializeParams: { sourceSnapshot: 'global/snapshots/one' } }] },
      'a key of the customer’s': { disks: [{ diskEncryptionKey: { rawKey: 'k' } }] },
      'an address of its own': { networkInterfaces: [{ networkIP: '10.0.0.2' }] },
      'an outer address of its own': { networkInterfaces: [{ accessConfigs: [{ natIP: '192.0.2.1' }] }] },
      'sole-tenant nodes': { scheduling: { nodeAffinities: [] } },
    };
    for (const [name, special] of Object.entries(others)) {
      assert.ok(!isBulkable({ ...plain, ...special }), name);
    }
  });
});
