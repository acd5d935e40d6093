import type { JsonObject, JsonValue } from '#core/json.ts';
import type { LaunchedWorker } from '#core/launch.ts';
import type { Presence, Sighting } from '#core/provider.ts';

/** As much of an EC2 instance as is read. Null where EC2 says nothing. */
export interface Ec2Instance {
  instanceId: string;
  /** The name of its state, e.g. `running`. */
  state: string;
  stateReason: string | null;
  /** The token of the launch. */
  clientToken: string | null;
  launchTime: Date | null;
  amiLaunchIndex: number | null;
  imageId: string | null;
  instanceType: string | null;
  architecture: string | null;
  privateIp: string | null;
  availabilityZone: string | null;
  /** The account. */
  owner: string | null;
  groups: readonly JsonObject[];
}

/** What EC2's states mean to us (spec/provisioning.md 1.10). */
const presences: Readonly<Record<string, Presence>> = {
  pending: 'alive',
  running: 'alive',
  stopping: 'ending',
  'shutting-down': 'ending',
  // Its volumes still cost money, until it is terminated.
  stopped: 'dormant',
  terminated: 'gone',
};

/** A state that this table does not know exists, and may be anything: time limits still hold for it (P-14). */
function presenceOf(state: string): Presence {
  return presences[state] ?? 'suspended';
}

/** What is recorded of an instance at its launch (spec/provisioning.md 6.4), and compared with its identity document later. */
function providerDataOf(instance: Ec2Instance, region: string): JsonObject {
  const { amiLaunchIndex, imageId, instanceType, architecture, privateIp, availabilityZone, owner } = instance;
  const facts: Record<string, JsonValue> = { region, groups: instance.groups, state: instance.state };
  const optional = { owner, amiLaunchIndex, imageId, instanceType, architecture, privateIp, availabilityZone };
  for (const [name, value] of Object.entries({ ...optional, stateReason: instance.stateReason })) {
    if (value !== null) {
      facts[name] = value;
    }
  }
  if (instance.launchTime !== null) {
    facts['launchTime'] = instance.launchTime.toISOString();
  }
  return facts;
}

export function launchedWorker(instance: Ec2Instance, region: string): LaunchedWorker {
  return { workerGroup: region, workerId: instance.instanceId, providerData: providerDataOf(instance, region) };
}

/** A sighting; what would be recorded of it is put together when somebody asks, since most are of machines that are long known. */
class Ec2Sighting implements Sighting {
  readonly workerGroup: string;
  readonly workerId: string;
  readonly presence: Presence;
  readonly cloudState: string;
  readonly orderId: string | null;
  readonly launchedAt: Date | null;
  /** What EC2 says of a machine that has ended: that it shut itself down, that its spot capacity was taken back … */
  readonly why?: string;
  readonly #instance: Ec2Instance;

  constructor(instance: Ec2Instance, region: string) {
    this.workerGroup = region;
    this.workerId = instance.instanceId;
    this.presence = presenceOf(instance.state);
    this.cloudState = instance.state;
    this.orderId = instance.clientToken;
    this.launchedAt = instance.launchTime;
    const hasEnded = this.presence === 'gone' || this.presence === 'dormant';
    if (hasEnded && instance.stateReason !== null) this.why = instance.stateReason;
    this.#instance = instance;
  }

  get providerData(): JsonObject {
    return providerDataOf(this.#instance, this.workerGroup);
  }
}

export function sightingOf(instance: Ec2Instance, region: string): Sighting {
  return new Ec2Sighting(instance, region);
}
