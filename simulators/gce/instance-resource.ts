import { createHash } from 'node:crypto';
import type { JsonValue } from '#lib/json.ts';
import { privateIpOf, publicIpOf } from './addresses.ts';
import type { Mask } from './fields.ts';
import { pathOf, type Instance } from './instance.ts';
import { at, isTrueAt, listAt, objectAt, textAt } from './json.ts';
import { lastTime, statusAt } from './life.ts';
import { regionOf } from './region.ts';
import { linkTo, timestamp } from './wire.ts';

/** What is shown of an instance depends on the moment, which for stale lists lies in the past. */
export interface InstanceView {
  project: string;
  nowMs: number;
}

type Member = (instance: Instance, view: InstanceView) => unknown;

/** What is shown as it was sent. */
const echoed = [
  'advancedMachineFeatures',
  'confidentialInstanceConfig',
  'description',
  'displayDevice',
  'guestAccelerators',
  'keyRevocationActionType',
  'minCpuPlatform',
  'networkPerformanceConfig',
  'privateIpv6GoogleAccess',
  'reservationAffinity',
  'resourcePolicies',
] as const;

/** An instance as the API shows it (https://cloud.google.com/compute/docs/reference/rest/v1/instances). */
const members: Readonly<Record<string, Member>> = {
  kind: () => 'compute#instance',
  id: ({ id }) => id,
  creationTimestamp: ({ createdMs }) => timestamp(createdMs),
  name: ({ name }) => name,
  tags: ({ draft }) => {
    const items = listAt(draft.given, 'tags', 'items');
    return { items: items.length > 0 ? items : undefined, fingerprint: fingerprintOf(items) };
  },
  machineType: ({ zone, draft }, { project }) =>
    linkTo(`projects/${project}/zones/${zone}/machineTypes/${draft.machineType.name}`),
  status: ({ life, strangeStatus }, { nowMs }) => strangeStatus ?? statusAt(life, nowMs),
  zone: ({ zone }, { project }) => linkTo(`projects/${project}/zones/${zone}`),
  canIpForward: ({ draft }) => isTrueAt(draft.given, 'canIpForward'),
  networkInterfaces: networkInterfacesOf,
  disks: disksOf,
  metadata: ({ draft }) => ({
    kind: 'compute#metadata',
    fingerprint: fingerprintOf(draft.metadata),
    items: metadataItems(draft.metadata),
  }),
  serviceAccounts: ({ draft }) =>
    draft.account === undefined
      ? undefined
      : [
          {
            email: draft.account,
            scopes: listAt(draft.given, 'serviceAccounts').flatMap((account) => listAt(account, 'scopes')),
          },
        ],
  selfLink: (instance, { project }) => linkTo(pathOf(project, instance)),
  scheduling: ({ draft }) => ({
    ...objectAt(draft.given, 'scheduling'),
    onHostMaintenance: (
      textAt(draft.given, 'scheduling', 'onHostMaintenance') ?? (draft.isSpot ? 'TERMINATE' : 'MIGRATE')
    ).toUpperCase(),
    automaticRestart: draft.automaticRestart,
    preemptible: draft.isSpot,
    provisioningModel: draft.isSpot ? 'SPOT' : 'STANDARD',
    instanceTerminationAction: draft.isSpot ? draft.terminationAction : undefined,
  }),
  cpuPlatform: ({ draft, life }, { nowMs }) =>
    lastTime(life, 'RUNNING', nowMs) === undefined ? 'Unknown CPU Platform' : draft.machineType.cpuPlatform,
  labels: ({ draft }) => (Object.keys(draft.labels).length > 0 ? draft.labels : undefined),
  labelFingerprint: ({ draft }) => fingerprintOf(draft.labels),
  hostname: ({ hostname }) => hostname,
  startRestricted: () => false,
  deletionProtection: ({ draft }) => isTrueAt(draft.given, 'deletionProtection'),
  fingerprint: ({ id }) => fingerprintOf(id),
  lastStartTimestamp: ({ life }, { nowMs }) =>
    time(lastTime(life, 'STAGING', nowMs) ?? lastTime(life, 'RUNNING', nowMs)),
  lastStopTimestamp: ({ life }, { nowMs }) => time(lastTime(life, 'TERMINATED', nowMs)),
  lastSuspendedTimestamp: ({ life }, { nowMs }) => time(lastTime(life, 'SUSPENDED', nowMs)),
  shieldedInstanceConfig: ({ draft }) => ({
    enableSecureBoot: false,
    enableVtpm: true,
    enableIntegrityMonitoring: true,
    ...objectAt(draft.given, 'shieldedInstanceConfig'),
  }),
  satisfiesPzi: () => true,
  ...Object.fromEntries(echoed.map((name): [string, Member] => [name, ({ draft }) => at(draft.given, name)])),
};

