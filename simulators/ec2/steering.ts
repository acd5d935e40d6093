import type { Fate } from '#simulators/machine.ts';
import { draw } from '#simulators/range.ts';
import type { Cloud } from './cloud.ts';
import { causes, stateAt, type InstanceState } from './life.ts';
import { spotNoticeMs } from './run-instances.ts';
import { tagsOf, type Instance } from './state.ts';

/** An instance as a test looks at it. */
export interface InstanceView {
  id: string;
  region: string;
  zone: string;
  instanceType: string;
  imageId: string;
  isSpot: boolean;
  state: InstanceState;
  launchedAt: Date;
  clientToken: string;
  tags: Readonly<Record<string, string>>;
  /** Decoded. */
  userData: string;
  fate: Fate;
}

/** What happens to single instances from outside the API: by AWS, by chance, or by somebody else. */
export class Steering {
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** The instances of a region, or of all, oldest first; terminated ones for about as long as AWS shows them. */
  instances(region?: string): InstanceView[] {
    const { nowMs } = this.#cloud;
    return this.#cloud.regions
      .values()
      .filter(({ name }) => name === (region ?? name))
      .flatMap((state) => {
        state.sweep(nowMs);
        return state.instances;
      })
      .map((instance) => viewOf(instance, nowMs))
      .toArray();
  }

  /** How many instances are pending or running. */
  get alive(): number {
    const { nowMs } = this.#cloud;
    return this.#cloud.regions
      .values()
      .flatMap(({ instances }) => instances)
      .reduce((count, instance) => count + (['pending', 'running'].includes(stateAt(instance, nowMs)) ? 1 : 0), 0);
  }

  /**
   * Gives a spot instance notice that it is reclaimed: its metadata says so now, and the end begins after the notice.
   *
   * @throws TypeError for an instance that is not spot.
   */
  spotInterrupt(id: string, noticeMs = spotNoticeMs): void {
    const instance = this.#find(id);
    if (instance.launch.blueprint.market !== 'spot') {
      throw new TypeError(`instance ${id} is not a spot instance`);
    }
    const { nowMs, faults, random } = this.#cloud;
    if (instance.end === null || nowMs < instance.end.atMs) {
      const atMs = nowMs + noticeMs;
      const goneMs = atMs + draw(faults.dials.shutDownMs, random);
      instance.end = { atMs, goneMs, cause: causes.spot, noticeMs: nowMs };
    }
  }

  /** Terminates an instance as somebody else with access to the account would. */
  terminate(id: string): void {
    this.#cloud.end(this.#find(id), causes.user);
  }

  /** Lets the hardware fail: the instance ends as if by AWS. */
  fail(id: string): void {
    this.#cloud.end(this.#find(id), causes.failure);
  }

  /** Stops an instance as somebody else would: it keeps its volumes and can be described for ever. */
  stop(id: string): void {
    this.#cloud.stop(this.#find(id), causes.user);
  }

  /** Does what `shutdown -h now` on the machine does. */
  powerOff(id: string): void {
    this.#cloud.powerOff(this.#find(id));
  }

  /** Makes EC2 forget an instance at once, as it does with terminated ones after an hour. */
  vanish(id: string): void {
    const instance = this.#find(id);
    this.#cloud.end(instance, causes.failure);
    this.#cloud.regions.get(instance.launch.blueprint.region)?.remove(instance);
  }

  /** Lets an instance's status checks fail from now on, or pass again. */
  impair(id: string, isImpaired = true): void {
    this.#find(id).impairedFromMs = isImpaired ? this.#cloud.nowMs : null;
  }

  /** Decides what the program on the machine will do. */
  setFate(id: string, fate: Fate): void {
    this.#find(id).fate = fate;
  }

  /** @throws RangeError where there is none of that id. */
  #find(id: string): Instance {
    const instance = this.#cloud.find(id);
    if (instance === undefined) {
      throw new RangeError(`there is no instance ${id}`);
    }
    return instance;
  }
}

function viewOf(instance: Instance, nowMs: number): InstanceView {
  const { blueprint, clientToken, atMs } = instance.launch;
  return {
    id: instance.id,
    region: blueprint.region,
    zone: blueprint.zone,
    instanceType: blueprint.instanceType.name,
    imageId: blueprint.imageId,
    isSpot: blueprint.market === 'spot',
    state: stateAt(instance, nowMs),
    launchedAt: new Date(atMs),
    clientToken,
    tags: Object.fromEntries(tagsOf(instance, nowMs).map(({ key, value }) => [key, value])),
    userData: Buffer.from(blueprint.userData, 'base64').toString(),
    fate: instance.fate,
  };
}
