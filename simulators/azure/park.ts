import type { Fate, MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import type { Cloud } from './cloud.ts';
import type { Vm } from './state.ts';
import { isUp, powerOff } from './vm-life.ts';

/** The virtual machines of a cloud as machines for simulated workers to run on: all that have a host. */
export class AzurePark implements MachinePark {
  readonly #cloud: Cloud;
  readonly #url: string;
  /** One machine per virtual machine, so that who drives it can hold on to it. */
  readonly #machines = new WeakMap<Vm, SimulatedMachine>();

  /** @param url base address of the simulator, without a slash at the end. */
  constructor(cloud: Cloud, url: string) {
    this.#cloud = cloud;
    this.#url = url;
  }

  machines(): readonly SimulatedMachine[] {
    this.#cloud.settle();
    return this.#cloud.subscription.virtualMachines
      .values()
      .filter(({ power }) => power !== null && power !== 'deallocated')
      .map((vm) => this.#machineOf(vm))
      .toArray();
  }

  #machineOf(vm: Vm): SimulatedMachine {
    const machine = this.#machines.get(vm) ?? new AzureMachine(vm, this.#cloud, this.#url);
    this.#machines.set(vm, machine);
    return machine;
  }
}

class AzureMachine implements SimulatedMachine {
  readonly cloud = 'azure';
  readonly #vm: Vm;
  readonly #cloud: Cloud;
  readonly #url: string;

  constructor(vm: Vm, cloud: Cloud, url: string) {
    this.#vm = vm;
    this.#cloud = cloud;
    this.#url = url;
  }

  /** Its name: what the programs on it go by. */
  get id(): string {
    return this.#vm.name;
  }

  get metadataUrl(): string {
    return `${this.#url}/_sim/imds/${this.#vm.vmId}`;
  }

  get isUp(): boolean {
    this.#cloud.settle();
    return isUp(this.#vm);
  }

  get bootedAt(): Date {
    return new Date(this.#vm.bootedMs ?? 0);
  }

  get fate(): Fate {
    return this.#vm.fate;
  }

  powerOff(): void {
    this.#cloud.settle();
    powerOff(this.#vm, this.#cloud);
  }
}