/** The resource, or what a mask selects of its members; those that are not there are undefined. */
export function instanceJson(instance: Instance, view: InstanceView, mask?: Mask): Readonly<Record<string, unknown>> {
  const json: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(members)) {
    if (mask === undefined || mask.has(name) || mask.has('*')) {
      json[name] = member(instance, view);
    }
  }
  return json;
}

/** One member of the resource. */
export function instanceMember(instance: Instance, name: string, view: InstanceView): unknown {
  return members[name]?.(instance, view);
}

const fingerprints = new WeakMap<object, string>();

/** Some eight bytes that differ when the value does. */
function fingerprintOf(value: object | string): string {
  if (typeof value === 'string') {
    return digestOf(value);
  }
  const known = fingerprints.get(value) ?? digestOf(JSON.stringify(value));
  fingerprints.set(value, known);
  return known;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}

const itemsByMetadata = new WeakMap<object, readonly unknown[] | undefined>();

function metadataItems(metadata: Readonly<Record<string, string>>): readonly unknown[] | undefined {
  if (!itemsByMetadata.has(metadata)) {
    const items = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    itemsByMetadata.set(metadata, items.length > 0 ? items : undefined);
  }
  return itemsByMetadata.get(metadata);
}

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : timestamp(ms);
}

function networkInterfacesOf({ draft, zone, serial }: Instance, { project }: InstanceView): unknown {
  return listAt(draft.given, 'networkInterfaces').map((nic, index) => {
    const configs = listAt(nic, 'accessConfigs');
    const network = lastPart(textAt(nic, 'network') ?? 'default');
    return {
      kind: 'compute#networkInterface',
      network: linkTo(`projects/${project}/global/networks/${network}`),
      subnetwork: linkTo(
        `projects/${project}/regions/${regionOf(zone)}/subnetworks/${lastPart(textAt(nic, 'subnetwork') ?? network)}`,
      ),
      networkIP: privateIpOf(serial),
      name: `nic${index}`,
      accessConfigs:
        configs.length === 0
          ? undefined
          : configs.map((config) => ({
              kind: 'compute#accessConfig',
              type: 'ONE_TO_ONE_NAT',
              name: textAt(config, 'name') ?? 'external-nat',
              natIP: publicIpOf(serial),
              networkTier: textAt(config, 'networkTier') ?? 'PREMIUM',
            })),
      fingerprint: fingerprintOf(`${serial}`),
      stackType: textAt(nic, 'stackType') ?? 'IPV4_ONLY',
    };
  });
}

function disksOf({ draft, zone, name }: Instance, { project }: InstanceView): unknown {
  return listAt(draft.given, 'disks').map((disk, index) =>
    diskOf(disk, index, `projects/${project}/zones/${zone}`, name),
  );
}

function diskOf(disk: JsonValue, index: number, place: string, instance: string): unknown {
  const isScratch = textAt(disk, 'type') === 'SCRATCH';
  const diskName = textAt(disk, 'initializeParams', 'diskName') ?? (index === 0 ? instance : `${instance}-${index}`);
  return {
    kind: 'compute#attachedDisk',
    type: isScratch ? 'SCRATCH' : 'PERSISTENT',
    mode: textAt(disk, 'mode') ?? 'READ_WRITE',
    source: isScratch ? undefined : linkTo(textAt(disk, 'source') ?? `${place}/disks/${diskName}`),
    deviceName: textAt(disk, 'deviceName') ?? `persistent-disk-${index}`,
    index,
    boot: isTrueAt(disk, 'boot'),
    autoDelete: isTrueAt(disk, 'autoDelete'),
    interface: textAt(disk, 'interface') ?? 'SCSI',
    diskSizeGb: textAt(disk, 'initializeParams', 'diskSizeGb') ?? (isScratch ? '375' : '10'),
    architecture: 'X86_64',
  };
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
