import type { Fate } from '#simulators/machine.ts';
import { isSpotVm, sizeNameOf } from './capacity.ts';
import type { Cloud } from './cloud.ts';
import { makeGroup } from './resource-groups.ts';
import { keyOf } from './resource-id.ts';
import type { AnyResource, Json, PowerState, Vm } from './state.ts';
import { beginDelete, removeNic, removeVm } from './vm-delete.ts';
import { announceEviction, deallocate, isUp, powerOff } from './vm-life.ts';

/** A virtual machine as a test looks at it. */
export interface MachineView {
  name: string;
  id: string;
  vmId: string;
  group: string;
  location: string;
  vmSize: string;
  isSpot: boolean;
  provisioningState: string;
  /** Null as long as it has no host. */
  power: PowerState | null;
  createdAt: Date;
  tags: Readonly<Record<string, string>>;
  /** Why it failed, or null. */
  failure: string | null;
  fate: Fate;
}

/** Any resource as a test looks at it. */
export interface ResourceView {
  kind: AnyResource['kind'];
  name: string;
  id: string;
  group: string;
  provisioningState: string;
  tags: Readonly<Record<string, string>>;
}

/** What happens to single things from outside the API: by Azure, by chance, or by somebody else. */
export class Steering {
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** The virtual machines, oldest first. */
  machines(): MachineView[] {
    this.#cloud.settle();
    return [...this.#cloud.subscription.virtualMachines.values()].map(viewOf);
  }

  /** Everything there is, deployments too. */
  resources(): ResourceView[] {
    this.#cloud.settle();
    const { virtualMachines, networkInterfaces, publicIPAddresses, disks, deployments } = this.#cloud.subscription;
    return [virtualMachines, networkInterfaces, publicIPAddresses, disks, deployments]
      .flatMap((shelf): AnyResource[] => [...shelf.values()])
      .map(({ kind, name, id, group, provisioningState, tags }) => ({
        kind,
        name,
        id,
        group,
        provisioningState,
        tags,
      }));
  }

  /** How many machines are up or on their way. */
  get alive(): number {
    this.#cloud.settle();
    let count = 0;
    for (const { power, provisioningState } of this.#cloud.subscription.virtualMachines.values()) {
      const isOn = power === 'running' || power === 'starting';
      count += isOn || (power === null && provisioningState === 'Creating') ? 1 : 0;
    }
    return count;
  }

  /**
   * Announces in a spot machine's scheduled events that it is evicted, and does it after the notice.
   *
   * @throws TypeError for a machine that is not spot.
   */
  evict(name: string, noticeMs = this.#cloud.dials.evictionNoticeMs): void {
    const vm = this.#find(name);
    if (!isSpotVm(vm)) {
      throw new TypeError(`virtual machine ${name} is not a spot machine`);
    }
    announceEviction(vm, noticeMs, this.#cloud);
  }

  /** Deletes a machine as somebody else with access to the subscription would. */
  delete(name: string): void {
    const vm = this.#find(name);
    beginDelete(vm, { action: 'steering', group: vm.group }, this.#cloud);
  }

  /** Takes a machine away at once, with what goes with it. */
  vanish(name: string): void {
    removeVm(this.#find(name), this.#cloud);
  }

  /** Takes any resource away at once: what a person does in the portal. @throws RangeError where there is none. */
  remove(id: string): void {
    this.#cloud.settle();
    const { subscription } = this.#cloud;
    const key = keyOf(id);
    const nic = subscription.networkInterfaces.get(key);
    const vm = subscription.virtualMachines.get(key);
    if (vm !== undefined) {
      removeVm(vm, this.#cloud);
    } else if (nic !== undefined) {
      removeNic(nic, key, this.#cloud);
    } else if (
      !([subscription.publicIPAddresses, subscription.disks, subscription.deployments] as const).some((shelf) =>
        shelf.delete(key),
      )
    ) {
      throw new RangeError(`there is no resource ${id}`);
    }
  }

  /** Deallocates a machine by hand. */
  deallocate(name: string): void {
    deallocate(this.#find(name), this.#cloud.draw(this.#cloud.dials.deallocateMs), this.#cloud);
  }

  /** Hibernates a machine: deallocated, and its memory kept. */
  hibernate(name: string): void {
    deallocate(this.#find(name), this.#cloud.draw(this.#cloud.dials.deallocateMs), this.#cloud, true);
  }

  /** Does what `shutdown -h now` on the machine does. */
  powerOff(name: string): void {
    powerOff(this.#find(name), this.#cloud);
  }

  /** Lets a machine fail, with that code in its `ProvisioningState`; it stays up if it is. */
  fail(name: string, code = 'InternalExecutionError', message = 'An internal execution error occurred.'): void {
    const vm = this.#find(name);
    vm.provisioningState = 'Failed';
    vm.failure = { code, message };
    const { operation } = vm;
    vm.operation = null;
    if (operation !== null) {
      this.#cloud.end(operation, vm.failure);
    }
  }

  /** Lets the URLs of a resource's operations answer 404 from now on. */
  forgetOperations(id: string): void {
    this.#cloud.settle();
    this.#cloud.operations.forgetOf(keyOf(id));
  }

  /** Decides what the program on the machine will do. */
  setFate(name: string, fate: Fate): void {
    this.#find(name).fate = fate;
  }

  /** Says that a subnet, a network or an image does not exist, or that it does after all. */
  setMissing(id: string, isMissing = true): void {
    if (isMissing) {
      this.#cloud.missing.add(keyOf(id));
    } else {
      this.#cloud.missing.delete(keyOf(id));
    }
  }

  /** Registers the template of a version of a template spec, in any subscription. */
  addTemplateSpec(id: string, template: Json): void {
    this.#cloud.templateSpecs.set(keyOf(id), template);
  }

  /** Adds a resource group. */
  addGroup(name: string, location: string): void {
    makeGroup(name, location, {}, this.#cloud);
  }

  /** Whether the machine of that name is up. */
  isUp(name: string): boolean {
    return isUp(this.#find(name));
  }

  /** The machine of that name or vmId. @throws RangeError where there is none. */
  #find(name: string): Vm {
    this.#cloud.settle();
    const wanted = name.toLowerCase();
    const vm = this.#cloud.subscription.virtualMachines
      .values()
      .find((one) => one.name.toLowerCase() === wanted || one.vmId === wanted);
    if (vm === undefined) {
      throw new RangeError(`there is no virtual machine ${name}`);
    }
    return vm;
  }
}

function viewOf(vm: Vm): MachineView {
  const { name, id, vmId, group, location, provisioningState, power, createdMs, tags, failure, fate } = vm;
  return {
    name,
    id,
    vmId,
    group,
    location,
    vmSize: sizeNameOf(vm),
    isSpot: isSpotVm(vm),
    provisioningState,
    power,
    createdAt: new Date(createdMs),
    tags,
    failure: failure?.code ?? null,
    fate,
  };
}
