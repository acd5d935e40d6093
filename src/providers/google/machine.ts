import type { JsonObject, JsonValue } from '#core/json.ts';
import type { LaunchRequest } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import { diskLabels, machineLabels } from './labels.ts';
import type { MachineName } from './machine-names.ts';
import { asObject, lastPart, objectsIn } from './members.ts';

/** What the machine's rights are bounded by is its service account's roles, not this. */
const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';

/** The metadata item by which worker-runner finds its way (spec/provisioning.md 11.2). */
const metadataKey = 'taskcluster';

/** What all machines of an order have alike: the launch config with what is ours (spec/provisioning.md 7.3). */
export function machineProperties(request: LaunchRequest, serviceAccount: string, rootUrl: string): JsonObject {
  const {
    region: _region,
    zone: _zone,
    workerConfig: _workerConfig,
    workerManager: _workerManager,
    capacityPerInstance: _capacityPerInstance,
    name: _name,
    ...given
  } = request.configuration;
  const labels = machineLabels(request, asObject(given['labels']));
  return {
    ...given,
    labels,
    description: stringMember(given, 'description') ?? request.pool.description,
    disks: objectsIn(given['disks']).map((disk) => labelledDisk(disk, labels)),
    serviceAccounts: [{ email: serviceAccount, scopes: [cloudPlatform] }],
    scheduling: { ...asObject(given['scheduling']), automaticRestart: false },
    metadata: metadataOf(request, asObject(given['metadata']), rootUrl),
  };
}

/** The body of instances.insert for one machine. */
export function insertBody(properties: JsonObject, { name }: MachineName): JsonObject {
  return { ...properties, name };
}

/** The body of instances.bulkInsert for several machines; at least one must be had, fewer than asked for are a success (P-42). */
export function bulkInsertBody(properties: JsonObject, machines: readonly MachineName[]): JsonObject {
  return {
    count: String(machines.length),
    minCount: '1',
    perInstanceProperties: Object.fromEntries(machines.map(({ name }) => [name, {}])),
    instanceProperties: withBareNames(properties),
  };
}

/**
 * Members that bulkInsert takes: those of InstanceProperties
 * (https://cloud.google.com/compute/docs/reference/rest/v1/instances/bulkInsert).
 */
const bulkMembers: ReadonlySet<string> = new Set([
  'advancedMachineFeatures',
  'canIpForward',
  'confidentialInstanceConfig',
  'description',
  'disks',
  'guestAccelerators',
  'keyRevocationActionType',
  'labels',
  'localSsdEncryptionMode',
  'machineType',
  'metadata',
  'minCpuPlatform',
  'networkInterfaces',
  'networkPerformanceConfig',
  'privateIpv6GoogleAccess',
  'reservationAffinity',
  'resourcePolicies',
  'scheduling',
  'serviceAccounts',
  'shieldedInstanceConfig',
  'tags',
]);

/**
 * Can one call start several such machines? Not where a member is unknown to it or names a thing that only one can have (a disk, an address),
 * nor with what Google excludes: customer-supplied keys, boot disks from snapshots, sole-tenant nodes
 * (https://cloud.google.com/compute/docs/instances/multiple/about-bulk-creation#limitations).
 */
export function isBulkable(properties: JsonObject): boolean {
  const interfaces = objectsIn(properties['networkInterfaces']);
  return (
    Object.keys(properties).every((member) => bulkMembers.has(member)) &&
    objectsIn(properties['disks']).every(isBulkableDisk) &&
    interfaces.every((one) => one['networkIP'] === undefined && !hasOwnAddress(one)) &&
    asObject(properties['scheduling'])['nodeAffinities'] === undefined
  );
}

function isBulkableDisk(disk: JsonObject): boolean {
  const parameters = asObject(disk['initializeParams']);
  return (
    disk['source'] === undefined &&
    disk['diskEncryptionKey'] === undefined &&
    parameters['sourceSnapshot'] === undefined &&
    parameters['diskName'] === undefined
  );
}

function hasOwnAddress(networkInterface: JsonObject): boolean {
  return objectsIn(networkInterface['accessConfigs']).some((config) => config['natIP'] !== undefined);
}

/** Where insert takes URLs or parts of them, bulkInsert takes bare names (there, InstanceProperties). */
function withBareNames(properties: JsonObject): JsonObject {
  const bare = (value: JsonValue | undefined): JsonValue =>
    typeof value === 'string' ? lastPart(value) : (value ?? null);
  const disks = objectsIn(properties['disks']).map((disk) => {
    const parameters = asObject(disk['initializeParams']);
    return parameters['diskType'] === undefined
      ? disk
      : { ...disk, initializeParams: { ...parameters, diskType: bare(parameters['diskType']) } };
  });
  const accelerators = objectsIn(properties['guestAccelerators']);
  return {
    ...properties,
    machineType: bare(properties['machineType']),
    disks,
    ...(accelerators.length === 0
      ? {}
      : {
          guestAccelerators: accelerators.map((one) => ({ ...one, acceleratorType: bare(one['acceleratorType']) })),
        }),
  };
}

/**
 * Labels stand under `initializeParams`; on the disk itself, where launch configs may have them, they are not valid. Only what is made with the machine
 * can be given any: no local disk, and none that exists already.
 */
function labelledDisk(disk: JsonObject, labels: Readonly<Record<string, string>>): JsonObject {
  const { labels: misplaced, ...rest } = disk;
  const type = stringMember(disk, 'type') ?? 'PERSISTENT';
  if (type !== 'PERSISTENT' || disk['source'] !== undefined) {
    return rest;
  }
  const parameters = asObject(disk['initializeParams']);
  const merged = diskLabels(labels, asObject(parameters['labels']), asObject(misplaced));
  return { ...rest, initializeParams: { ...parameters, labels: merged } };
}

function metadataOf({ order, configuration }: LaunchRequest, metadata: JsonObject, rootUrl: string): JsonObject {
  const told: JsonObject = {
    workerPoolId: order.workerPoolId,
    providerId: order.providerId,
    workerGroup: order.workerGroup,
    rootUrl,
    // Ignored by today's worker-runner, which gets its workerConfig at the registration; kept for old ones.
    workerConfig: asObject(configuration['workerConfig']),
  };
  const given = objectsIn(metadata['items']).filter((item) => item['key'] !== metadataKey);
  return { ...metadata, items: [...given, { key: metadataKey, value: JSON.stringify(told) }] };
}
