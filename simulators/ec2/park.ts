import type { Fate, MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import type { Cloud } from './cloud.ts';
import { isUp, stateAt } from './life.ts';
import type { Instance } from './state.ts';

/** The instances of a cloud as machines for simulated workers to run on; those that ended are left out. */
export class Ec2Park implements MachinePark {
  readonly #cloud: Cloud;
  readonly #url: string;
  /** One machine per instance, so that who drives it can hold on to it. */
  readonly #machines = new WeakMap<Instance, SimulatedMachine>();

  /** @param url base address of the simulator, without a slash at the end. */
  constructor(cloud: Cloud, url: string) {
    this.#cloud = cloud;
    this.#url = url;
  }

  machines(): readonly SimulatedMachine[] {
    const { nowMs } = this.#cloud;
    return this.#cloud.regions
      .values()
      .flatMap(({ instances }) => instances)
      .filter((instance) => stateAt(instance, nowMs) !== 'terminated')
      .map((instance) => this.#machineOf(instance))
      .toArray();
  }

  #machineOf(instance: Instance): SimulatedMachine {
    const machine = this.#machines.get(instance) ?? new Ec2Machine(instance, this.#cloud, this.#url);
    this.#machines.set(instance, machine);
    return machine;
  }
}

class Ec2Machine implements SimulatedMachine {
  readonly cloud = 'aws';
  readonly #instance: Instance;
  readonly #cloud: Cloud;
  readonly #url: string;

  constructor(instance: Instance, cloud: Cloud, url: string) {
    this.#instance = instance;
    this.#cloud = cloud;
    this.#url = url;
  }

  get id(): string {
    return this.#instance.id;
  }

  get metadataUrl(): string {
    return `${this.#url}/_sim/imds/${this.#instance.id}`;
  }

  get isUp(): boolean {
    return isUp(this.#instance, this.#cloud.nowMs);
  }

  get bootedAt(): Date {
    return new Date(this.#instance.runningFromMs);
  }

  get fate(): Fate {
    return this.#instance.fate;
  }

  powerOff(): void {
    this.#cloud.powerOff(this.#instance);
  }
}
