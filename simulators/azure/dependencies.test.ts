import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNic, aVm, group, nicParameters, plainAddress, refused, rigAzure, vmParameters } from './rig.ts';

const fast = { updateIntervalInMs: 1 };

test('a network interface needs a subnet and an address that are there and ready', async (t) => {
  const rig = await rigAzure(t);
  const { network, subnet, azure } = rig;
  const make = (subnetId: string, address?: string) =>
    network.networkInterfaces.createOrUpdate(group, 'nic', nicParameters(subnetId, address), fast);
  const address = `/subscriptions/${azure.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Network/publicIPAddresses/ip`;
  await assert.rejects(async () => make(subnet, address), refused('InvalidResourceReference', 400));
  await network.publicIPAddresses.createOrUpdate(group, 'ip', plainAddress).submitted();
  await assert.rejects(async () => make(subnet, address), refused('ReferencedResourceNotProvisioned', 429));
  await rig.clock.step(2000);
  azure.steering.setMissing(subnet);
  await assert.rejects(async () => make(subnet, address), refused('InvalidResourceReference', 400));
  azure.steering.setMissing(subnet, false);
  const nic = await rig.through(make(subnet, address));
  assert.equal(nic.provisioningState, 'Succeeded');
  assert.match(nic.ipConfigurations?.[0]?.privateIPAddress ?? '', /^10\./);
  const shown = await network.publicIPAddresses.get(group, 'ip');
  assert.match(shown.ipAddress ?? '', /^198\.18\./);
  assert.equal(shown.ipConfiguration?.id, `${nic.id}/ipConfigurations/ip`);
});

test('what is in use cannot be deleted: addresses by network interfaces, those and disks by machines', async (t) => {
  const rig = await rigAzure(t);
  const { compute, network, through } = rig;
  const nic = await aNic(rig, 'nic', true);
  const parameters = vmParameters(nic, {
    storageProfile: { osDisk: { name: 'os', createOption: 'FromImage', osType: 'Windows' } },
  });
  await through(compute.virtualMachines.createOrUpdate(group, 'vm', parameters, fast));
  await assert.rejects(
    async () => network.publicIPAddresses.delete(group, 'nic'),
    refused('PublicIPAddressCannotBeDeleted', 400),
  );
  await assert.rejects(async () => network.networkInterfaces.delete(group, 'nic'), refused('NicInUse', 400));
  await assert.rejects(async () => compute.disks.delete(group, 'os'), refused('OperationNotAllowed', 409));
  assert.equal((await network.networkInterfaces.get(group, 'nic')).virtualMachine?.id?.endsWith('/vm'), true);
  assert.equal((await compute.disks.get(group, 'os')).diskState, 'Attached');
  await through(compute.virtualMachines.delete(group, 'vm', fast));
  assert.equal((await compute.disks.get(group, 'os')).diskState, 'Unattached');
  await through(network.networkInterfaces.delete(group, 'nic', fast));
  await through(network.publicIPAddresses.delete(group, 'nic', fast));
  await through(compute.disks.delete(group, 'os', fast));
  assert.deepEqual(rig.azure.steering.resources(), []);
});

test('a machine needs a network interface of its own that is ready', async (t) => {
  const rig = await rigAzure(t);
  const { compute, network, subnet } = rig;
  await aVm(rig, 'first');
  const used = (await network.networkInterfaces.get(group, 'nic-first')).id ?? '';
  const make = (nic: string) => compute.virtualMachines.createOrUpdate(group, 'second', vmParameters(nic));
  await assert.rejects(async () => make(used), refused('NicInUse', 400));
  await assert.rejects(async () => make(`${used}-x`), refused('InvalidResourceReference', 400));
  await network.networkInterfaces.createOrUpdate(group, 'young', nicParameters(subnet)).submitted();
  const young = used.replace('nic-first', 'young');
  await assert.rejects(async () => make(young), refused('ReferencedResourceNotProvisioned', 429));
});

test('an address belongs to one network interface, and is free when that lets go of it', async (t) => {
  const rig = await rigAzure(t);
  const { network, subnet, through } = rig;
  const address = (await through(network.publicIPAddresses.createOrUpdate(group, 'ip', plainAddress, fast))).id;
  const put = (name: string, id?: string) =>
    network.networkInterfaces.createOrUpdate(group, name, nicParameters(subnet, id), fast);
  await through(put('a', address));
  await assert.rejects(async () => put('b', address), refused('PublicIPAddressInUse', 400));
  await through(put('a'));
  await through(put('b', address));
});

