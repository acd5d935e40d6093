import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { diskLabels, machineLabels, ownerMark } from './labels.ts';

const aProviderId = fc.stringMatching(/^[a-zA-Z0-9-_]{1,38}$/);

// spec: provisioning 7.3, P-23
describe('labels', () => {
  test('are valid whatever pool, owner, launch config and provider are called', () => {
    const anId = fc.string({ minLength: 1, maxLength: 120, unit: 'binary' });
    fc.assert(
      fc.property(anId, anId, anId, aProviderId, (workerPoolId, owner, launchConfigId, providerId) => {
        const order = { workerPoolId, launchConfigId, providerId };
        const labels = machineLabels(aLaunchRequest({ order, pool: { owner, description: '' } }), {});
        for (const [key, value] of Object.entries(labels)) {
          assert.match(key, /^[a-z][a-z0-9_-]{0,62}$/);
          assert.match(value, /^[a-z0-9_-]{0,63}$/);
        }
      }),
    );
  });

  test('ours win over the launch config’s, of which as many are kept as Google takes', () => {
    const request = aLaunchRequest({
      order: { providerId: 'google-1', orderId: '5f2d0c9e-0000-4000-8000-000000000001' },
    });
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`label-${index}`, 'x']));
    const labels = machineLabels(request, { owner: 'nobody', 'created-by': 'nobody', mine: 'kept', ...many });
    assert.deepEqual(Object.fromEntries(Object.entries(labels).filter(([key]) => !key.startsWith('label-'))), {
      mine: 'kept',
      'created-by': 'taskcluster-wm-google-1',
      'managed-by': 'taskcluster',
      'worker-pool-id': 'proj-pool',
      owner: 'owner-example-com',
      'launch-config-id': 'lc-1',
      'order-id': '5f2d0c9e-0000-4000-8000-000000000001',
    });
    assert.equal(Object.keys(labels).length, 64);
  });

  test('of disks are the disk’s, then the machine’s', () => {
    assert.deepEqual(diskLabels({ owner: 'o' }, { a: '1', b: '1', owner: 'x' }, { b: '2' }), {
      a: '1',
      b: '2',
      owner: 'o',
    });
  });

  test('of two providers are never the same: what is ours must not be another’s', () => {
    fc.assert(
      fc.property(aProviderId, aProviderId, (one, other) => {
        assert.equal(ownerMark(one) === ownerMark(other), one === other);
      }),
    );
    assert.equal(ownerMark('community-tc-workers-google'), 'taskcluster-wm-community-tc-workers-google');
    assert.notEqual(ownerMark('google_1'), ownerMark('google-1'));
    assert.notEqual(ownerMark('Google'), ownerMark('google'));
  });
});
