import { member } from '#simulators/worker/json.ts';
import { alreadyAtWork } from './answers.ts';
import type { Cloud } from './cloud.ts';
import type { FaultyCall } from './faults.ts';
import { addressOf, configurationsOf, releaseAddresses } from './ip-configurations.ts';
import type { Operation } from './operation.ts';
import { keyOf } from './resource-id.ts';
import type { Json, Nic, Vm } from './state.ts';

/**
 * Begins to delete a virtual machine. A creation that is under way is canceled.
 *
 * @throws Refusal while it is being deleted, if the dial says so; else the same operation goes on.
 */
export function beginDelete(vm: Vm, by: FaultyCall, cloud: Cloud): Operation {
  if (vm.provisioningState === 'Deleting' && vm.operation !== null) {
    if (cloud.dials.refusesSecondDelete) {
      throw alreadyAtWork(vm.operation, cloud.subscriptionId);
    }
    return vm.operation;
  }
  const preempted = vm.operation;
  vm.provisioningState = 'Deleting';
  if (vm.power === 'running' || vm.power === 'starting') {
    vm.power = 'stopping';
    vm.powerSinceMs = cloud.nowMs;
  }
  vm.operation = cloud.begin({
    ...by,
    service: 'compute',
    location: vm.location,
    resource: keyOf(vm.id),
    durationMs: cloud.draw(cloud.dials.vmDeleteMs),
    succeed: () => removeVm(vm, cloud),
    fail: (error) => {
      vm.provisioningState = 'Failed';
      vm.failure = error;
      vm.operation = null;
    },
  });
  if (preempted !== null) {
    const message = 'The operation has been preempted by a more recent operation.';
    cloud.end(preempted, { code: 'OperationPreempted', message }, 'Canceled');
  }
  return vm.operation;
}

/**
 * Takes a virtual machine away, with everything whose `deleteOption` says so: disks, network interfaces, and their public
 * addresses (https://learn.microsoft.com/azure/virtual-machines/delete). All else is detached.
 */
export function removeVm(vm: Vm, cloud: Cloud): void {
  const { virtualMachines, networkInterfaces, disks } = cloud.subscription;
  virtualMachines.delete(keyOf(vm.id));
  for (const { key, isDeletedWithVm } of vm.disks) {
    const disk = disks.get(key);
    if (disk !== undefined) {
      disk.usedBy = null;
    }
    if (isDeletedWithVm) {
      disks.delete(key);
    }
  }
  for (const { key, isDeletedWithVm } of vm.nics) {
    const nic = networkInterfaces.get(key);
    if (nic !== undefined) {
      nic.usedBy = null;
      reserve(nic, vm, cloud);
    }
    if (nic !== undefined && isDeletedWithVm) {
      removeNic(nic, key, cloud);
    }
  }
}

/** Keeps a network interface for the virtual machine that was to have it, if the dial says so. */
export function reserve(nic: Nic, vm: Vm, cloud: Cloud): void {
  const { nicReservedMs } = cloud.dials;
  if (nicReservedMs > 0 && vm.failure !== null) {
    nic.reservation = { vmId: vm.id, untilMs: cloud.nowMs + nicReservedMs };
  }
}

/** Takes a network interface away, with those of its public addresses whose `deleteOption` says so. */
export function removeNic(nic: Nic, key: string, cloud: Cloud): void {
  const { networkInterfaces, publicIPAddresses } = cloud.subscription;
  releaseAddresses(nic.properties, cloud);
  for (const configuration of configurationsOf(nic.properties)) {
    const address = addressOf(configuration, cloud);
    if (address !== undefined && goesWithNic(configuration, address.properties)) {
      publicIPAddresses.delete(keyOf(address.id));
    }
  }
  networkInterfaces.delete(key);
}

/** The option stands at the reference, or at the address itself. */
function goesWithNic(configuration: Json, address: Json): boolean {
  const reference = member(member(configuration['properties'], 'publicIPAddress'), 'properties');
  return (member(reference, 'deleteOption') ?? address['deleteOption']) === 'Delete';
}
