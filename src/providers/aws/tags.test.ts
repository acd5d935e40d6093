import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { tagSpecifications } from './tags.ts';
import { userData } from './user-data.ts';

const request = aLaunchRequest({ order: { providerId: 'aws-1' } });

const ours = [
  { Key: 'CreatedBy', Value: 'taskcluster-wm-aws-1' },
  { Key: 'Owner', Value: 'owner@example.com' },
  { Key: 'ManagedBy', Value: 'taskcluster' },
  { Key: 'Name', Value: 'proj/pool' },
  { Key: 'WorkerPoolId', Value: 'proj/pool' },
];

// spec: provisioning 6.3
describe('the tags of a launch', () => {
  test('are ours on instance and volume where the launch config has none', () => {
    for (const launchConfig of [{}, { TagSpecifications: [] }, { TagSpecifications: 'nonsense' }]) {
      assert.deepEqual(tagSpecifications(request, launchConfig), [
        { ResourceType: 'instance', Tags: ours },
        { ResourceType: 'volume', Tags: ours },
      ]);
    }
  });

  test('keep those of the launch config, each resource type once, other types unchanged', () => {
    const network = { ResourceType: 'network-interface', Tags: [{ Key: 'a', Value: 'n' }] };
    const TagSpecifications = [
      { ResourceType: 'instance', Tags: [{ Key: 'a', Value: '1' }] },
      network,
      { ResourceType: 'instance', Tags: [{ Key: 'b', Value: '2' }] },
      { ResourceType: 'volume', Tags: [{ Key: 'c', Value: '3' }] },
    ];
    assert.deepEqual(tagSpecifications(request, { TagSpecifications }), [
      network,
      { ResourceType: 'instance', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }, ...ours] },
      { ResourceType: 'volume', Tags: [{ Key: 'c', Value: '3' }, ...ours] },
    ]);
  });

  test('of equal keys ours win: a launch config cannot disown its machines', () => {
    const TagSpecifications = [
      {
        ResourceType: 'instance',
        Tags: [
          { Key: 'CreatedBy', Value: 'me' },
          { Key: 'Name', Value: 'x' },
        ],
      },
    ];
    const [instance] = tagSpecifications(request, { TagSpecifications });
    assert.deepEqual(instance, { ResourceType: 'instance', Tags: ours });
  });
});

// spec: provisioning 6.2, 6.3
describe('the user data of a launch', () => {
  const contentOf = (configuration: typeof request.configuration): unknown => {
    const data = userData({ ...request, configuration }, 'https://tc.example.com');
    assert.equal(data.kind, 'fits');
    return JSON.parse(Buffer.from(data.kind === 'fits' ? data.base64 : '', 'base64').toString('utf8'));
  };
  const six = {
    rootUrl: 'https://tc.example.com',
    workerPoolId: 'proj/pool',
    providerId: 'aws-1',
    workerGroup: 'group',
    launchConfigId: 'lc-1',
    workerConfig: {},
  };

  test('is exactly the additional user data and the six keys, which win', () => {
    assert.deepEqual(contentOf({}), six);
    assert.deepEqual(contentOf({ workerConfig: { a: 1 }, additionalUserData: { b: 'ü' } }), {
      b: 'ü',
      ...six,
      workerConfig: { a: 1 },
    });
    assert.deepEqual(contentOf({ additionalUserData: { rootUrl: 'x', workerConfig: 5 } }), six);
  });

  test('may have 16384 bytes, counted as bytes, and not one more', () => {
    const bytes = (much: string) =>
      userData({ ...request, configuration: { additionalUserData: { much } } }, 'https://tc.example.com');
    const frame = Buffer.byteLength(JSON.stringify({ much: '', ...six }));
    assert.equal(bytes('x'.repeat(16_384 - frame)).kind, 'fits');
    assert.deepEqual(bytes('x'.repeat(16_385 - frame)), { kind: 'too-long', bytes: 16_385, limit: 16_384 });
    assert.equal(bytes('ü'.repeat((16_384 - frame) / 2 + 1)).kind, 'too-long');
  });
});
