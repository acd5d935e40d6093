import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNic, aVm, group, plainAddress, refused, rigAzure } from './rig.ts';

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) {
    items.push(item);
  }
  return items;
}

test('virtual machines are listed in pages, each with a link to the next, in their group and in all', async (t) => {
  const rig = await rigAzure(t, { groups: { 'rg-workers': 'eastus', 'rg-empty': 'eastus' }, dials: { vmPageSize: 2 } });
  const { compute, rest, azure } = rig;
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await aVm(rig, name);
  }
  const names = async (pages: AsyncIterable<{ name?: string }>) => (await all(pages)).map(({ name }) => name);
  assert.deepEqual(await names(compute.virtualMachines.list(group)), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(await names(compute.virtualMachines.listAll()), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(await names(compute.virtualMachines.list('rg-empty')), []);
  await assert.rejects(names(compute.virtualMachines.list('rg-ghost')), refused('ResourceGroupNotFound', 404));
  const first = await rest('GET', '/providers/Microsoft.Compute/virtualMachines');
  azure.steering.vanish('b');
  azure.steering.vanish('c');
  const second = await rest('GET', String(first.json['nextLink']));
  const { '0': d, '1': e } = second.json['value'] ?? {};
  assert.deepEqual([d?.['name'], e?.['name']], ['d', 'e']);
  assert.equal(second.json['nextLink'], undefined);
  const wrong = await rest('GET', '/providers/Microsoft.Compute/virtualMachines?$skiptoken=x');
  assert.equal(wrong.json['error']?.['code'], 'InvalidSkipToken');
});

test('lists shout the names of groups, unless they are told not to', async (t) => {
  const rig = await rigAzure(t);
  const { id = '' } = await aVm(rig, 'vm', { tags: { a: 'b' } });
  const listed = async () => (await all(rig.compute.virtualMachines.listAll())).map((vm) => [vm.id, vm.tags]);
  assert.deepEqual(await listed(), [[id.replace(group, group.toUpperCase()), { a: 'b' }]]);
  rig.azure.faults.turn({ shoutsGroups: false });
  assert.deepEqual(await listed(), [[id, { a: 'b' }]]);
});

test('lists with statusOnly show the state of each machine, and neither tags nor profiles', async (t) => {
  const rig = await rigAzure(t);
  await aVm(rig, 'vm', { tags: { a: 'b' } });
  const [shown] = await all(rig.compute.virtualMachines.listAll({ statusOnly: 'true' }));
  const { vmId, tags, hardwareProfile, networkProfile, instanceView } = shown ?? {};
  assert.deepEqual([tags, hardwareProfile, networkProfile], [undefined, undefined, undefined]);
  assert.equal(vmId, rig.azure.machines()[0]?.vmId);
  assert.deepEqual(
    instanceView?.statuses?.map(({ code }) => code),
    ['ProvisioningState/succeeded', 'PowerState/running'],
  );
});

test('lists show instance views only with a filter, of the one kind that there is', async (t) => {
  const rig = await rigAzure(t);
  const { compute } = rig;
  const scaleSet = `/subscriptions/x/resourceGroups/y/providers/Microsoft.Compute/virtualMachineScaleSets/z`;
  await aVm(rig, 'in', { virtualMachineScaleSet: { id: scaleSet } });
  await aVm(rig, 'out');
  await assert.rejects(all(compute.virtualMachines.listAll({ expand: 'instanceView' })), refused('BadRequest', 400));
  const filter = `'virtualMachineScaleSet/id' eq '${scaleSet}'`;
  const listed = await all(compute.virtualMachines.listAll({ expand: 'instanceView', filter }));
  assert.deepEqual(
    listed.map(({ name, instanceView }) => [name, instanceView?.statuses?.length]),
    [['in', 2]],
  );
  await assert.rejects(all(compute.virtualMachines.list(group, { filter: "name eq 'x'" })), refused('BadRequest', 400));
});

test('network interfaces, addresses and disks are listed too', async (t) => {
  const rig = await rigAzure(t, { dials: { pageSize: 1 } });
  const { network, compute, through, rest } = rig;
  await aNic(rig, 'x', true);
  await through(network.publicIPAddresses.createOrUpdate(group, 'y', plainAddress, { updateIntervalInMs: 1 }));
  for (const name of ['p', 'q']) {
    const disk = { location: 'eastus', creationData: { createOption: 'Empty' }, diskSizeGB: 8 };
    await through(compute.disks.createOrUpdate(group, name, disk, { updateIntervalInMs: 1 }));
  }
  const names = async (pages: AsyncIterable<{ name?: string }>) => (await all(pages)).map(({ name }) => name);
  assert.deepEqual(await names(network.networkInterfaces.listAll()), ['x']);
  assert.deepEqual(await names(network.publicIPAddresses.list(group)), ['x', 'y']);
  assert.deepEqual(await names(compute.disks.list()), ['p', 'q']);
  assert.deepEqual(
    await names(rig.resources.resources.listByResourceGroup(group)),
    ['x', 'x', 'p', 'q'].toSpliced(2, 0, 'y'),
  );
  const subnet = await rest('GET', `/resourceGroups/${group}/providers/Microsoft.Network/virtualNetworks/v/subnets/s`);
  assert.equal(subnet.json['name'], 's');
  assert.equal(
    (await rest('GET', `/resourceGroups/${group}/providers/Microsoft.Network/virtualNetworks/v`)).status,
    200,
  );
  rig.azure.steering.setMissing(String(subnet.json['id']));
  const gone = await rest('GET', `/resourceGroups/${group}/providers/Microsoft.Network/virtualNetworks/v/subnets/s`);
  assert.equal(gone.status, 404);
});

test('machines are listed by location, and all resources by type, name and tag', async (t) => {
  const rig = await rigAzure(t);
  await aVm(rig, 'a', { tags: { owner: 'me' } });
  const machines = await all(rig.compute.virtualMachines.listByLocation('East US'));
  assert.deepEqual([machines.length, (await all(rig.compute.virtualMachines.listByLocation('westus'))).length], [1, 0]);
  const found = async (filter: string) =>
    (await all(rig.resources.resources.list({ filter }))).map(({ name, type, tags }) => [
      name,
      type?.split('/')[1],
      tags,
    ]);
  assert.deepEqual(await found("resourceType eq 'microsoft.network/networkInterfaces'"), [
    ['nic-a', 'networkInterfaces', {}],
  ]);
  assert.deepEqual(await found("resourceType eq 'Microsoft.Compute/virtualMachines' and name eq 'A'"), [
    ['a', 'virtualMachines', { owner: 'me' }],
  ]);
  const tagged = await found("tagName eq 'owner' and tagValue eq 'me'");
  assert.deepEqual(
    tagged.map(([, type, tags]) => [type, tags]),
    [
      ['virtualMachines', undefined],
      ['disks', undefined],
    ],
  );
  assert.deepEqual(await found("tagName eq 'owner' and tagValue eq 'you'"), []);
  await assert.rejects(found("colour eq 'red'"), refused('InvalidFilterInQueryString', 400));
});

test('what was just made may be unknown to others for a while', async (t) => {
  const rig = await rigAzure(t, { dials: { viewHiddenMs: [60_000, 60_000] } });
  const { compute, clock, azure } = rig;
  await aVm(rig, 'vm');
  assert.equal((await compute.virtualMachines.get(group, 'vm')).name, 'vm');
  await assert.rejects(compute.virtualMachines.instanceView(group, 'vm'), refused('ResourceNotFound', 404));
  await clock.step(60_000);
  await compute.virtualMachines.instanceView(group, 'vm');
  azure.faults.turn({ hiddenMs: [5000, 5000] });
  await rig.network.publicIPAddresses
    .createOrUpdate(group, 'ip', plainAddress)
    .submitted()
    .catch(() => undefined);
  await assert.rejects(rig.network.publicIPAddresses.get(group, 'ip'), refused('ResourceNotFound', 404));
  await clock.step(5000);
  assert.equal((await rig.network.publicIPAddresses.get(group, 'ip')).name, 'ip');
});
