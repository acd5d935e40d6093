import type { Fate } from '#simulators/machine.ts';
import type { Operation } from './operation.ts';
import type { ErrorBody } from './refusal.ts';

export type Json = Record<string, unknown>;

export type Tags = Readonly<Record<string, string>>;

/** What all resources of a resource group have in common. */
interface Resource {
  id: string;
  name: string;
  /** Of its group, as the request wrote it. */
  group: string;
  location: string;
  tags: Tags;
  /** Its number in the whole simulator: gives order and addresses. */
  serial: number;
  createdMs: number;
  /** Before this instant only the request itself knows of it. */
  visibleFromMs: number;
  /** As in `properties.provisioningState`. */
  provisioningState: string;
  /** `properties` as they were asked for, and everything beside them (`sku`, `zones`, `plan` …). */
  properties: Json;
  top: Json;
  /** What is under way with it. */
  operation: Operation | null;
}

export interface PublicIp extends Resource {
  kind: 'publicIPAddresses';
  /** Key of the network interface that uses it. */
  usedBy: string | null;
}

export interface Nic extends Resource {
  kind: 'networkInterfaces';
  /** Key of the virtual machine that uses it. */
  usedBy: string | null;
  /** For which virtual machine (id) it is kept, and until when, although it is not in use. */
  reservation: { vmId: string; untilMs: number } | null;
}

export interface Disk extends Resource {
  kind: 'disks';
  /** Key of the virtual machine that it is attached to. */
  usedBy: string | null;
}

/** Something that a virtual machine uses. */
export interface Attachment {
  key: string;
  id: string;
  /** Whether it goes with the virtual machine (`deleteOption`). */
  isDeletedWithVm: boolean;
}

/** As in `PowerState/…`; null while there is no host. */
export type PowerState = 'starting' | 'running' | 'stopping' | 'stopped' | 'deallocating' | 'deallocated';

export interface Vm extends Resource {
  kind: 'virtualMachines';
  /** The machine's own id: in its metadata, and in its attested document. */
  vmId: string;
  isWindows: boolean;
  computerName: string;
  power: PowerState | null;
  powerSinceMs: number;
  /** The last boot, or null as long as it never was up. */
  bootedMs: number | null;
  isHibernated: boolean;
  /** Before this instant `/instanceView` does not know it. */
  viewFromMs: number;
  /** Why `provisioningState` is `Failed`. */
  failure: ErrorBody | null;
  fate: Fate;
  /** The network interfaces and disks that it uses. */
  nics: readonly Attachment[];
  disks: readonly (Attachment & { name: string; isOs: boolean; isEphemeral: boolean })[];
  /** Announced in its scheduled events. */
  eviction: { eventId: string; notBeforeMs: number } | null;
}

export interface DeploymentStep {
  operationId: string;
  provisioningOperation: 'Create' | 'EvaluateDeploymentOutput';
  state: 'Running' | 'Succeeded' | 'Failed';
  startedMs: number;
  endedMs: number;
  trackingId: string;
  /** E.g. `OK`, `Created`, `Conflict`. */
  statusCode: string | null;
  error: ErrorBody | null;
  target: { id: string; resourceType: string; resourceName: string } | null;
}

export interface Deployment extends Resource {
  kind: 'deployments';
  correlationId: string;
  mode: 'Incremental' | 'Complete';
  endedMs: number | null;
  error: ErrorBody | null;
  outputs: Json | null;
  steps: DeploymentStep[];
}

export type AnyResource = PublicIp | Nic | Disk | Vm | Deployment;

export interface Group {
  id: string;
  name: string;
  location: string;
  tags: Tags;
  managedBy: string | null;
  provisioningState: 'Succeeded' | 'Deleting';
}

/** Resources of one kind, by key, in the order of their creation. */
export type Shelf<T> = Map<string, T>;

/** Everything that a subscription holds. */
export class Subscription {
  readonly groups: Shelf<Group> = new Map();
  readonly publicIPAddresses: Shelf<PublicIp> = new Map();
  readonly networkInterfaces: Shelf<Nic> = new Map();
  readonly disks: Shelf<Disk> = new Map();
  readonly virtualMachines: Shelf<Vm> = new Map();
  readonly deployments: Shelf<Deployment> = new Map();

  /** All resources of a group but its deployments, which are no resources. */
  resourcesIn(group: string): (PublicIp | Nic | Disk | Vm)[] {
    const shelves = [this.virtualMachines, this.networkInterfaces, this.publicIPAddresses, this.disks];
    return shelves
      .flatMap((shelf) => [...shelf.values()])
      .filter((resource) => resource.group.toLowerCase() === group.toLowerCase());
  }
}

/** The type of each kind, as ids write it. */
export const typeOf: Readonly<Record<AnyResource['kind'], string>> = {
  publicIPAddresses: 'Microsoft.Network/publicIPAddresses',
  networkInterfaces: 'Microsoft.Network/networkInterfaces',
  disks: 'Microsoft.Compute/disks',
  virtualMachines: 'Microsoft.Compute/virtualMachines',
  deployments: 'Microsoft.Resources/deployments',
};
