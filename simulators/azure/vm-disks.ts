import type { Order } from './call.ts';
import type { Cloud } from './cloud.ts';
import { checkDiskName } from './disks.ts';
import { idFor, newResource } from './make.ts';
import { Refusal } from './refusal.ts';
import { keyOf } from './resource-id.ts';
import type { Disk, Vm } from './state.ts';
import type { DiskWish } from './vm-draft.ts';

type VmDisk = Vm['disks'][number];

/**
 * The disks that a virtual machine asks for: attached where they are there, else made at once and attached.
 *
 * @throws Refusal `ConflictingUserInput` for a disk of another machine, and for one that is to be made and is there.
 */
export function takeDisks(vm: Vm, key: string, wishes: readonly DiskWish[], cloud: Cloud): VmDisk[] {
  const disks = wishes.map((wish, index) => ({ wish, disk: diskOf(vm, wish, index, cloud) }));
  // All are checked before one is made.
  for (const { wish, disk } of disks) {
    checkDisk(wish, disk, vm, key, cloud);
  }
  for (const { wish, disk } of disks) {
    // An ephemeral disk is a part of the host: there is no such resource.
    if (!disk.isEphemeral) {
      attach(wish, disk, vm, key, cloud);
    }
  }
  return disks.map(({ disk }) => disk);
}

function diskOf(vm: Vm, wish: DiskWish, index: number, cloud: Cloud): VmDisk {
  const { isOs, isEphemeral, isDeletedWithVm, attachedId } = wish;
  const made = `${vm.name}_${isOs ? 'OsDisk' : 'DataDisk'}_${index}_${cloud.digits(32)}`;
  const name = attachedId?.split('/').at(-1) ?? wish.name ?? vm.disks[index]?.name ?? made;
  const id = attachedId ?? idFor(orderFor(name, vm, cloud), 'disks').id;
  return { key: keyOf(id), id, name, isOs, isEphemeral, isDeletedWithVm };
}

function checkDisk({ attachedId }: DiskWish, { name, key: diskKey }: VmDisk, vm: Vm, key: string, cloud: Cloud): void {
  checkDiskName(name);
  const known = cloud.subscription.disks.get(diskKey);
  if (attachedId !== undefined && known === undefined) {
    throw new Refusal('NotFound', `Disk ${attachedId} is not found.`, 404);
  }
  if (known === undefined || known.usedBy === key) {
    return;
  }
  if (attachedId === undefined) {
    throw new Refusal(
      'ConflictingUserInput',
      `Disk ${name} already exists in resource group ${vm.group.toUpperCase()}. Only CreateOption.Attach is supported.`,
      409,
    );
  }
  if (known.usedBy !== null) {
    const owner = cloud.subscription.virtualMachines.get(known.usedBy);
    throw new Refusal(
      'ConflictingUserInput',
      `Cannot attach the disk ${name} to VM ${vm.id} because it is already attached to VM ${owner?.id ?? known.usedBy}. A disk can be attached to only one VM at a time.`,
      409,
      { target: attachedId },
    );
  }
}

function attach({ settings }: DiskWish, { name, key: diskKey, id }: VmDisk, vm: Vm, key: string, cloud: Cloud): void {
  const { disks } = cloud.subscription;
  const known = disks.get(diskKey);
  if (known !== undefined) {
    known.usedBy = key;
    return;
  }
  const { location, tags } = vm;
  const envelope = { location, tags, properties: settings, top: { sku: { name: 'Premium_LRS', tier: 'Premium' } } };
  const disk: Disk = {
    kind: 'disks',
    usedBy: key,
    ...newResource(orderFor(name, vm, cloud), id, envelope, 'Succeeded'),
  };
  disks.set(diskKey, disk);
}

function orderFor(name: string, { group }: Vm, cloud: Cloud): Order {
  return { cloud, action: 'disks.put', group, name, body: undefined };
}
