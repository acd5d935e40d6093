import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import type { DeploymentOperation, DeploymentProperties, ErrorResponse } from '@azure/arm-resourcesdeployments';
import { template, workerParameters, workerTemplate } from './deployment-fixture.ts';
import { aVm, group, refused, rigAzure, type RigOptions } from './rig.ts';
import type { Json } from './state.ts';

const fast = { updateIntervalInMs: 1 };

async function rig(t: TestContext, options?: RigOptions) {
  const whole = await rigAzure(t, options);
  const { deployments: client, through, subnet } = whole;
  const deploy = (name: string, properties: DeploymentProperties) =>
    client.deployments.createOrUpdate(group, name, { properties }, fast);
  const worker = (name: string, more: Json = {}) =>
    deploy(name, {
      mode: 'Incremental',
      template: workerTemplate,
      parameters: workerParameters(`vm-${name}`, subnet, more),
    });
  const operations = async (name: string): Promise<DeploymentOperation[]> => {
    const all: DeploymentOperation[] = [];
    for await (const operation of client.deploymentOperations.list(group, name)) {
      all.push(operation);
    }
    return all;
  };
  const settled = (name: string, properties: DeploymentProperties) => through(deploy(name, properties));
  return { ...whole, client, deploy, settled, worker, operations };
}

test('a template makes its resources in the order of their dependencies, and says what it made', async (t) => {
  const { worker, through, azure, operations, client } = await rig(t);
  const done = await through(worker('d', { publicIp: true, tags: { owner: 'me' } }));
  assert.equal(done.properties?.provisioningState, 'Succeeded');
  assert.deepEqual(done.properties?.outputs, {
    vmId: {
      type: 'String',
      value: `/subscriptions/${azure.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/vm-d`,
    },
    state: { type: 'String', value: 'Succeeded' },
  });
  assert.deepEqual(
    (await operations('d')).map(({ properties }) => [
      properties?.provisioningOperation,
      properties?.provisioningState,
      properties?.statusCode,
      properties?.targetResource?.resourceType,
    ]),
    [
      ['Create', 'Succeeded', 'OK', 'Microsoft.Network/publicIPAddresses'],
      ['Create', 'Succeeded', 'OK', 'Microsoft.Network/networkInterfaces'],
      ['Create', 'Succeeded', 'OK', 'Microsoft.Compute/virtualMachines'],
      ['EvaluateDeploymentOutput', 'Succeeded', 'OK', undefined],
    ],
  );
  const [vm] = azure.machines();
  assert.deepEqual([vm?.name, vm?.power, vm?.tags], ['vm-d', 'running', { owner: 'me' }]);
  const shown = await client.deployments.get(group, 'd');
  assert.deepEqual(shown.properties?.parameters?.['vmName'], { type: 'String', value: 'vm-d' });
  assert.deepEqual(shown.properties?.parameters?.['adminPassword'], { type: 'SecureString' });
  await through(client.deployments.delete(group, 'd', fast));
  await assert.rejects(client.deployments.get(group, 'd'), refused('DeploymentNotFound', 404));
  assert.equal(azure.machines().length, 1);
});

test('what depends on a resource whose condition is false does not wait for it', async (t) => {
  const { worker, through, azure } = await rig(t);
  await through(worker('d', { priority: 'Spot' }));
  assert.deepEqual(
    azure.steering.resources().map(({ kind }) => kind),
    ['virtualMachines', 'networkInterfaces', 'disks', 'deployments'],
  );
  assert.equal(azure.machines()[0]?.isSpot, true);
});

test('a deployment that fails later says why, down to the innermost error', async (t) => {
  const { worker, through, azure, operations, client } = await rig(t);
  azure.faults.add({ kind: 'stock', location: 'eastus', available: 0 });
  await assert.rejects(through(worker('d')), /DeploymentFailed/);
  const { properties } = await client.deployments.get(group, 'd');
  assert.equal(properties?.provisioningState, 'Failed');
  const codesIn = (error?: ErrorResponse): (string | undefined)[] =>
    error === undefined ? [] : [error.code, ...codesIn(error.details?.[0])];
  assert.deepEqual(codesIn(properties?.error), ['DeploymentFailed', 'ResourceDeploymentFailure', 'AllocationFailed']);
  const failing = (await operations('d')).at(-1)?.properties;
  assert.deepEqual([failing?.provisioningState, failing?.statusCode], ['Failed', 'Conflict']);
  assert.deepEqual(codesIn(failing?.statusMessage?.error), ['ResourceDeploymentFailure', 'AllocationFailed']);
});

