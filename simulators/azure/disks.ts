import { deletedAnswer, inGroup, listAnswer, madeAnswer, resourceIn } from './answers.ts';
import { orderOf, type Handler, type Made, type Order } from './call.ts';
import type { Cloud } from './cloud.ts';
import { groupNamed, readEnvelope } from './envelope.ts';
import { deleteSimple, idFor, makeSimple, newResource } from './make.ts';
import type { Operation } from './operation.ts';
import { invalidParameter, missingParameter, Refusal } from './refusal.ts';
import { typeOf, type Disk, type Json } from './state.ts';

const kind = 'disks';

/** Makes a managed disk by itself, or changes it. @throws Refusal */
export function makeDisk(order: Order): Made<Disk> {
  const { cloud } = order;
  checkDiskName(order.name);
  const envelope = readEnvelope(order.body, typeOf[kind], cloud);
  if (envelope.properties['creationData'] === undefined) {
    throw missingParameter('disk.creationData');
  }
  return makeSimple(order, envelope, cloud.subscription.disks, {
    kind,
    durationMs: cloud.draw(cloud.dials.diskMs),
    bear: (id) => ({ kind, usedBy: null, ...newResource(order, id, envelope, 'Updating') }),
  });
}

/** Refuses names that managed disks cannot have. */
export function checkDiskName(name: string): void {
  if (!/^[^_\W][\w.-]{0,79}$/.test(name) || /[-.]$/.test(name)) {
    throw invalidParameter(
      'disk.name',
      `The entity name '${name}' is invalid according to its validation rule: ^[^_\\W][\\w-._]{0,79}(?<![-.])$.`,
    );
  }
}

/** Deletes a disk; null where there is none. @throws Refusal as long as it is attached. */
function deleteDisk(order: Order): Operation | null {
  const { cloud } = order;
  const { disks, virtualMachines } = cloud.subscription;
  const { key } = idFor(order, kind);
  const disk = disks.get(key);
  if (disk?.usedBy != null) {
    const vm = virtualMachines.get(disk.usedBy);
    throw new Refusal('OperationNotAllowed', `Disk ${disk.name} is attached to VM ${vm?.id ?? disk.usedBy}.`, 409);
  }
  return deleteSimple(order, key, disks, cloud.draw(cloud.dials.diskDeleteMs));
}

/** As GET shows it. */
export function diskJson(disk: Disk, cloud: Cloud): Json {
  const { id, name, location, tags, properties, top, provisioningState, usedBy, createdMs } = disk;
  const vm = usedBy === null ? undefined : cloud.subscription.virtualMachines.get(usedBy);
  return {
    name,
    id,
    type: typeOf[kind],
    location,
    tags,
    ...top,
    ...(vm === undefined ? {} : { managedBy: vm.id }),
    properties: {
      diskSizeGB: 127,
      ...properties,
      provisioningState,
      timeCreated: new Date(createdMs).toISOString(),
      diskState: vm === undefined ? 'Unattached' : vm.power === 'deallocated' ? 'Reserved' : 'Attached',
    },
  };
}

export const diskHandlers = {
  put: (call) => madeAnswer(call, makeDisk(orderOf(call)), (disk) => diskJson(disk, call.cloud)),
  get: (call) => ({ status: 200, body: diskJson(resourceIn(call, call.cloud.subscription.disks, kind), call.cloud) }),
  list: (call) => {
    const { cloud } = call;
    const all = inGroup(call, cloud.subscription.disks);
    return listAnswer(call, all, cloud.dials.pageSize, (disk) => diskJson(disk, cloud));
  },
  delete: (call) => {
    groupNamed(call.group, call.cloud, 'look');
    return deletedAnswer(call, deleteDisk(orderOf(call)));
  },
} satisfies Record<string, Handler>;
