import { happens } from '#simulators/range.ts';
import { isRecord, member } from '#simulators/worker/json.ts';
import type { Made, Order } from './call.ts';
import { allocate, refuseAtOnce } from './capacity.ts';
import type { Cloud } from './cloud.ts';
import { groupNamed, refuseMove } from './envelope.ts';
import { idFor, newResource } from './make.ts';
import type { Operation } from './operation.ts';
import { Refusal, type ErrorBody } from './refusal.ts';
import { keyOf } from './resource-id.ts';
import type { Json, Vm } from './state.ts';
import { reserve } from './vm-delete.ts';
import { takeDisks } from './vm-disks.ts';
import { readVm, type VmDraft } from './vm-draft.ts';
import { boot, drawFate, exists, setPower } from './vm-life.ts';

/**
 * Makes a virtual machine, or changes its tags and other things that may change. The same order again changes nothing;
 * after a failure it tries again.
 *
 * @throws Refusal for what Azure finds out at once.
 */
export function makeVm(order: Order): Made<Vm> {
  const { cloud } = order;
  const { virtualMachines } = cloud.subscription;
  groupNamed(order.group, cloud, 'make');
  const { key, id } = idFor(order, 'virtualMachines');
  const known = virtualMachines.get(key);
  const draft = readVm(order, id, known === undefined);
  if (known !== undefined) {
    refuseMove(known, draft.envelope.location);
    refuseWhileDeleting(known);
    refuseChange(known, draft);
    if (known.provisioningState !== 'Failed') {
      return { resource: known, operation: update(known, draft, order), isNew: false };
    }
  }
  refuseAtOnce(draft.wish, id, cloud);
  const vm = known ?? bear(order, id, draft);
  if (known !== undefined) {
    takeOver(known, draft);
  }
  attach(vm, key, draft, cloud);
  virtualMachines.set(key, vm);
  if (known === undefined) {
    cloud.logbook.count('launched', 1);
  }
  return { resource: vm, operation: beginCreate(vm, key, draft, order), isNew: known === undefined };
}

function refuseWhileDeleting(vm: Vm): void {
  if (vm.provisioningState === 'Deleting') {
    throw new Refusal(
      'OperationNotAllowed',
      `Operation 'createOrUpdate' is not allowed on VM '${vm.name}' since the VM is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete).`,
      409,
    );
  }
}

/** What cannot change, as Azure names it, and where it stands. */
const fixed: readonly (readonly [name: string, path: readonly string[]])[] = [
  ['computerName', ['osProfile', 'computerName']],
  ['adminUsername', ['osProfile', 'adminUsername']],
  ['adminPassword', ['osProfile', 'adminPassword']],
  ['customData', ['osProfile', 'customData']],
  ['imageReference', ['storageProfile', 'imageReference']],
  ['osDisk.name', ['storageProfile', 'osDisk', 'name']],
  ['osDisk.createOption', ['storageProfile', 'osDisk', 'createOption']],
  ['osDisk.diffDiskSettings', ['storageProfile', 'osDisk', 'diffDiskSettings']],
  ['priority', ['priority']],
];

/** @throws Refusal `PropertyChangeNotAllowed`. What a request leaves out is not changed. */
function refuseChange(vm: Vm, { envelope }: VmDraft): void {
  for (const [name, path] of fixed) {
    const wanted = path.reduce<unknown>(member, envelope.properties);
    const is = path.reduce<unknown>(member, vm.properties);
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(is)) {
      throw new Refusal('PropertyChangeNotAllowed', `Changing property '${name}' is not allowed.`, 409, {
        target: path.join('.'),
      });
    }
  }
}

function bear(order: Order, id: string, { envelope, isWindows, computerName }: VmDraft): Vm {
  const { cloud } = order;
  return {
    kind: 'virtualMachines',
    ...newResource(order, id, envelope, 'Creating'),
    vmId: cloud.uuid(),
    isWindows,
    computerName,
    power: null,
    powerSinceMs: cloud.nowMs,
    bootedMs: null,
    isHibernated: false,
    viewFromMs: cloud.nowMs + cloud.draw(cloud.dials.viewHiddenMs),
    failure: null,
    fate: drawFate(cloud),
    nics: [],
    disks: [],
    eviction: null,
  };
}