test('everything with the option goes with its machine, all else stays', async (t) => {
  const rig = await rigAzure(t);
  const { compute, network, through, subnet, azure } = rig;
  const address = await through(network.publicIPAddresses.createOrUpdate(group, 'ip', plainAddress, fast));
  const nic = await through(
    network.networkInterfaces.createOrUpdate(
      group,
      'nic',
      {
        location: 'eastus',
        ipConfigurations: [
          {
            name: 'ip',
            subnet: { id: subnet },
            publicIPAddress: { ...(address.id === undefined ? {} : { id: address.id }), deleteOption: 'Delete' },
          },
        ],
      },
      fast,
    ),
  );
  const parameters = vmParameters('', {
    networkProfile: { networkInterfaces: [{ id: nic.id ?? '', primary: true, deleteOption: 'Delete' }] },
    storageProfile: {
      osDisk: { name: 'os', createOption: 'FromImage', osType: 'Windows', deleteOption: 'Delete' },
      dataDisks: [
        { name: 'data-1', lun: 0, createOption: 'Empty', diskSizeGB: 8, deleteOption: 'Delete' },
        { name: 'data-2', lun: 1, createOption: 'Empty', diskSizeGB: 8 },
      ],
    },
  });
  const vm = await through(compute.virtualMachines.createOrUpdate(group, 'vm', parameters, fast));
  assert.equal(vm.networkProfile?.networkInterfaces?.[0]?.deleteOption, 'Delete');
  assert.equal(vm.storageProfile?.dataDisks?.[1]?.deleteOption, 'Detach');
  await through(compute.virtualMachines.delete(group, 'vm', fast));
  assert.deepEqual(
    azure.steering.resources().map(({ name }) => name),
    ['data-2'],
  );
});

test('a network interface stays reserved for a machine that failed, if the dial says so', async (t) => {
  const rig = await rigAzure(t, { dials: { nicReservedMs: 180_000 } });
  const { compute, network, through, azure, clock } = rig;
  const nic = await aNic(rig, 'nic');
  azure.faults.add({ kind: 'stock', location: 'eastus', available: 0 });
  const parameters = vmParameters(nic);
  await assert.rejects(
    through(compute.virtualMachines.createOrUpdate(group, 'vm', parameters, fast)),
    /AllocationFailed/,
  );
  await through(compute.virtualMachines.delete(group, 'vm', fast));
  await assert.rejects(
    async () => network.networkInterfaces.delete(group, 'nic'),
    refused('NicReservedForAnotherVm', 400),
  );
  await clock.step(180_000);
  await through(network.networkInterfaces.delete(group, 'nic', fast));
});

test('a disk that is there is attached by its id, and neither made again nor taken from another machine', async (t) => {
  const rig = await rigAzure(t);
  const { compute, through, azure } = rig;
  const empty = { location: 'eastus', creationData: { createOption: 'Empty' }, diskSizeGB: 8 };
  const disk = await through(compute.disks.createOrUpdate(group, 'data', empty, fast));
  const osDisk = { createOption: 'FromImage', osType: 'Windows' } as const;
  const withData = (dataDisk: object) => ({
    storageProfile: { osDisk, dataDisks: [{ lun: 0, createOption: 'Empty', ...dataDisk }] },
  });
  const attached = withData({ createOption: 'Attach', managedDisk: { id: disk.id } });
  await assert.rejects(aVm(rig, 'a', withData({ name: 'data' })), refused('ConflictingUserInput', 409));
  const ghost = withData({ createOption: 'Attach', managedDisk: { id: `${disk.id}-x` } });
  await assert.rejects(aVm(rig, 'a', ghost), refused('NotFound', 404));
  assert.equal(azure.steering.resources().filter(({ kind }) => kind === 'disks').length, 1);
  await aVm(rig, 'a', attached);
  assert.equal((await compute.disks.get(group, 'data')).managedBy?.endsWith('/a'), true);
  await assert.rejects(aVm(rig, 'b', attached), refused('ConflictingUserInput', 409));
});

test('an ephemeral disk is no resource', async (t) => {
  const rig = await rigAzure(t);
  const osDisk = {
    createOption: 'FromImage',
    osType: 'Windows',
    caching: 'ReadOnly',
    diffDiskSettings: { option: 'Local' },
  } as const;
  await aVm(rig, 'vm', { storageProfile: { osDisk } });
  assert.equal(
    rig.azure.steering.resources().some(({ kind }) => kind === 'disks'),
    false,
  );
});
