import type { Fate, MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import type { Cloud } from './cloud.ts';
import { bootedAtMs, isUp, type Instance } from './instance.ts';
import { statusAt } from './life.ts';

/** The instances of a cloud as machines for simulated workers to run on; those that are gone are left out. */
export class GcePark implements MachinePark {
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
    return this.#cloud.zones
      .values()
      .flatMap(({ instances }) => instances)
      .filter(({ life }) => !['GONE', 'TERMINATED'].includes(statusAt(life, nowMs)))
      .map((instance) => this.#machineOf(instance))
      .toArray();
  }

  #machineOf(instance: Instance): SimulatedMachine {
    const machine = this.#machines.get(instance) ?? new GceMachine(instance, this.#cloud, this.#url);
    this.#machines.set(instance, machine);
    return machine;
  }
}

class GceMachine implements SimulatedMachine {
  readonly cloud = 'google';
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
    return `${this.#url}/_sim/metadata/${this.#instance.id}`;
  }

  get isUp(): boolean {
    return isUp(this.#instance, this.#cloud.nowMs);
  }

  /** Before the first boot: when it was created. */
  get bootedAt(): Date {
    return new Date(bootedAtMs(this.#instance, this.#cloud.nowMs) ?? this.#instance.createdMs);
  }

  get fate(): Fate {
    return this.#instance.fate;
  }

  powerOff(): void {
    this.#cloud.powerOff(this.#instance);
  }
}
