import { deletedAnswer, inGroup, listAnswer, madeAnswer, resourceIn } from './answers.ts';
import { keyIn, nameIn, orderOf, type Answer, type Call, type Handler } from './call.ts';
import { isSpotVm } from './capacity.ts';
import { groupNamed } from './envelope.ts';
import { normalLocation } from './locations.ts';
import { operationHeaders } from './operation-links.ts';
import { Refusal, resourceNotFound } from './refusal.ts';
import { keyOf } from './resource-id.ts';
import { typeOf, type Vm } from './state.ts';
import { makeVm } from './vm-create.ts';
import { beginDelete } from './vm-delete.ts';
import { instanceViewJson, vmJson, vmStatusJson } from './vm-json.ts';
import { boot, deallocate, evict, powerOff } from './vm-life.ts';

function vmIn(call: Call): Vm {
  return resourceIn(call, call.cloud.subscription.virtualMachines, 'virtualMachines');
}

/** Those of a group, or of the subscription. */
function list(call: Call): Answer {
  const { cloud, query } = call;
  const { shoutsGroups, vmPageSize } = cloud.dials;
  const isStatusOnly = query.get('statusOnly') === 'true' && call.group === '';
  const filter = query.get('$filter');
  const isWithView = query.get('$expand')?.toLowerCase() === 'instanceview';
  // "this can only be specified if a valid $filter option is specified" (Virtual Machines - List All)
  if (isWithView && filter === null) {
    throw new Refusal('BadRequest', 'The $expand option can only be specified with a valid $filter option.', 400, {
      target: '$expand',
    });
  }
  const scaleSet = filter === null ? undefined : scaleSetIn(filter);
  const all = matching(inGroup(call, cloud.subscription.virtualMachines), scaleSet);
  return listAnswer(call, all, vmPageSize, (vm) =>
    isStatusOnly ? vmStatusJson(vm, shoutsGroups) : vmJson(vm, { isWithView, shoutsGroups }),
  );
}

/** The scale set in the one filter there is. */
function scaleSetIn(filter: string): string {
  const [, id] = /^\s*'?virtualMachineScaleSet\/id'?\s+eq\s+'?([^']+?)'?\s*$/i.exec(filter) ?? [];
  if (id === undefined) {
    throw new Refusal('BadRequest', `The filter '${filter}' is not valid.`, 400, { target: '$filter' });
  }
  return keyOf(id);
}

function* matching(all: Iterable<Vm>, scaleSet: string | undefined): Iterable<Vm> {
  for (const vm of all) {
    const set = vm.properties['virtualMachineScaleSet'];
    const id = typeof set === 'object' && set !== null && 'id' in set ? keyOf(String(set.id)) : '';
    if (scaleSet === undefined || id === scaleSet) {
      yield vm;
    }
  }
}

/** Something that an action does, as an operation of that length. */
function act(durationOf: (call: Call) => number, deed: (vm: Vm, durationMs: number, call: Call) => void): Handler {
  return (call) => {
    const vm = vmIn(call);
    if (vm.provisioningState === 'Deleting') {
      throw new Refusal(
        'OperationNotAllowed',
        `Operation '${call.action.replace('virtualMachines.', '')}' is not allowed on VM '${vm.name}' since the VM is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete).`,
        409,
      );
    }
    const { cloud, action, group } = call;
    const durationMs = durationOf(call);
    deed(vm, durationMs, call);
    const operation = cloud.begin({
      action,
      group,
      service: 'compute',
      location: vm.location,
      resource: keyOf(vm.id),
      durationMs,
      succeed: () => undefined,
      fail: () => undefined,
    });
    return { status: 202, headers: operationHeaders(operation, call, true) };
  };
}

export const vmHandlers = {
  put: (call) => madeAnswer(call, makeVm(orderOf(call)), (vm) => vmJson(vm)),
  get: (call) => {
    const isWithView = call.query.get('$expand')?.toLowerCase() === 'instanceview';
    return { status: 200, body: vmJson(vmIn(call), { isWithView }) };
  },
  instanceView: (call) => {
    const vm = vmIn(call);
    if (call.nowMs < vm.viewFromMs) {
      throw resourceNotFound(typeOf.virtualMachines, vm.name, call.group);
    }
    return { status: 200, body: instanceViewJson(vm) };
  },
  list,
  listByLocation: (call) => {
    const { subscription, dials } = call.cloud;
    const location = normalLocation(nameIn(call));
    const all = subscription.virtualMachines.values().filter((vm) => vm.location === location);
    return listAnswer(call, all, dials.vmPageSize, (vm) => vmJson(vm, { shoutsGroups: dials.shoutsGroups }));
  },
  delete: (call) => {
    const { cloud, action, group } = call;
    groupNamed(group, cloud, 'look');
    const vm = cloud.subscription.virtualMachines.get(keyIn(call, typeOf.virtualMachines));
    if (vm !== undefined && vm.provisioningState !== 'Deleting') {
      cloud.logbook.count('terminated', 1);
    }
    return deletedAnswer(call, vm === undefined ? null : beginDelete(vm, { action, group }, cloud));
  },
  deallocate: act(
    ({ cloud }) => cloud.draw(cloud.dials.deallocateMs),
    (vm, durationMs, { cloud, query }) => deallocate(vm, durationMs, cloud, query.get('hibernate') === 'true'),
  ),
  powerOff: act(
    () => 0,
    (vm, _durationMs, { cloud }) => powerOff(vm, cloud),
  ),
  start: act(
    ({ cloud }) => cloud.draw(cloud.dials.startMs),
    (vm, durationMs, { cloud }) => {
      if (vm.power === 'stopped' || vm.power === 'deallocated') {
        boot(vm, durationMs, cloud);
      }
    },
  ),
  simulateEviction: (call) => {
    const vm = vmIn(call);
    if (!isSpotVm(vm)) {
      throw new Refusal('OperationNotAllowed', `VM '${vm.name}' is not an Azure Spot Virtual Machine.`, 409);
    }
    evict(vm, call.cloud);
    return { status: 204 };
  },
} satisfies Record<string, Handler>;
