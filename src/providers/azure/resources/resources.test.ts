import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { customData } from '#providers/azure/custom-data.ts';
import { objectAt, objectsIn } from '#providers/azure/members.ts';
import { placeOf } from '#providers/azure/place.ts';
import { planOf } from '#providers/azure/launch.ts';
import { sequentialConfiguration, subscriptionId, templateConfiguration } from '#test/azure/small-azure-world.ts';
import { aSmallAzure } from '#test/azure/small-life.ts';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { deploymentBody } from './deployment.ts';
import { nic } from './nic.ts';
import { publicIp } from './public-ip.ts';
import type { MachinePlan } from './resource.ts';
import { vm } from './vm.ts';

const workerId = `vm-${'a'.repeat(35)}`;
const order = { orderId: 'order-1', providerId: 'azure-1', workerGroup: 'eastus' };

function aPlan(configuration: JsonObject): MachinePlan {
  const request = aLaunchRequest({ configuration, order });
  return planOf(aSmallAzure().process.parts, request, workerId, placeOf(configuration, 'rg-workers'));
}

const ourTags = {
  'created-by': 'taskcluster-wm-azure-1',
  'managed-by': 'taskcluster',
  'provider-id': 'azure-1',
  'worker-group': 'eastus',
  'worker-pool-id': 'proj/pool',
  'root-url': 'https://tc.example.com',
  owner: 'owner@example.com',
  'launch-config-id': 'lc-1',
  'order-id': 'order-1',
  'worker-id': workerId,
  'deployment-method': 'sequential',
};

// spec: provisioning 8.2, 8.3
describe('a machine by resources', () => {
  const configuration: JsonObject = {
    ...sequentialConfiguration,
    tags: { team: 'build', 'created-by': 'me', owner: 'me' },
    evictionPolicy: 'Delete',
    zones: ['1'],
    osProfile: { windowsConfiguration: { timeZone: 'UTC' }, adminPassword: 'known to all', computerName: 'x' },
    diagnosticsProfile: { bootDiagnostics: { enabled: false } },
    storageProfile: {
      imageReference: { id: '/images/1' },
      osDisk: { name: 'shared', createOption: 'FromImage', diffDiskSettings: { option: 'Local' } },
      dataDisks: [
        { name: 'shared', lun: 0 },
        { lun: 1, deleteOption: 'Detach' },
      ],
    },
    workerManager: { publicIp: true, ignoreFailedProvisioningStates: ['OSProvisioningTimedOut'] },
  };
  const plan = aPlan(configuration);
  const body = vm.bodyOf(plan);

  // spec: P-58
  test('keeps the launch config’s tags, and ours win', () => {
    const { 'launch-config-digest': digest, ...tags } = body['tags'] as Record<string, string>;
    assert.match(digest ?? '', /^[0-9a-f]{16}$/);
    assert.deepEqual(tags, {
      team: 'build',
      ...ourTags,
      'public-ip': 'true',
      'ignore-failed-provisioning-states': 'OSProvisioningTimedOut',
    });
    for (const handler of [publicIp, nic]) assert.deepEqual(handler.bodyOf(plan)['tags'], body['tags']);
  });

  test('is put into the form of the wire: what Azure calls properties there, and only what is Azure’s', () => {
    assert.deepEqual(Object.keys(body).toSorted(), ['location', 'properties', 'tags', 'zones']);
    assert.deepEqual(Object.keys(objectAt(body, 'properties')).toSorted(), [
      'billingProfile',
      'diagnosticsProfile',
      'evictionPolicy',
      'hardwareProfile',
      'networkProfile',
      'osProfile',
      'priority',
      'storageProfile',
    ]);
  });

  test('has names, an administrator and custom data of its own, and keeps what else the profiles say', () => {
    const profile = objectAt(body, 'properties', 'osProfile');
    assert.equal(profile['computerName'], 'a'.repeat(15));
    assert.equal(String(profile['adminPassword']).length, 72);
    assert.notEqual(objectAt(vm.bodyOf(plan), 'properties', 'osProfile')['adminPassword'], profile['adminPassword']);
    assert.deepEqual(profile['windowsConfiguration'], { timeZone: 'UTC' });
    assert.deepEqual(JSON.parse(Buffer.from(String(profile['customData']), 'base64').toString()), {
      workerPoolId: 'proj/pool',
      workerGroup: 'eastus',
      providerId: 'azure-1',
      rootUrl: 'https://tc.example.com',
      workerConfig: {},
    });
  });

  // spec: P-43
  test('has disks and an interface that go with it, unless the launch config says otherwise', () => {
    const { osDisk, dataDisks } = objectAt(body, 'properties', 'storageProfile');
    const suffix = 'a'.repeat(35);
    assert.deepEqual(osDisk, {
      deleteOption: 'Delete',
      name: `disk-${suffix}-os`,
      createOption: 'FromImage',
      diffDiskSettings: { option: 'Local' },
    });
    assert.deepEqual(dataDisks, [
      { deleteOption: 'Delete', name: `disk-${suffix}-1`, lun: 0 },
      { deleteOption: 'Detach', name: `disk-${suffix}-2`, lun: 1 },
    ]);
    const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-workers/providers/Microsoft.Network`;
    assert.deepEqual(objectsIn(objectAt(body, 'properties', 'networkProfile')['networkInterfaces']), [
      { id: `${group}/networkInterfaces/nic-${'a'.repeat(20)}`, properties: { primary: true, deleteOption: 'Delete' } },
    ]);
    const [addressed = {}] = objectsIn(objectAt(nic.bodyOf(plan), 'properties')['ipConfigurations']);
    assert.deepEqual(objectAt(addressed, 'properties', 'publicIPAddress'), {
      id: `${group}/publicIPAddresses/pip-${'a'.repeat(20)}`,
      properties: { deleteOption: 'Delete' },
    });
  });

  test('has no public address unless that is wanted', () => {
    const plain = aPlan(sequentialConfiguration);
    assert.equal(publicIp.isWanted(plain), false);
    const [configured = {}] = objectsIn(objectAt(nic.bodyOf(plain), 'properties')['ipConfigurations']);
    assert.equal(objectAt(configured, 'properties')['publicIPAddress'], undefined);
  });
});

// spec: provisioning 8.5
test('a deployment is the launch config’s own, with the parameters that every template must take', () => {
  const plan = aPlan(templateConfiguration);
  const body = deploymentBody(plan);
  const { parameters, ...others } = objectAt(body, 'properties') as Record<string, JsonObject>;
  assert.deepEqual(others, { mode: 'Incremental', template: { resources: [] } });
  assert.deepEqual(Object.keys(parameters ?? {}).toSorted(), [
    'adminPassword',
    'adminUsername',
    'computerName',
    'customData',
    'location',
    'priority',
    'tags',
    'vmName',
    'vmSize',
  ]);
  assert.deepEqual(parameters?.['vmName'], { value: workerId });
  assert.deepEqual(parameters?.['location'], { value: 'eastus' });
  assert.deepEqual(parameters?.['tags'], { value: body['tags'] });
  assert.equal(objectAt(body, 'tags')['deployment-method'], 'arm-template');
});

test('custom data says where the worker belongs', () => {
  const text = customData(aLaunchRequest({ order }).order, 'https://root');
  assert.equal(JSON.parse(Buffer.from(text, 'base64').toString()).rootUrl, 'https://root');
});
