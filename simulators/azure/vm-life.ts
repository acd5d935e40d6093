import { happens } from '#simulators/range.ts';
import type { Fate } from '#simulators/machine.ts';
import { isSpotVm } from './capacity.ts';
import type { Cloud } from './cloud.ts';
import { keyOf } from './resource-id.ts';
import type { PowerState, Vm } from './state.ts';
import { beginDelete } from './vm-delete.ts';

/** Whether the machine is switched on: booted, and neither stopping nor going. */
export function isUp(vm: Vm): boolean {
  return vm.power === 'running';
}

export function setPower(vm: Vm, power: PowerState | null, cloud: Cloud): void {
  vm.power = power;
  vm.powerSinceMs = cloud.nowMs;
}

/** Switches a machine on: up after `ms`, and then with whatever chance has in store for it. */
export function boot(vm: Vm, ms: number, cloud: Cloud): void {
  setPower(vm, 'starting', cloud);
  vm.isHibernated = false;
  vm.eviction = null;
  const sinceMs = vm.powerSinceMs;
  cloud.after(ms, () => {
    if (exists(vm, cloud) && vm.power === 'starting' && vm.powerSinceMs === sinceMs) {
      setPower(vm, 'running', cloud);
      vm.bootedMs = cloud.nowMs;
      drawEnd(vm, cloud);
    }
  });
}

/** What the program on a new machine will do. */
export function drawFate({ dials, random }: Cloud): Fate {
  if (happens(dials.neverRegisters, random)) {
    return 'never-registers';
  }
  return happens(dials.crashesWhileWorking, random) ? 'crashes-while-working' : 'works';
}

function drawEnd(vm: Vm, cloud: Cloud): void {
  const { dials, random, nowMs: bootedMs } = cloud;
  const ifStillUp = (ms: number, event: () => void): void =>
    cloud.after(ms, () => {
      if (exists(vm, cloud) && isUp(vm) && vm.bootedMs === bootedMs) {
        event();
      }
    });
  if (isSpotVm(vm) && happens(dials.evicted, random)) {
    ifStillUp(cloud.draw(dials.evictedAfterMs), () => announceEviction(vm, dials.evictionNoticeMs, cloud));
  }
  if (happens(dials.endsByItself, random)) {
    ifStillUp(cloud.draw(dials.endsByItselfAfterMs), () => powerOff(vm, cloud));
  }
}

/** What `shutdown -h now` on the machine leads to, and a power-off through the API: stopped, but still billed. */
export function powerOff(vm: Vm, cloud: Cloud): void {
  if (vm.power === 'running' || vm.power === 'starting') {
    setPower(vm, 'stopped', cloud);
  }
}

/** Announces an eviction in the machine's scheduled events, and carries it out after the notice. */
export function announceEviction(vm: Vm, noticeMs: number, cloud: Cloud): void {
  const eviction = { eventId: cloud.uuid().toUpperCase(), notBeforeMs: cloud.nowMs + noticeMs };
  vm.eviction = eviction;
  cloud.after(noticeMs, () => {
    if (exists(vm, cloud) && vm.eviction === eviction) {
      evict(vm, cloud);
    }
  });
}

/** Takes a spot machine back, by its eviction policy: deallocated (the default), or deleted. */
export function evict(vm: Vm, cloud: Cloud): void {
  vm.eviction = null;
  if (vm.provisioningState === 'Deleting') {
    return;
  }
  if (vm.properties['evictionPolicy'] === 'Delete') {
    beginDelete(vm, { action: 'eviction', group: vm.group }, cloud);
  } else {
    deallocate(vm, cloud.draw(cloud.dials.deallocateMs), cloud);
  }
}

/** Takes the host away: deallocated after `ms`. */
export function deallocate(vm: Vm, ms: number, cloud: Cloud, isHibernating = false): void {
  if (vm.provisioningState === 'Deleting' || vm.power === 'deallocated') {
    return;
  }
  setPower(vm, 'deallocating', cloud);
  cloud.after(ms, () => {
    if (exists(vm, cloud) && vm.power === 'deallocating') {
      setPower(vm, 'deallocated', cloud);
      vm.isHibernated = isHibernating;
    }
  });
}

/** Whether it is still there: another one may bear its name by now. */
export function exists(vm: Vm, cloud: Cloud): boolean {
  return cloud.subscription.virtualMachines.get(keyOf(vm.id)) === vm;
}
