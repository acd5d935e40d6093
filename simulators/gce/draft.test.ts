import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { clientConfig, plainInstance, refused, rigGce, zone } from './rig.ts';

type Body = compute_v1.Schema$Instance;

async function rig(t: TestContext) {
  const { gce } = await rigGce(t);
  const client = compute(clientConfig(gce));
  const insert = (body: Body) => client.instances.insert({ project: gce.project, zone, requestBody: body });
  return { gce, insert };
}

const plain = plainInstance('worker-1');
const disk = plain.disks[0]!;

/** What is wrong, its change to a good body, and what the refusal says. */
const wrongs: readonly (readonly [what: string, change: Body, text: RegExp, reason?: string])[] = [
  ['a name in capitals', { name: 'Worker' }, /resource.name/],
  ['a name that ends in a dash', { name: 'worker-' }, /resource.name/],
  ['a name of 64 characters', { name: 'a'.repeat(64) }, /resource.name/],
  ['a machine type without a URL', { machineType: 'n2-standard-4' }, /The URL is malformed/],
  ['a machine type of another zone', { machineType: 'zones/us-east1-b/machineTypes/n2-standard-4' }, /different zone/],
  [
    'an unknown machine type',
    { machineType: `zones/${zone}/machineTypes/n1-standard-3` },
    /Machine type with name 'n1-standard-3' does not exist in zone 'us-central1-a'/,
  ],
  ['no disks', { disks: [] }, /No disks are specified/],
  ['a first disk that is no boot disk', { disks: [{ ...disk, boot: false }] }, /Boot disk must be the first/],
  ['a boot disk without a source', { disks: [{ boot: true }] }, /must have a source/],
  ['a disk with two sources', { disks: [{ ...disk, source: 'zones/z/disks/d' }] }, /both source and initializeParams/],
  ['a disk of a wrong type', { disks: [{ ...disk, type: 'FLOPPY' }] }, /disks\[0\].type/],
  [
    'a disk label in capitals',
    { disks: [{ boot: true, initializeParams: { ...disk.initializeParams, labels: { a: 'B' } } }] },
    /initializeParams.labels/,
  ],
  ['no network interface', { networkInterfaces: [] }, /At least one network interface/],
  ['two public addresses', { networkInterfaces: [{ accessConfigs: [{}, {}] }] }, /At most one access config/],
  ['a label value in capitals', { labels: { owner: 'Me' } }, /Label value 'Me' violates format constraints/],
  ['a label value with an at sign', { labels: { owner: 'me@example.com' } }, /violates format constraints/],
  ['a label key that begins with a digit', { labels: { '1a': 'b' } }, /Label key '1a' violates format constraints/],
  ['a label value of 64 characters', { labels: { a: 'b'.repeat(64) } }, /violates format constraints/],
  ['65 labels', { labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ''])) }, /limit of 64/],
  [
    'a metadata key twice',
    {
      metadata: {
        items: [
          { key: 'a', value: '' },
          { key: 'a', value: '' },
        ],
      },
    },
    /duplicate key: a/,
  ],
  ['a metadata key with a dot', { metadata: { items: [{ key: 'a.b', value: '' }] } }, /items\[0\].key/],
  [
    'a metadata value above 256 KB',
    { metadata: { items: [{ key: 'a', value: 'x'.repeat(262_145) }] } },
    /maximum size 262144 character\(s\); actual size 262145/,
    'fieldSizeTooLarge',
  ],
  [
    'metadata above 512 KB in all',
    { metadata: { items: ['a', 'b', 'c'].map((key) => ({ key, value: 'x'.repeat(200_000) })) } },
    /'resource.metadata' is too large/,
    'fieldSizeTooLarge',
  ],
  ['a wrong provisioning model', { scheduling: { provisioningModel: 'CHEAP' } }, /provisioningModel/],
  [
    'a spot instance that restarts',
    { scheduling: { preemptible: true, automaticRestart: true } },
    /automaticRestart be false/,
  ],
  [
    'a spot instance that migrates',
    { scheduling: { provisioningModel: 'SPOT', onHostMaintenance: 'MIGRATE' } },
    /TERMINATE/,
  ],
  [
    'a termination action without spot',
    { scheduling: { instanceTerminationAction: 'DELETE' } },
    /cannot specify a termination action/,
    'badRequest',
  ],
  [
    'two service accounts',
    { serviceAccounts: [{ email: 'default' }, { email: 'default' }] },
    /At most one service account/,
  ],
  ['an unknown service account', { serviceAccounts: [{ email: 'nobody@example.com' }] }, /nobody@example.com/],
];

for (const [what, change, text, reason = 'invalid'] of wrongs) {
  test(`an insert with ${what} is refused`, async (t) => {
    const { gce, insert } = await rig(t);
    await assert.rejects(insert({ ...plain, ...change }), refused(reason, 400, text));
    assert.equal(gce.counts.launched, 0);
  });
}

test('what is missing is named', async (t) => {
  const { insert } = await rig(t);
  const { name: _name, ...nameless } = plain;
  await assert.rejects(insert(nameless), refused('required', 400, /'resource.name' not specified/));
  const { machineType: _type, ...typeless } = plain;
  await assert.rejects(insert(typeless), refused('required', 400, /'resource.machineType' not specified/));
});

test('unknown members and wrong types are refused with their place', async (t) => {
  const { insert } = await rig(t);
  const labelled = { ...plain, disks: [{ ...disk, labels: { a: 'b' } }] };
  await assert.rejects(
    insert(labelled),
    refused('invalid', 400, /Invalid JSON payload received. Unknown name "labels" at 'disks\[0\]': Cannot find field./),
  );
  const configured = { ...plain, workerConfig: {} };
  await assert.rejects(insert(configured), refused('invalid', 400, /Unknown name "workerConfig": Cannot find field./));
  const mistyped = JSON.parse(JSON.stringify({ ...plain, canIpForward: 'yes' }));
  await assert.rejects(
    insert(mistyped),
    refused('invalid', 400, /Invalid value at 'canIpForward' \(TYPE_BOOL\), "yes"/),
  );
});

test('words in small letters, sizes as numbers and a scratch disk are taken, as real pools send them', async (t) => {
  const { gce, insert } = await rig(t);
  await insert({
    ...plain,
    machineType: `projects/simulated/zones/${zone}/machineTypes/c3d-standard-8-lssd`,
    scheduling: { onHostMaintenance: 'terminate', provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE' },
    disks: JSON.parse(
      JSON.stringify([
        { ...disk, initializeParams: { ...disk.initializeParams, diskSizeGb: 75 } },
        {
          type: 'SCRATCH',
          autoDelete: true,
          interface: 'NVME',
          initializeParams: { diskType: `zones/${zone}/diskTypes/local-ssd` },
        },
      ]),
    ),
  });
  assert.deepEqual(
    gce.instances().map(({ machineType, isSpot }) => ({ machineType, isSpot })),
    [{ machineType: 'c3d-standard-8-lssd', isSpot: true }],
  );
});

test('templates and machine images do not exist here', async (t) => {
  const { gce } = await rig(t);
  const client = compute(clientConfig(gce));
  const call = { project: gce.project, zone, requestBody: plain };
  const sourceInstanceTemplate = 'global/instanceTemplates/worker';
  await assert.rejects(client.instances.insert({ ...call, sourceInstanceTemplate }), refused('notFound', 404));
});
