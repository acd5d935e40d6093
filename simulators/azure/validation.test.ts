import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import type { VirtualMachine } from '@azure/arm-compute';
import { aNic, group, refused, rigAzure, vmParameters } from './rig.ts';

async function rig(t: TestContext) {
  const whole = await rigAzure(t, { dials: { isThrottling: false } });
  const nic = await aNic(whole, 'nic');
  const path = (name: string): string => `/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name}`;
  const body = (properties: object, more: object = {}) => ({
    location: 'eastus',
    properties: {
      hardwareProfile: { vmSize: 'Standard_D4s_v5' },
      storageProfile: { osDisk: { createOption: 'FromImage', osType: 'Linux' } },
      osProfile: { computerName: 'host', adminUsername: 'someone', adminPassword: 'Pa55word' },
      networkProfile: { networkInterfaces: [{ id: nic }] },
      ...properties,
    },
    ...more,
  });
  const put = async (properties: object, more: object = {}, name = 'vm') => {
    const { status, json } = await whole.rest('PUT', path(name), body(properties, more));
    return [status, json['error']?.['code'], json['error']?.['target'], json['error']?.['message']];
  };
  return { ...whole, nic, put, path, body };
}

const windows = { createOption: 'FromImage', osType: 'Windows' };
const user = { computerName: 'host', adminUsername: 'someone', adminPassword: 'Pa55word' };

test('what stands where it does not belong is refused by its name', async (t) => {
  const { put, nic } = await rig(t);
  for (const [properties, more, problem] of [
    [{}, { vmSize: 'x' }, [400, 'InvalidRequestContent', undefined, /'vmSize' on object of type 'ResourceDefinition'/]],
    [{ subnetId: 'x' }, {}, [400, 'BadRequest', 'properties.subnetId', /'subnetId' on object of type 'Properties'/]],
    [
      { networkProfile: { networkInterfaces: [{ id: nic, primary: true }] } },
      {},
      [400, 'BadRequest', 'properties.networkProfile.networkInterfaces[0].primary', /'NetworkInterfaces'/],
    ],
    [
      { storageProfile: { osDisk: { ...windows, sizeGB: 5 } } },
      {},
      [400, 'BadRequest', 'properties.storageProfile.osDisk.sizeGB', /Could not find member/],
    ],
    [
      { storageProfile: { osDisk: windows, dataDisks: {} } },
      {},
      [400, 'BadRequest', 'properties.storageProfile.dataDisks', /an array/],
    ],
    [{}, { location: undefined }, [400, 'LocationRequired', undefined, /location/]],
    [{}, { location: 'mars' }, [400, 'LocationNotAvailableForResourceType', undefined, /'mars'/]],
    [{}, { tags: { a: 1 } }, [400, 'InvalidTagsFormat', undefined, /strings/]],
    [{}, { tags: { 'a/b': 'x' } }, [400, 'InvalidTagNameCharacters', undefined, /'a\/b'/]],
    [{}, { tags: { ['n'.repeat(513)]: 'x' } }, [400, 'InvalidTagName', undefined, /512/]],
    [{}, { tags: { a: 'v'.repeat(257) } }, [400, 'InvalidTagValue', undefined, /256/]],
    [
      {},
      { tags: Object.fromEntries(Array.from({ length: 51 }, (_unused, index) => [`t${index}`, ''])) },
      [400, 'InvalidTagsCount', undefined, /50/],
    ],
  ] as const) {
    const [status, code, target, message] = await put(properties, more);
    assert.deepEqual([status, code, target], problem.slice(0, 3));
    assert.match(String(message), problem[3]);
  }
});

test('parts that are missing are named, and so are values that do not fit', async (t) => {
  const { put } = await rig(t);
  for (const [properties, code, target] of [
    [{ hardwareProfile: {} }, 'InvalidParameter', 'hardwareProfile.vmSize'],
    [{ hardwareProfile: { vmSize: 'm5.large' } }, 'InvalidParameter', 'vmSize'],
    [{ networkProfile: {} }, 'InvalidParameter', 'networkProfile'],
    [{ storageProfile: {} }, 'InvalidParameter', 'osDisk'],
    [{ storageProfile: { osDisk: {} } }, 'InvalidParameter', 'osDisk.createOption'],
    [{ storageProfile: { osDisk: { createOption: 'Magic' } } }, 'InvalidParameter', 'osDisk.createOption'],
    [{ storageProfile: { osDisk: { ...windows, deleteOption: 'Keep' } } }, 'InvalidParameter', 'osDisk.deleteOption'],
    [{ osProfile: undefined }, 'InvalidParameter', 'osProfile'],
  ] as const) {
    assert.deepEqual((await put(properties)).slice(0, 3), [400, code, target], JSON.stringify(properties));
  }
  for (const [properties, code] of [
    [{ evictionPolicy: 'Delete' }, 'EvictionPolicyCanBeSetOnlyOnAzureSpotVirtualMachines'],
    [{ billingProfile: { maxPrice: 1 } }, 'MaxPriceIsSupportedOnlyForAzureSpotVirtualMachines'],
    [{ priority: 'Spot', billingProfile: { maxPrice: -2 } }, 'MaxPriceValueInvalid'],
  ] as const) {
    assert.deepEqual((await put(properties)).slice(0, 2), [409, code]);
  }
});