/** Gives it its network interfaces, and makes the disks that it asks for. @throws Refusal for disks of others. */
function attach(vm: Vm, key: string, { nics, disks }: VmDraft, cloud: Cloud): void {
  vm.disks = takeDisks(vm, key, disks, cloud);
  vm.nics = nics;
  for (const { key: nicKey } of nics) {
    const nic = cloud.subscription.networkInterfaces.get(nicKey);
    if (nic !== undefined) {
      nic.usedBy = key;
      nic.reservation = null;
    }
  }
}

function beginCreate(vm: Vm, key: string, { wish }: VmDraft, { action, group, cloud }: Order): Operation {
  const { dials } = cloud;
  const bootMs = cloud.draw(dials.bootMs);
  const allocateMs = Math.min(cloud.draw(dials.allocateMs), bootMs);
  const fail = (error: ErrorBody): void => {
    vm.provisioningState = 'Failed';
    vm.failure = error;
    vm.operation = null;
    for (const nic of vm.nics.map(({ key: nicKey }) => cloud.subscription.networkInterfaces.get(nicKey))) {
      if (nic !== undefined) {
        reserve(nic, vm, cloud);
      }
    }
  };
  vm.provisioningState = 'Creating';
  vm.failure = null;
  setPower(vm, null, cloud);
  const isLate = happens(dials.osProvisioningTimedOut, cloud.random);
  const operation = cloud.begin({
    action,
    group,
    service: 'compute',
    location: vm.location,
    resource: key,
    durationMs: cloud.draw(dials.vmCreateMs),
    succeed: () => {
      vm.provisioningState = 'Succeeded';
      vm.operation = null;
    },
    fail,
  });
  vm.operation = operation;
  cloud.after(allocateMs, () => {
    if (!exists(vm, cloud) || vm.operation !== operation) {
      return;
    }
    const error = allocate(wish, cloud);
    if (error === null) {
      boot(vm, bootMs - allocateMs, cloud);
    } else {
      fail(error);
      cloud.end(operation, error);
    }
  });
  if (isLate) {
    cloud.after(bootMs, () => {
      if (exists(vm, cloud) && vm.operation === operation) {
        fail(osTimedOut(vm));
        cloud.end(operation, osTimedOut(vm));
      }
    });
  }
  return operation;
}

function osTimedOut({ name }: Vm): ErrorBody {
  return {
    code: 'OSProvisioningTimedOut',
    message: `OS Provisioning for VM '${name}' did not finish in the allotted time. The VM may still finish provisioning successfully. Please check provisioning state later.`,
  };
}

/** Takes over what may change; null, or what is under way, where nothing does. */
function update(vm: Vm, draft: VmDraft, { action, group, cloud }: Order): Operation | null {
  const { envelope } = draft;
  const merged = mergeProperties(vm.properties, envelope.properties);
  const before = JSON.stringify([vm.properties, vm.tags, vm.top]);
  if (before === JSON.stringify([merged, envelope.tags, envelope.top]) || vm.operation !== null) {
    return vm.operation;
  }
  takeOver(vm, draft);
  vm.provisioningState = 'Updating';
  const settle = (state: string): void => {
    vm.provisioningState = state;
    vm.operation = null;
  };
  vm.operation = cloud.begin({
    action,
    group,
    service: 'compute',
    location: vm.location,
    resource: keyOf(vm.id),
    durationMs: cloud.draw(cloud.dials.startMs),
    succeed: () => settle('Succeeded'),
    fail: () => settle('Failed'),
  });
  return vm.operation;
}

function takeOver(vm: Vm, { envelope }: VmDraft): void {
  vm.properties = mergeProperties(vm.properties, envelope.properties);
  vm.tags = envelope.tags;
  vm.top = envelope.top;
}

/** What a request leaves out of the operating system's profile stays: answers do not show its secrets. */
function mergeProperties(is: Json, wanted: Json): Json {
  const { osProfile } = wanted;
  return {
    ...wanted,
    ...(isRecord(osProfile) && isRecord(is['osProfile']) ? { osProfile: { ...is['osProfile'], ...osProfile } } : {}),
  };
}
