import type { Fate } from '#simulators/machine.ts';
import type { Tag } from './form.ts';
import type { InstanceType } from './instance-type.ts';
import type { Ending, Life } from './life.ts';

/** A block device of an instance; the first is the root volume. */
export interface Device {
  name: string;
  deleteOnTermination: boolean;
}

/** What equal requests to launch have in common: kept once for all their instances. */
export interface Blueprint {
  /** Equal blueprints have equal fingerprints. */
  fingerprint: string;
  region: string;
  zone: string;
  instanceType: InstanceType;
  imageId: string;
  subnetId: string;
  vpcId: string;
  securityGroups: readonly { id: string; name: string }[];
  keyName: string | undefined;
  profileArn: string | undefined;
  market: 'on-demand' | 'spot';
  /** What `shutdown -h` on the machine does; a one-time spot instance always ends. */
  shutdownBehavior: 'stop' | 'terminate';
  isProtected: boolean;
  isMonitored: boolean;
  isEbsOptimized: boolean;
  hasPublicAddress: boolean;
  tenancy: string;
  /** Base64, as it was sent; empty where there is none. */
  userData: string;
  devices: readonly Device[];
  tags: readonly Tag[];
  volumeTags: readonly Tag[];
  metadata: { httpTokens: string; hopLimit: number; httpEndpoint: string; instanceTags: string };
}

/** One accepted RunInstances: a reservation. */
export interface Launch {
  blueprint: Blueprint;
  reservationId: string;
  clientToken: string;
  atMs: number;
  /** Before this instant no other call knows the instances (eventual consistency). */
  visibleFromMs: number;
  /** Before this instant the instances are shown without tags. */
  tagsVisibleFromMs: number;
}

/** One virtual machine. What can be worked out from its id, number and launch is not kept. */
export interface Instance extends Life {
  id: string;
  /** Its number in the whole simulator: gives order and addresses. */
  serial: number;
  launch: Launch;
  /** Its place within the launch (`amiLaunchIndex`). */
  index: number;
  fate: Fate;
  /** From when its status checks fail, or null. */
  impairedFromMs: number | null;
  /** Tags that replace the launch's, or null. */
  ownTags: readonly Tag[] | null;
  /** Tags of its volumes that replace the launch's, by volume id, or null. */
  ownVolumeTags: Map<string, readonly Tag[]> | null;
}

/** What is remembered of a client token: what it asked for and what it got. */
interface TokenUse {
  fingerprint: string;
  launch: Launch;
  instances: readonly Instance[];
}

const minuteMs = 60_000;
/** Terminated instances stay visible for about an hour (TerminateInstances in the API reference). */
const shownAfterEndMs = 60 * minuteMs;
/** A client token is kept at least 24 hours after its instances ended (Run_Instance_Idempotency in the API reference). */
const tokenKeptMs = 24 * 60 * minuteMs;

/** The instances of one region, in the order of their launch. */
export class RegionState {
  readonly name: string;
  #instances: Instance[] = [];
  readonly #byId = new Map<string, Instance>();
  /** By client token and then by scope: a zone's name where the caller chose one, else the empty string. */
  readonly #tokens = new Map<string, Map<string, TokenUse>>();
  readonly #blueprints = new Map<string, Blueprint>();
  /** The zone of each subnet that was seen: a subnet never moves. */
  readonly subnetZones = new Map<string, string>();
  #sweptAtMs = -Infinity;

  constructor(name: string) {
    this.name = name;
  }

  /** All instances that are kept, oldest first; also those that are not shown to callers. */
  get instances(): readonly Instance[] {
    return this.#instances;
  }

  find(id: string): Instance | undefined {
    return this.#byId.get(id);
  }

  /** An equal blueprint that is known already, or the one given. */
  intern(blueprint: Blueprint): Blueprint {
    const known = this.#blueprints.get(blueprint.fingerprint);
    if (known !== undefined) {
      return known;
    }
    if (this.#blueprints.size >= 1000) {
      this.#blueprints.clear();
    }
    this.#blueprints.set(blueprint.fingerprint, blueprint);
    return blueprint;
  }

  add(instances: readonly Instance[]): void {
    for (const instance of instances) {
      this.#instances.push(instance);
      this.#byId.set(instance.id, instance);
    }
  }

  /** What was launched with that token, by scope. */
  tokenUses(clientToken: string): ReadonlyMap<string, TokenUse> {
    return this.#tokens.get(clientToken) ?? new Map();
  }

  rememberToken(clientToken: string, scope: string, use: TokenUse): void {
    this.#tokens.set(clientToken, new Map([...this.tokenUses(clientToken), [scope, use]]));
  }

  /** Makes callers forget an instance at once. */
  remove(instance: Instance): void {
    this.#byId.delete(instance.id);
    this.#instances = this.#instances.filter((other) => other !== instance);
  }

  /** Forgets what AWS would have forgotten by now; looks at most once a minute. */
  sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < minuteMs) {
      return;
    }
    this.#sweptAtMs = nowMs;
    const kept = this.#instances.filter((instance) => !isForgotten(instance, nowMs));
    if (kept.length < this.#instances.length) {
      for (const instance of this.#instances) {
        if (isForgotten(instance, nowMs)) {
          this.#byId.delete(instance.id);
        }
      }
      this.#instances = kept;
    }
    for (const [clientToken, uses] of this.#tokens) {
      const instances = uses.values().flatMap((use) => use.instances);
      if (instances.every(({ end }) => end !== null && nowMs >= end.goneMs + tokenKeptMs)) {
        this.#tokens.delete(clientToken);
      }
    }
  }

  /** The instance of that id, unless callers cannot see it (yet, or any more). */
  shown(id: string, nowMs: number): Instance | undefined {
    const instance = this.#byId.get(id);
    return instance !== undefined && isShown(instance, nowMs) ? instance : undefined;
  }
}

/** Whether calls other than the launch itself know of the instance. */
export function isShown(instance: Instance, nowMs: number): boolean {
  return nowMs >= instance.launch.visibleFromMs && !isForgotten(instance, nowMs);
}

function isForgotten({ end }: { end: Ending | null }, nowMs: number): boolean {
  return end !== null && nowMs >= end.goneMs + shownAfterEndMs;
}

/** The tags that a caller sees now. */
export function tagsOf(instance: Instance, nowMs: number): readonly Tag[] {
  return nowMs < instance.launch.tagsVisibleFromMs ? [] : (instance.ownTags ?? instance.launch.blueprint.tags);
}
