import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { placementOf, recordedPlacement, scopesOf, zoneScopes } from './place.ts';

const configuration = {
  region: 'us-west1',
  zone: 'us-west1-b',
  machineType: 'projects/p/zones/us-west1-b/machineTypes/n2-standard-4',
  disks: [],
  scheduling: { provisioningModel: 'SPOT' },
  guestAccelerators: [{ acceleratorCount: 2, acceleratorType: 'zones/us-west1-b/acceleratorTypes/nvidia-tesla-t4' }],
  workerConfig: {},
  workerManager: { launchConfigId: 'lc-1' },
};

// spec: provisioning 7.9, P-08
describe('where a launch config’s machines will be', () => {
  test('a scope is as narrow as what is refused', () => {
    const { configuration: ofConfiguration, ...others } = scopesOf(placementOf(configuration));
    assert.match(ofConfiguration, /^us-west1-b\/config\/[0-9a-f]{16}$/);
    assert.deepEqual(others, {
      account: 'account',
      calls: 'calls/query',
      zone: 'us-west1-b',
      capacity: 'us-west1-b/n2-standard-4+nvidia-tesla-t4x2/spot',
      addresses: 'us-west1/addresses',
      cpuQuota: 'us-west1/quota/cpus/n2/spot',
      gpuQuota: 'us-west1/quota/gpus/nvidia-tesla-t4x2/spot',
      diskQuota: 'us-west1/quota/disks',
      addressQuota: 'us-west1/quota/addresses',
      regionQuota: 'us-west1/quota',
      projectQuota: 'quota',
    });
  });

  test('what a launch records leads to the same scopes', () => {
    const placement = placementOf(configuration);
    const { zone, ...recorded } = placement;
    assert.deepEqual(recordedPlacement(recorded, zone), placement);
  });

  test('a machine that was found is of no known launch config: then only machines like it are refused', () => {
    const placement = { ...placementOf(configuration), configuration: null };
    assert.equal(scopesOf(placement).configuration, scopesOf(placement).capacity);
  });

  test('the same settings under another launch config id are the same settings', () => {
    const other = { ...configuration, workerManager: { launchConfigId: 'lc-2', initialWeight: 0.5 } };
    assert.deepEqual(placementOf(other), placementOf(configuration));
    assert.notDeepEqual(placementOf({ ...configuration, disks: [{}] }), placementOf(configuration));
  });

  test('preemptible machines are spot machines; N1, E2 and custom types share a quota', () => {
    const ofType = (machineType: string, scheduling = {}): string =>
      scopesOf(placementOf({ ...configuration, machineType, scheduling })).cpuQuota;
    assert.equal(ofType('n1-standard-1', { preemptible: true }), 'us-west1/quota/cpus/shared/spot');
    assert.equal(ofType('e2-medium'), 'us-west1/quota/cpus/shared/standard');
    assert.equal(ofType('custom-4-8192'), 'us-west1/quota/cpus/shared/standard');
    assert.equal(ofType('c4d-standard-8-lssd'), 'us-west1/quota/cpus/c4d/standard');
  });

  test('a launch config that lacks everything has a place, too', () => {
    assert.equal(placementOf({}).zone, '');
    assert.ok(Object.values(scopesOf(placementOf({}))).every((scope) => typeof scope === 'string'));
    assert.equal(zoneScopes('europe-west4-a', 'list').diskQuota, 'europe-west4/quota/disks');
  });
});
