import type { Fate } from '#simulators/machine.ts';
import { draw } from '#simulators/range.ts';
import { hostError, preemption } from './birth.ts';
import type { Cloud } from './cloud.ts';
import type { Instance } from './instance.ts';
import { isAlive, statusAt, type Status } from './life.ts';
import type { Zone } from './zone.ts';

/** An instance as a test looks at it. */
export interface InstanceView {
  id: string;
  name: string;
  zone: string;
  region: string;
  machineType: string;
  isSpot: boolean;
  /** What it is, whatever the API shows. */
  status: Status;
  createdAt: Date;
  labels: Readonly<Record<string, string>>;
  metadata: Readonly<Record<string, string>>;
  /** E-mail of its service account. */
  account: string | undefined;
  fate: Fate;
}

/** What happens to single instances from outside the API: by Google, by chance, or by somebody else. */
export class Steering {
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** The instances of a zone, or of all, by zone and name, except those that are gone. */
  instances(zone?: string): InstanceView[] {
    const { nowMs } = this.#cloud;
    return this.#cloud.zones
      .values()
      .filter(({ name }) => name === (zone ?? name))
      .flatMap((place) => place.instances.map((instance) => viewOf(instance, place, nowMs)))
      .filter(({ status }) => status !== 'GONE')
      .toArray();
  }

  /** How many instances have, or will have, their vCPUs. */
  get alive(): number {
    const { nowMs } = this.#cloud;
    return this.#cloud.zones
      .values()
      .flatMap(({ instances }) => instances)
      .reduce((count, { life, isFailing }) => count + (!isFailing && isAlive(statusAt(life, nowMs)) ? 1 : 0), 0);
  }

  /**
   * Preempts a spot instance: its metadata says so, and it is `STOPPING`, for the time of notice.
   *
   * @throws TypeError for an instance that is not spot.
   */
  preempt(id: string): void {
    const instance = this.#find(id);
    if (!instance.draft.isSpot) {
      throw new TypeError(`instance ${id} is not a spot instance`);
    }
    this.#cloud.redirect(instance, preemption(this.#cloud, instance, this.#cloud.nowMs));
  }

  /** Lets the host fail. */
  fail(id: string): void {
    const instance = this.#find(id);
    this.#cloud.redirect(instance, hostError(this.#cloud, instance, this.#cloud.nowMs));
  }

  /** Deletes an instance as somebody else with access to the project would. */
  delete(id: string): void {
    const { nowMs, faults, random } = this.#cloud;
    const goneMs = nowMs + draw(faults.dials.deleteMs, random);
    this.#cloud.redirect(this.#find(id), [
      { atMs: nowMs, status: 'STOPPING', cause: 'user' },
      { atMs: goneMs, status: 'GONE', cause: 'user' },
    ]);
  }

  /** Stops an instance as somebody else would: it keeps its disks, `TERMINATED`, for ever. */
  stop(id: string): void {
    this.#cloud.stop(this.#find(id), 'user');
  }

  /** Starts a stopped or suspended instance again. */
  start(id: string): void {
    const { nowMs, faults, random } = this.#cloud;
    const runningMs = nowMs + draw(faults.dials.stageMs, random);
    this.#cloud.redirect(this.#find(id), [
      { atMs: nowMs, status: 'STAGING' },
      { atMs: runningMs, status: 'RUNNING' },
    ]);
  }

  /** Suspends an instance as somebody else would. */
  suspend(id: string): void {
    const { nowMs, faults, random } = this.#cloud;
    const atMs = nowMs + draw(faults.dials.stopMs, random);
    this.#cloud.redirect(this.#find(id), [
      { atMs: nowMs, status: 'SUSPENDING', cause: 'user' },
      { atMs, status: 'SUSPENDED', cause: 'user' },
    ]);
  }

  /** Puts an instance into `REPAIRING`, from which it does not come back by itself. */
  repair(id: string): void {
    this.#cloud.redirect(this.#find(id), [{ atMs: this.#cloud.nowMs, status: 'REPAIRING', cause: 'host-error' }]);
  }

  /** Does what `shutdown -h now` on the machine does. */
  powerOff(id: string): void {
    this.#cloud.powerOff(this.#find(id));
  }

  /** Makes an instance be gone at once, without any operation. */
  vanish(id: string): void {
    this.#cloud.redirect(this.#find(id), [{ atMs: this.#cloud.nowMs, status: 'GONE' }]);
  }

  /** Lets the API show any text as the instance's status, or the true one again. */
  showStatus(id: string, status: string | null): void {
    this.#find(id).strangeStatus = status;
  }

  /** Decides what the program on the machine will do. */
  setFate(id: string, fate: Fate): void {
    this.#find(id).fate = fate;
  }

  /** @throws RangeError where there is none of that id, or it is gone. */
  #find(id: string): Instance {
    const instance = this.#cloud.find(id);
    if (instance === undefined || statusAt(instance.life, this.#cloud.nowMs) === 'GONE') {
      throw new RangeError(`there is no instance ${id}`);
    }
    return instance;
  }
}

function viewOf(instance: Instance, zone: Zone, nowMs: number): InstanceView {
  const { id, name, draft, createdMs, fate, life } = instance;
  return {
    id,
    name,
    zone: zone.name,
    region: zone.region,
    machineType: draft.machineType.name,
    isSpot: draft.isSpot,
    status: statusAt(life, nowMs),
    createdAt: new Date(createdMs),
    labels: draft.labels,
    metadata: draft.metadata,
    account: draft.account,
    fate,
  };
}
