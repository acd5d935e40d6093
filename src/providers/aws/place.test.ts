import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { placeOf } from './place.ts';
import { quotaFamily } from './quota-family.ts';

const configuration: JsonObject = {
  region: 'us-west-2',
  launchConfig: {
    ImageId: 'ami-1',
    InstanceType: 'm5d.4xlarge',
    SubnetId: 'subnet-1',
    Placement: { AvailabilityZone: 'us-west-2a' },
    InstanceMarketOptions: { MarketType: 'spot' },
  },
  workerManager: { launchConfigId: 'lc-1', initialWeight: 0.5 },
};

const withLaunchConfig = (changes: JsonObject): JsonObject => ({
  ...configuration,
  launchConfig: { ...(configuration['launchConfig'] as JsonObject), ...changes },
});

// spec: provisioning 6.2
describe('the place of a launch config', () => {
  test('is its region, with a back-off scope for each kind of refusal', () => {
    const { region, scopes } = placeOf(configuration);
    assert.equal(region, 'us-west-2');
    const { configuration: own, ...others } = scopes;
    assert.match(own, /^us-west-2\/config\/[0-9a-f]{16}$/);
    assert.deepEqual(others, {
      account: 'account',
      region: 'us-west-2',
      calls: 'us-west-2/calls/run',
      quota: 'us-west-2/quota/spot/standard',
      addresses: 'us-west-2/addresses/subnet-1',
      capacity: 'us-west-2a/m5d.4xlarge/spot',
    });
    assert.equal(new Set(Object.values(scopes)).size, 7);
  });

  test('without a zone, its subnet stands for one', () => {
    assert.equal(placeOf(withLaunchConfig({ Placement: null })).scopes.capacity, 'us-west-2/subnet-1/m5d.4xlarge/spot');
    const interfaces = { Placement: null, SubnetId: null, NetworkInterfaces: [{ SubnetId: 'subnet-2' }] };
    assert.equal(placeOf(withLaunchConfig(interfaces)).scopes.capacity, 'us-west-2/subnet-2/m5d.4xlarge/spot');
    assert.equal(placeOf(withLaunchConfig(interfaces)).scopes.addresses, 'us-west-2/addresses/subnet-2');
  });

  test('what is not said is what EC2 takes: on demand, m1.small, any zone', () => {
    const { scopes } = placeOf({ region: 'us-west-2', launchConfig: { ImageId: 'ami-1' } });
    assert.equal(scopes.capacity, 'us-west-2/any/m1.small/on-demand');
    assert.equal(scopes.quota, 'us-west-2/quota/on-demand/standard');
  });

  test('the scope of the settings themselves changes with them, and not with what is for the service only', () => {
    const scope = placeOf(configuration).scopes.configuration;
    assert.equal(placeOf({ ...configuration, workerManager: { initialWeight: 1 } }).scopes.configuration, scope);
    assert.notEqual(placeOf(withLaunchConfig({ ImageId: 'ami-2' })).scopes.configuration, scope);
    assert.notEqual(placeOf({ ...configuration, additionalUserData: { a: 1 } }).scopes.configuration, scope);
  });

  test('of nonsense is no crash', () => {
    assert.equal(placeOf({}).region, '');
    assert.equal(placeOf({ region: 5, launchConfig: [] }).region, '');
  });
});

test('quota families are those of EC2’s quotas', () => {
  const families = {
    't2.micro': 'standard',
    'm5d.metal': 'standard',
    'c6gn.16xlarge': 'standard',
    'im4gn.large': 'standard',
    'z1d.large': 'standard',
    'g4dn.xlarge': 'g-vt',
    'gr6.4xlarge': 'g-vt',
    'vt1.3xlarge': 'g-vt',
    'p3.2xlarge': 'p',
    'inf2.xlarge': 'inf',
    'trn1.2xlarge': 'trn',
    'x1e.xlarge': 'x',
    'f1.2xlarge': 'f',
    'u-6tb1.metal': 'high-memory',
    'u7i-12tb.224xlarge': 'high-memory',
    'mac1.metal': 'mac',
    'hpc7g.4xlarge': 'hpc',
    '': 'other',
  };
  for (const [instanceType, family] of Object.entries(families)) {
    assert.equal(quotaFamily(instanceType), family, instanceType);
  }
});
