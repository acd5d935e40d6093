import { createHash } from 'node:crypto';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { accountScope } from '#providers/unavailable-provider.ts';
import { asObject, lastPart, objectsIn } from './members.ts';

/** Calls of one kind share a limit; the names are those of `apiRateLimits` (spec/provisioning.md 5.1). */
export const callKinds = ['query', 'get', 'list', 'opRead'] as const;
/** `query`: what changes something. `get`: one thing. `list`: pages. `opRead`: one operation. */
export type CallKind = (typeof callKinds)[number];

/** Spot machines (and preemptible ones, their predecessors) have a stock and, where asked for, quotas of their own. */
export type Market = 'standard' | 'spot';

/**
 * What the back-off scopes of a machine follow from. A launch records it, because a failure may show when only the
 * worker is at hand.
 */
export interface Placement {
  zone: string;
  /** E.g. `n2-standard-4`. */
  machineType: string;
  market: Market;
  /** E.g. `nvidia-tesla-t4x1`; empty: none. */
  accelerators: string;
  /** A digest of the launch config; null of a machine that was found and not launched. */
  configuration: string | null;
}

/** The back-off scopes by what is refused. */
export interface GoogleScopes {
  account: string;
  /** E.g. `calls/query`. */
  calls: string;
  /** E.g. `us-west1-b`. */
  zone: string;
  /** E.g. `us-west1-b/n2-standard-4/spot`: a stock of machines. */
  capacity: string;
  /** E.g. `us-west1/addresses`: what a subnet or the region has left of them. */
  addresses: string;
  /** E.g. `us-west1/quota/cpus/n2/spot`. */
  cpuQuota: string;
  /** E.g. `us-west1/quota/gpus/nvidia-tesla-t4x1/standard`. */
  gpuQuota: string;
  /** E.g. `us-west1/quota/disks`. */
  diskQuota: string;
  /** E.g. `us-west1/quota/addresses`. */
  addressQuota: string;
  /** E.g. `us-west1/quota`: any other limit of the region. */
  regionQuota: string;
  /** `quota`: a limit of the project over all regions. */
  projectQuota: string;
  /** E.g. `us-west1-b/config/5f2d…`: these very settings, whatever the launch config's id. */
  configuration: string;
}

/** Reads a launch config's content (spec/api.md 5.5). */
export function placementOf(configuration: JsonObject): Placement {
  const scheduling = asObject(configuration['scheduling']);
  return {
    zone: stringMember(configuration, 'zone') ?? '',
    machineType: lastPart(stringMember(configuration, 'machineType') ?? ''),
    market: marketOf(scheduling),
    accelerators: acceleratorsOf(objectsIn(configuration['guestAccelerators'])),
    configuration: digestOf(configuration),
  };
}

/** What a launch recorded of a worker's placement, in its provider data. */
export function recordedPlacement(providerData: JsonObject, zone: string): Placement {
  return {
    zone,
    machineType: stringMember(providerData, 'machineType') ?? '',
    market: stringMember(providerData, 'market') === 'spot' ? 'spot' : 'standard',
    accelerators: stringMember(providerData, 'accelerators') ?? '',
    configuration: stringMember(providerData, 'configuration'),
  };
}

export function marketOf(scheduling: JsonObject): Market {
  const isSpot = scheduling['provisioningModel'] === 'SPOT' || scheduling['preemptible'] === true;
  return isSpot ? 'spot' : 'standard';
}

export function acceleratorsOf(accelerators: readonly JsonObject[]): string {
  return accelerators
    .map((one) => `${lastPart(stringMember(one, 'acceleratorType') ?? '')}x${Number(one['acceleratorCount'] ?? 0)}`)
    .join('+');
}

/** A zone's name is its region's with a letter: `us-west1-b` lies in `us-west1`. */
function regionOf(zone: string): string {
  return zone.slice(0, Math.max(0, zone.lastIndexOf('-'))) || zone;
}

export function scopesOf(placement: Placement): GoogleScopes {
  const { zone, machineType, market, accelerators, configuration } = placement;
  const region = regionOf(zone);
  const kind = accelerators === '' ? machineType : `${machineType}+${accelerators}`;
  const capacity = `${zone}/${kind}/${market}`;
  return {
    ...zoneScopes(zone, 'query'),
    capacity,
    cpuQuota: `${region}/quota/cpus/${cpuFamily(machineType)}/${market}`,
    gpuQuota: `${region}/quota/gpus/${accelerators || 'none'}/${market}`,
    configuration: configuration === null ? capacity : `${zone}/config/${configuration}`,
  };
}

/** The back-off scopes of calls that have no launch config: nothing narrower than the zone can be told. */
export function zoneScopes(zone: string, kind: CallKind): GoogleScopes {
  const region = regionOf(zone);
  return {
    account: accountScope,
    calls: `calls/${kind}`,
    zone,
    capacity: zone,
    addresses: `${region}/addresses`,
    cpuQuota: `${region}/quota`,
    gpuQuota: `${region}/quota`,
    diskQuota: `${region}/quota/disks`,
    addressQuota: `${region}/quota/addresses`,
    regionQuota: `${region}/quota`,
    projectQuota: 'quota',
    configuration: zone,
  };
}

/**
 * The machine series whose vCPUs are counted together: N1, E2, F1 and G1 against `CPUS`, others against a quota of their own such as
 * `N2_CPUS` (https://cloud.google.com/compute/resource-usage). Custom types without a series (`custom-4-8192`) are N1.
 */
function cpuFamily(machineType: string): string {
  const series = machineType.split('-', 1)[0] ?? '';
  return ['n1', 'e2', 'f1', 'g1', 'custom', ''].includes(series) ? 'shared' : series;
}

/** What Google gets to see of a configuration decides whether it can work: everything but the part for worker-manager itself. */
function digestOf(configuration: JsonObject): string {
  const { workerManager: _ours, capacityPerInstance: _oursToo, ...told } = configuration;
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 16);
}