test('a resource that is refused ends the deployment, and what depends on it is not made', async (t) => {
  const { worker, through, azure, operations, subnet } = await rig(t);
  azure.steering.setMissing(subnet);
  await assert.rejects(through(worker('d', { publicIp: true })), /DeploymentFailed/);
  assert.deepEqual(
    (await operations('d')).map(({ properties }) => [properties?.provisioningState, properties?.statusCode]),
    [
      ['Succeeded', 'OK'],
      ['Failed', 'BadRequest'],
    ],
  );
  assert.equal(azure.machines().length, 0);
});

test('quotas and sizes are refused before anything is made', async (t) => {
  const { worker, azure, rest, subnet } = await rig(t);
  azure.faults.add({ kind: 'quota', family: 'standardFSv2Family', vcpus: 4, code: 'QuotaExceeded' });
  await assert.rejects(async () => worker('d'), refused('InvalidTemplateDeployment', 400));
  const parameters = workerParameters('vm', subnet);
  const { json } = await rest('PUT', `/resourcegroups/${group}/providers/Microsoft.Resources/deployments/d`, {
    properties: { mode: 'Incremental', template: workerTemplate, parameters },
  });
  assert.match(JSON.stringify(json['error']?.['details']), /^\[\{"code":"QuotaExceeded".*Additional Required: 8/);
  assert.deepEqual(azure.steering.resources(), []);
});

test('templates that are not valid are refused, each with its reason', async (t) => {
  const { deploy, rest } = await rig(t);
  const parameters = { text: { type: 'string' } };
  const nic = (more: Json) => ({ type: 'Microsoft.Network/networkInterfaces', apiVersion: '1', name: 'nic', ...more });
  for (const [properties, problem] of [
    [{ template: {} }, /contentVersion/],
    [{ template: template([], { parameters }) }, /'text' at line .* is not provided/],
    [{ template: template([]), parameters: { other: { value: 1 } } }, /not present in the original template/],
    [
      { template: template([], { parameters }), parameters: { text: { value: 1 } } },
      /Expected a value of type 'string'/,
    ],
    [{ template: template([nic({ dependsOn: ['ghost'] })]) }, /'ghost' is not defined in the template/],
    [{ template: template([nic({ dependsOn: ['nic'] })]) }, /Circular dependency/],
    [{ template: template([nic({ name: "[variables('x')]" })]) }, /variable 'x' is not found/],
    [{ template: template([nic({ name: "[nonsense('x')]" })]) }, /function 'nonsense' is not valid/],
    [{ template: template([nic({ name: 'a/b' })]) }, /incorrect segment lengths/],
    [{ template: template([nic({ copy: { name: 'x', count: 'two' } })]) }, /copy count of loop 'x'/],
    [{ template: template([nic({ resources: [] })]) }, /not supported/],
    [{ templateLink: { uri: 'https://example.com' } }, /ids of template specs only/],
    [{}, /'template' or a 'templateLink'/],
  ] as const) {
    await assert.rejects(
      async () => deploy('d', { mode: 'Incremental', ...properties }),
      (error: Error) => {
        assert.match(error.message, problem);
        return refused('InvalidTemplate', 400)(error);
      },
    );
  }
  const path = `/resourcegroups/${group}/providers/Microsoft.Resources/deployments/d`;
  assert.equal(
    (await rest('PUT', path, { properties: { mode: 'Wrong' } })).json['error']?.['code'],
    'InvalidRequestContent',
  );
  assert.equal((await rest('PUT', path, {})).json['error']?.['code'], 'InvalidRequestContent');
});

test('a template spec is found by its id once it is registered, and key vaults give secrets', async (t) => {
  const { settled, deploy, azure, client, subnet } = await rig(t);
  const id =
    '/subscriptions/other/resourceGroups/specs/providers/Microsoft.Resources/templateSpecs/worker/versions/1.0';
  const vault = { keyVault: { id: '/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/z' } };
  const parameters = {
    ...workerParameters('vm-1', subnet),
    adminPassword: { reference: { ...vault, secretName: 'admin-Password' } },
  };
  const properties = { mode: 'Incremental' as const, templateLink: { id }, parameters };
  await assert.rejects(async () => deploy('d', properties), refused('TemplateSpecVersionNotFound', 404));
  azure.steering.addTemplateSpec(id.toUpperCase(), workerTemplate);
  await settled('d', properties);
  assert.equal((await client.deployments.get(group, 'd')).properties?.templateLink?.id, id);
  assert.equal(azure.machines().length, 1);
});

test('resources are made in loops and under symbolic names, and those that are only referred to are not made', async (t) => {
  const { settled, azure, operations } = await rig(t);
  const disk = {
    type: 'Microsoft.Compute/disks',
    apiVersion: '2024-03-02',
    name: "[format('disk-{0}', copyIndex(1))]",
    location: '[resourceGroup().location]',
    copy: { name: 'loop', count: 2 },
    properties: { creationData: { createOption: 'Empty' }, diskSizeGB: 8 },
  };
  const address = {
    type: 'Microsoft.Network/publicIPAddresses',
    apiVersion: '2023-11-01',
    name: 'ip',
    location: '[resourceGroup().location]',
    dependsOn: ['loop', 'there'],
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  };
  const there = { ...address, name: 'there', dependsOn: [], existing: true };
  const properties = { mode: 'Incremental' as const, template: template({ disks: disk, address, there }) };
  await settled('d', properties);
  assert.deepEqual(
    azure.steering.resources().map(({ name }) => name),
    ['ip', 'disk-1', 'disk-2', 'd'],
  );
  assert.deepEqual(
    (await operations('d')).map((operation) => operation.properties?.targetResource?.resourceName),
    ['disk-1', 'disk-2', 'ip'],
  );
});

test('an active deployment can be neither replaced nor deleted, but canceled', async (t) => {
  const { worker, client, clock, azure, through } = await rig(t);
  await worker('d').submitted();
  await clock.step(1500);
  await assert.rejects(async () => worker('d'), refused('DeploymentActive', 409));
  await assert.rejects(async () => client.deployments.delete(group, 'd'), refused('DeploymentActive', 409));
  assert.equal((await client.deployments.get(group, 'd')).properties?.provisioningState, 'Running');
  await client.deployments.cancel(group, 'd');
  assert.equal((await client.deployments.get(group, 'd')).properties?.provisioningState, 'Canceled');
  await assert.rejects(client.deployments.cancel(group, 'd'), refused('DeploymentCannotBeCancelled', 409));
  await clock.step(60_000);
  assert.deepEqual(
    azure.steering.resources().map(({ kind, provisioningState }) => [kind, provisioningState]),
    [
      ['networkInterfaces', 'Succeeded'],
      ['deployments', 'Canceled'],
    ],
  );
  await through(worker('d'));
  assert.equal(azure.machines().length, 1);
});

test('operations of deployments fail, are canceled and stick, as faults say', async (t) => {
  const { worker, client, azure, clock } = await rig(t);
  const states: (string | undefined)[] = [];
  for (const outcome of ['fail', 'cancel', 'stick'] as const) {
    azure.faults.add({ kind: 'operation', outcome, action: 'deployments.put', times: 1 });
    await worker(outcome).submitted();
    await clock.step(120_000);
    states.push((await client.deployments.get(group, outcome)).properties?.provisioningState);
  }
  assert.deepEqual(states, ['Failed', 'Canceled', 'Accepted']);
  await client.deployments.cancel(group, 'stick');
  assert.equal((await client.deployments.get(group, 'stick')).properties?.provisioningState, 'Canceled');
  assert.deepEqual(azure.machines(), []);
});

test('a resource that needs another one too early is asked for again by the deployment', async (t) => {
  const { settled, operations, azure, subnet } = await rig(t);
  const impatient = structuredClone(workerTemplate);
  for (const resource of impatient['resources'] as Json[]) {
    if (resource['type'] === 'Microsoft.Network/networkInterfaces') {
      resource['dependsOn'] = [];
    }
  }
  const parameters = workerParameters('vm', subnet, { publicIp: true });
  await settled('d', { mode: 'Incremental', template: impatient, parameters });
  const states = (await operations('d')).map(({ properties }) => [properties?.provisioningState, properties?.duration]);
  assert.deepEqual(states.slice(0, 2), [
    ['Succeeded', 'PT2S'],
    ['Succeeded', 'PT11S'],
  ]);
  assert.equal(azure.machines().length, 1);
});

test('a resource group holds as many deployments as its quota says', async (t) => {
  const { settled, deploy, client, through } = await rig(t, { dials: { deploymentQuota: 2 } });
  const properties = { mode: 'Incremental' as const, template: template([]) };
  await settled('a', properties);
  await settled('b', properties);
  await assert.rejects(async () => deploy('c', properties), refused('DeploymentQuotaExceeded', 409));
  await settled('b', properties);
  await through(client.deployments.delete(group, 'a', fast));
  await settled('c', properties);
  const names: (string | undefined)[] = [];
  for await (const { name } of client.deployments.listByResourceGroup(group)) {
    names.push(name);
  }
  assert.deepEqual(names, ['b', 'c']);
});

test('a complete deployment takes away what is not in its template', async (t) => {
  const whole = await rig(t);
  const { settled, azure, subnet } = whole;
  await aVm(whole, 'old');
  await settled('d', { mode: 'Complete', template: workerTemplate, parameters: workerParameters('new', subnet) });
  assert.deepEqual(
    azure.machines().map(({ name }) => name),
    ['new'],
  );
  assert.equal(
    azure.steering.resources().some(({ name }) => name.includes('old')),
    false,
  );
});

test('whether a deployment exists is answered without a body, and its state can be asked of its operation', async (t) => {
  const { rest, worker, clock, subnet } = await rig(t);
  const path = `/resourcegroups/${group}/providers/Microsoft.Resources/deployments/d`;
  assert.equal((await rest('HEAD', path)).status, 404);
  const body = {
    properties: { mode: 'Incremental', template: workerTemplate, parameters: workerParameters('vm', subnet) },
  };
  assert.equal((await rest('POST', `${path}/validate`, body)).status, 200);
  const begun = await rest('PUT', path, body);
  assert.equal(begun.status, 201);
  assert.equal(begun.json['properties']?.['provisioningState'], 'Accepted');
  const url = begun.headers.get('azure-asyncoperation') ?? '';
  assert.equal((await rest('GET', url)).json['status'], 'InProgress');
  await clock.step(60_000);
  assert.equal((await rest('GET', url)).json['status'], 'Succeeded');
  assert.equal((await rest('HEAD', path)).status, 204);
  const id = (await rest('GET', `${path}/operations`)).json['value']?.['0']?.['operationId'];
  const one = await rest('GET', `${path}/operations/${String(id)}`);
  assert.equal(one.json['operationId'], id);
  await worker('other').submitted();
});

for (const file of ['community-tc-config/proj-git-cinnabar__windows', 'fxci-config/gecko-t__win11-64-25h2']) {
  const found = new URL(`../../../shared/data/pools/${file}.json`, import.meta.url);
  const pool = await readFile(found, 'utf8').catch(() => undefined);
  const skip = pool === undefined ? 'the real pools are not beside the project' : false;
  test(`the launch configs of the real pool ${file} can be deployed`, { skip }, async (t) => {
    const { azure, through, client } = await rig(t, { dials: { deploymentMs: [0, 0] } });
    for (const [index, { armDeployment }] of JSON.parse(pool ?? '').config.launchConfigs.entries()) {
      azure.steering.addTemplateSpec(armDeployment.templateLink.id, workerTemplate);
      const parameters = { ...workerParameters(`vm-${index}`, ''), ...armDeployment.parameters };
      const properties = { ...armDeployment, parameters };
      const { properties: done } = await through(
        client.deployments.createOrUpdate(group, `deploy-${index}`, { properties }, fast),
      );
      assert.equal(done?.provisioningState, 'Succeeded');
      assert.equal(azure.machines()[index]?.location, armDeployment.parameters.location.value);
    }
  });
}
