import type { JsonObject } from '#core/json.ts';
import type { LaunchedWorker } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import type { FleetWorker } from '#core/provider.ts';
import { asObject, objectAt, objectsIn, textsIn } from './members.ts';
import { dataDiskName, namesOf } from './names.ts';
import type { MachineNames } from './names.ts';
import { placeBy } from './place.ts';
import type { AzurePlace } from './place.ts';
import { digestIn, methodTag, wishesIn } from './tags.ts';
import type { Wishes } from './tags.ts';

/** How a machine was made. */
export type DeploymentMethod = 'sequential' | 'arm-template';

/**
 * What is known of a worker's machine: recorded at its launch and, in the same form, read from its tags. Names, sizes and flags only, no copy of the
 * launch config (P-44); the names follow from the worker's id.
 */
export interface MachineRecord extends Wishes {
  workerId: string;
  method: DeploymentMethod;
  location: string;
  group: string;
  vmSize: string;
  priority: string;
  /** Of a subnet that the launch config names; empty where it is not known. */
  subnetId: string;
  digest: string;
  launchConfigId: string;
  /** Azure's own id of the machine, which its proof must name; null as long as it is not known. */
  vmId: string | null;
  /** Of a machine made by resources; what a template makes is found by looking. */
  dataDisks: number;
}

/** What is stored of it (spec/provisioning.md 8.4). */
function providerDataOf(record: MachineRecord): JsonObject {
  const names = namesOf(record.workerId);
  const isTemplate = record.method === 'arm-template';
  return {
    deploymentMethod: record.method,
    location: record.location,
    resourceGroupName: record.group,
    vm: { name: names.vm, computerName: names.computer, ...(record.vmId === null ? {} : { vmId: record.vmId }) },
    vmSize: record.vmSize,
    priority: record.priority,
    subnet: { id: record.subnetId },
    configuration: record.digest,
    launchConfigId: record.launchConfigId,
    skipPublicIp: !record.hasPublicIp,
    ignoreFailedProvisioningStates: record.ignoredFailures,
    ...(isTemplate
      ? { deployment: { name: names.deployment }, keepDeployment: record.keepDeployment }
      : { nic: { name: names.nic }, ip: { name: names.ip }, disks: diskNames(record).map((name) => ({ name })) }),
  };
}

/** The disks of a machine made by resources. */
export function diskNames({ workerId, dataDisks }: Pick<MachineRecord, 'workerId' | 'dataDisks'>): string[] {
  return [
    namesOf(workerId).osDisk,
    ...Array.from({ length: dataDisks }, (_none, index) => dataDiskName(workerId, index + 1)),
  ];
}

export function launchedWorker(record: MachineRecord): LaunchedWorker {
  return { workerGroup: record.location, workerId: record.workerId, providerData: providerDataOf(record) };
}

/** Reads what a launch or a sighting recorded. @param defaultGroup where it says nothing. */
export function recordOf({ workerId, workerGroup, providerData }: FleetWorker, defaultGroup: string): MachineRecord {
  return {
    workerId,
    method: providerData['deploymentMethod'] === 'arm-template' ? 'arm-template' : 'sequential',
    location: stringMember(providerData, 'location') ?? workerGroup,
    group: stringMember(providerData, 'resourceGroupName') ?? defaultGroup,
    vmSize: stringMember(providerData, 'vmSize') ?? 'unknown',
    priority: stringMember(providerData, 'priority') ?? 'regular',
    subnetId: stringMember(objectAt(providerData, 'subnet'), 'id') ?? '',
    digest: stringMember(providerData, 'configuration') ?? '',
    launchConfigId: stringMember(providerData, 'launchConfigId') ?? '',
    vmId: stringMember(objectAt(providerData, 'vm'), 'vmId'),
    dataDisks: Math.max(0, objectsIn(providerData['disks']).length - 1),
    hasPublicIp: providerData['skipPublicIp'] === false,
    keepDeployment: providerData['keepDeployment'] === true,
    ignoredFailures: textsIn(providerData['ignoreFailedProvisioningStates']),
  };
}

/** What the tags and the properties of a resource (a machine or a deployment, at best) tell of its worker. @param group the resource's own. */
export function recordFrom(resource: JsonObject, workerId: string, group: string): MachineRecord {
  const properties = asObject(resource['properties']);
  const tags = asObject(resource['tags']);
  const parameter = (name: string): string | null => stringMember(objectAt(properties, 'parameters', name), 'value');
  return {
    workerId,
    method: tags[methodTag] === 'arm-template' ? 'arm-template' : 'sequential',
    location: stringMember(tags, 'worker-group') ?? stringMember(resource, 'location') ?? '',
    group,
    vmSize: stringMember(objectAt(properties, 'hardwareProfile'), 'vmSize') ?? parameter('vmSize') ?? 'unknown',
    priority:
      (stringMember(properties, 'priority') ?? parameter('priority'))?.toLowerCase() === 'spot' ? 'spot' : 'regular',
    subnetId: parameter('subnetId') ?? '',
    digest: digestIn(resource),
    launchConfigId: stringMember(tags, 'launch-config-id') ?? '',
    vmId: stringMember(properties, 'vmId'),
    dataDisks: objectsIn(objectAt(properties, 'storageProfile')['dataDisks']).length,
    ...wishesIn(resource),
  };
}

/** The back-off scopes that the launch config of a machine names. */
export function scopesOf(record: MachineRecord): AzurePlace['scopes'] {
  return placeBy(record).scopes;
}

/** The names of one machine. */
export function machineNames(record: Pick<MachineRecord, 'workerId'>): MachineNames {
  return namesOf(record.workerId);
}