test('names, accounts, passwords and data follow the rules of their operating system', async (t) => {
  const { put } = await rig(t);
  const profile = (more: object, osDisk: object = windows) => ({
    osProfile: { ...user, ...more },
    storageProfile: { osDisk },
  });
  const linux = { createOption: 'FromImage', osType: 'Linux' };
  for (const [properties, target] of [
    [profile({ computerName: 'sixteen-letters-' }), 'computerName'],
    [profile({ computerName: '123456' }), 'computerName'],
    [profile({ computerName: 'a.b' }), 'computerName'],
    [profile({ computerName: 'a'.repeat(65) }, linux), 'computerName'],
    [profile({ adminUsername: 'Administrator' }), 'adminUsername'],
    [profile({ adminUsername: 'a'.repeat(21) }), 'adminUsername'],
    [profile({ adminUsername: undefined }), 'osProfile.adminUsername'],
    [profile({ adminPassword: 'Short1!' }), 'adminPassword'],
    [profile({ adminPassword: 'onlylowercase' }), 'adminPassword'],
    [profile({ adminPassword: 'P@ssw0rd' }), 'adminPassword'],
    [profile({ adminPassword: `Aa1${'x'.repeat(70)}` }, linux), 'adminPassword'],
    [profile({ adminPassword: undefined }), 'osProfile.adminPassword'],
    [profile({ customData: 'not base64!' }), 'customData'],
    [profile({ customData: 'A'.repeat(87_384) }), 'customData'],
  ] as const) {
    assert.deepEqual(
      (await put(properties)).slice(0, 3),
      [400, 'InvalidParameter', target],
      JSON.stringify(properties).slice(0, 200),
    );
  }
  for (const name of ['-vm', 'vm.', 'v m', 'v'.repeat(65)]) {
    assert.deepEqual(
      (await put({}, {}, encodeURIComponent(name))).slice(0, 3),
      [400, 'InvalidParameter', 'vmName'],
      name,
    );
  }
  const key = { linuxConfiguration: { disablePasswordAuthentication: true }, adminPassword: undefined };
  assert.deepEqual((await put(profile({ computerName: 'a'.repeat(64), ...key }, linux))).slice(0, 2), [201, undefined]);
});

test('the same request again changes nothing, and what is fixed cannot be changed', async (t) => {
  const { compute, nic, through, azure } = await rig(t);
  const fast = { updateIntervalInMs: 1 };
  const put = (more: Partial<VirtualMachine> = {}) =>
    compute.virtualMachines.createOrUpdate(group, 'vm', vmParameters(nic, more), fast);
  const first = await through(put({ tags: { a: 'b' } }));
  const again = await through(put({ tags: { a: 'b' } }));
  assert.equal(again.vmId, first.vmId);
  assert.equal(azure.counts.launched, 1);
  assert.equal(azure.counts.replayed, 1);
  const profile = { computerName: 'worker', adminUsername: 'someone' };
  assert.equal((await through(put({ osProfile: profile, tags: { a: 'c' } }))).tags?.['a'], 'c');
  for (const more of [
    { osProfile: { ...profile, adminPassword: 'An0ther password' } },
    { osProfile: { ...profile, adminUsername: 'anybody' } },
    { osProfile: { ...profile, customData: 'AAAA' } },
    { priority: 'Spot' },
  ]) {
    await assert.rejects(async () => put(more), refused('PropertyChangeNotAllowed', 409));
  }
  await assert.rejects(async () => put({ location: 'westus' }), refused('InvalidResourceLocation', 409));
  await compute.virtualMachines.delete(group, 'vm').submitted();
  await assert.rejects(async () => put(), refused('OperationNotAllowed', 409));
});

test('names of network resources follow their rule, and addresses have the kind that is left', async (t) => {
  const { rest } = await rig(t);
  const put = async (name: string, body: object) => {
    const path = `/resourceGroups/${group}/providers/Microsoft.Network/publicIPAddresses/${name}`;
    return (await rest('PUT', path, { location: 'eastus', ...body })).json['error']?.['code'];
  };
  assert.equal(await put('-x', {}), 'InvalidResourceName');
  assert.equal(await put('x', { properties: {} }), 'IPv4BasicSkuPublicIpCountLimitReached');
  assert.equal(await put('x', { sku: { name: 'Standard' } }), 'StandardSkuPublicIPAddressesMustBeStatic');
  const path = `/resourceGroups/${group}/providers/Microsoft.Network/networkInterfaces/n`;
  const nic = async (properties: object) =>
    (await rest('PUT', path, { location: 'eastus', properties })).json['error']?.['code'];
  assert.equal(await nic({}), 'NetworkInterfaceMustHaveOneIpConfiguration');
  assert.equal(await nic({ ipConfigurations: [{ name: 'x', properties: {} }] }), 'InvalidRequestFormat');
});

const file = new URL(
  '../../../shared/data/pools/history/fxci-config-2025-09-01/gecko-t__win11-64-24h2-gpu.json',
  import.meta.url,
);
const pool = await readFile(file, 'utf8').catch(() => undefined);
const skip = pool === undefined ? 'the real pools are not beside the project' : false;

test('the launch configs of a real pool that lists its resources can be launched', { skip }, async (t) => {
  const { compute, azure, through, ...whole } = await rig(t);
  for (const [index, launchConfig] of JSON.parse(pool ?? '').config.launchConfigs.entries()) {
    const { workerConfig: _worker, workerManager: _manager, subnetId: _subnet, osProfile, ...vm } = launchConfig;
    const id = await aNic({ ...whole, compute, azure, through }, `nic-${index}`, true);
    const account = { computerName: `c${index}`, adminUsername: 'someone', adminPassword: 'Pa55 word with more' };
    const made = await through(
      compute.virtualMachines.createOrUpdate(
        group,
        `vm-${index}`,
        { ...vm, osProfile: { ...osProfile, ...account }, networkProfile: { networkInterfaces: [{ id }] } },
        { updateIntervalInMs: 1 },
      ),
    );
    assert.deepEqual([made.provisioningState, made.location], ['Succeeded', launchConfig.location]);
  }
});
