import type { JsonObject } from '#core/json.ts';
import type { LaunchedWorker } from '#core/launch.ts';
import type { FleetWorker, Presence, Sighting } from '#core/provider.ts';
import type { Fate } from './fate.ts';
import type { Market, Placement } from './place.ts';

/** As much of an instance as is read. Null where Google says nothing. */
export interface GoogleInstance {
  /** A number of up to 64 bits, as text. */
  id: string;
  name: string;
  zone: string;
  /** E.g. `RUNNING`. */
  status: string;
  createdAt: Date | null;
  /** The label with the order's id. */
  orderId: string | null;
  machineType: string;
  market: Market;
  /** E.g. `nvidia-tesla-t4x1`; empty: none. */
  accelerators: string;
}

/**
 * What the states mean to us (spec/provisioning.md 1.10; https://cloud.google.com/compute/docs/instances/instance-life-cycle).
 * Of a machine in PROVISIONING the place is still being looked for, and the launch may yet fail.
 */
const presences: Readonly<Record<string, Presence>> = {
  PENDING: 'starting',
  PROVISIONING: 'starting',
  STAGING: 'alive',
  RUNNING: 'alive',
  // Comes back by itself, and counts as capacity as long as that takes.
  REPAIRING: 'alive',
  SUSPENDING: 'suspended',
  SUSPENDED: 'suspended',
  PENDING_STOP: 'ending',
  STOPPING: 'ending',
  DEPROVISIONING: 'ending',
  // Its disks still cost money, until it is deleted.
  TERMINATED: 'dormant',
  STOPPED: 'dormant',
};

/** A state that this table does not know exists, and may be anything: time limits still hold for it (P-14). */
export function presenceOf(status: string): Presence {
  return presences[status] ?? 'suspended';
}

/** What a launch, or else a sighting, records of a machine: where it is, and what its back-off scopes follow from. */
function providerDataOf(
  project: string,
  { zone, machineType, market, accelerators, configuration }: Placement,
  machine: { name: string; createdAt: Date | null },
): JsonObject {
  return {
    project,
    zone,
    name: machine.name,
    launchTime: machine.createdAt?.toISOString() ?? null,
    machineType,
    market,
    accelerators,
    configuration,
  };
}

/** A worker that a launch started; `createdAt` as the cloud says it. */
export function launchedWorker(
  project: string,
  placement: Placement,
  machine: { id: string; name: string; createdAt: Date | null },
): LaunchedWorker {
  const { zone } = placement;
  return { workerGroup: zone, workerId: machine.id, providerData: providerDataOf(project, placement, machine) };
}

/** A worker that was found at the cloud; of its launch config only that is known which the machine shows. */
export function foundWorker(project: string, instance: GoogleInstance): LaunchedWorker {
  return launchedWorker(project, { ...instance, configuration: null }, instance);
}

/** A sighting; what would be recorded of it is put together when somebody asks, since most are of machines that are long known. */
class InstanceSighting implements Sighting {
  readonly workerGroup: string;
  readonly workerId: string;
  readonly presence: Presence;
  readonly cloudState: string;
  readonly orderId: string | null;
  readonly launchedAt: Date | null;
  readonly why?: string;
  readonly #project: string;
  readonly #instance: GoogleInstance;

  constructor(project: string, instance: GoogleInstance, why: string | null) {
    this.workerGroup = instance.zone;
    this.workerId = instance.id;
    this.presence = presenceOf(instance.status);
    this.cloudState = instance.status;
    this.orderId = instance.orderId;
    this.launchedAt = instance.createdAt;
    if (why !== null) {
      this.why = why;
    }
    this.#project = project;
    this.#instance = instance;
  }

  get providerData(): JsonObject {
    return foundWorker(this.#project, this.#instance).providerData;
  }
}

/** @param why the reason of its state, where it is known. */
export function sightingOf(project: string, instance: GoogleInstance, why: string | null = null): Sighting {
  return new InstanceSighting(project, instance, why);
}

/** A sighting of a worker whose machine Google does not show, but of which its operations tell. */
export function fatedSighting(worker: FleetWorker, { presence, cloudState, why, trouble }: Fate): Sighting {
  const { workerGroup, workerId, providerData } = worker;
  return {
    workerGroup,
    workerId,
    presence,
    cloudState,
    orderId: null,
    launchedAt: null,
    providerData,
    ...(why === null ? {} : { why }),
    ...(trouble === null ? {} : { trouble }),
  };
}
