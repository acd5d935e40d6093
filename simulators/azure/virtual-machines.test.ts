import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNic, aVm, group, refused, rigAzure, vmParameters } from './rig.ts';

const fast = { updateIntervalInMs: 1 };

test('a virtual machine is made, shown and deleted through the SDK and its pollers', async (t) => {
  const rig = await rigAzure(t);
  const { compute, azure, through } = rig;
  const vm = await aVm(rig, 'vm-1', { tags: { owner: 'me' } });
  assert.equal(vm.provisioningState, 'Succeeded');
  assert.match(vm.vmId ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.deepEqual(vm.tags, { owner: 'me' });
  assert.equal(vm.osProfile?.adminPassword, undefined);
  assert.match(vm.storageProfile?.osDisk?.managedDisk?.id ?? '', /\/disks\/vm-1_OsDisk_0_[0-9a-f]{32}$/);
  const view = await compute.virtualMachines.instanceView(group, 'vm-1');
  assert.deepEqual(
    view.statuses?.map(({ code }) => code),
    ['ProvisioningState/succeeded', 'PowerState/running'],
  );
  await through(compute.virtualMachines.delete(group, 'vm-1', fast));
  await assert.rejects(compute.virtualMachines.get(group, 'vm-1'), refused('ResourceNotFound', 404));
  await through(compute.virtualMachines.delete(group, 'vm-1', fast));
  assert.deepEqual(azure.machines(), []);
});

test('a request is answered while the machine is being made, and its state goes on', async (t) => {
  const rig = await rigAzure(t);
  const { compute, clock } = rig;
  const nic = await aNic(rig, 'nic');
  const poller = compute.virtualMachines.createOrUpdate(group, 'vm', vmParameters(nic));
  await poller.submitted();
  const codes = async () => (await compute.virtualMachines.instanceView(group, 'vm')).statuses?.map(({ code }) => code);
  assert.deepEqual(await codes(), ['ProvisioningState/creating']);
  await clock.step(5000);
  assert.deepEqual(await codes(), ['ProvisioningState/creating', 'PowerState/starting']);
  await clock.step(25_000);
  assert.deepEqual(await codes(), ['ProvisioningState/creating', 'PowerState/running']);
  await clock.step(10_000);
  assert.deepEqual(await codes(), ['ProvisioningState/succeeded', 'PowerState/running']);
});
