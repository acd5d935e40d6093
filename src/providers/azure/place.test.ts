import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { sequentialConfiguration, subscriptionId, templateConfiguration } from '#test/azure/small-azure-world.ts';
import { placeOf } from './place.ts';
import { quotaFamily } from './quota-family.ts';

// spec: provisioning 8.2
describe('the place of a launch config', () => {
  test('by resources is its location, with a back-off scope for each kind of refusal', () => {
    const { location, group, scopes } = placeOf(sequentialConfiguration, 'rg-workers');
    const subnet = `/subscriptions/${subscriptionId}/resourcegroups/rg-net/providers/microsoft.network/virtualnetworks/vn/subnets/sn`;
    assert.deepEqual([location, group], ['eastus', 'rg-workers']);
    const { configuration, ...others } = scopes;
    assert.match(configuration, /^eastus\/config\/[0-9a-f]{16}$/);
    assert.deepEqual(others, {
      account: 'account',
      location: 'eastus',
      calls: 'eastus/calls',
      quota: 'eastus/quota/spot',
      regionalQuota: 'eastus/quota/cores',
      network: 'eastus/quota/network',
      addresses: `eastus/addresses/${subnet}`,
      capacity: 'eastus/Standard_F8s_v2/spot',
      group: 'group/rg-workers',
    });
    assert.equal(new Set(Object.values(scopes)).size, 10);
  });

  test('by a template is what its parameters say', () => {
    const { location, group, vmSize, priority } = placeOf(templateConfiguration, 'rg-workers');
    assert.deepEqual([location, group, vmSize, priority], ['eastus', 'rg-templates', 'Standard_F8s_v2', 'spot']);
  });

  test('regular machines count against the quota of their family', () => {
    const { priority: _spot, ...regular } = sequentialConfiguration;
    assert.equal(placeOf(regular, 'rg').scopes.quota, 'eastus/quota/standardFSv2Family');
  });

  test('what is for worker-manager and the worker alone makes no other configuration', () => {
    const scopeOf = (configuration: JsonObject): string => placeOf(configuration, 'rg').scopes.configuration;
    const same = { ...sequentialConfiguration, workerManager: { initialWeight: 0.5 }, workerConfig: { other: 1 } };
    assert.equal(scopeOf(same), scopeOf(sequentialConfiguration));
    assert.notEqual(scopeOf({ ...sequentialConfiguration, zones: ['1'] }), scopeOf(sequentialConfiguration));
  });
});

test('sizes of one family count against one quota, and others against others', () => {
  const families: Readonly<Record<string, string>> = {
    Standard_F8s_v2: 'standardFSv2Family',
    Standard_F72s_v2: 'standardFSv2Family',
    Standard_D4s_v3: 'standardDSv3Family',
    Standard_D8ads_v5: 'standardDADSv5Family',
    Standard_NV12s_v3: 'standardNVSv3Family',
    'Standard_M8-2ms': 'standardMMSFamily',
    Standard_NC4as_T4_v3: 'standardNCASv3Family',
    Standard_A1: 'standardAFamily',
    odd: 'odd',
  };
  for (const [size, family] of Object.entries(families)) assert.equal(quotaFamily(size), family, size);
});
