import { createHash } from 'node:crypto';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { accountScope } from '#providers/unavailable-provider.ts';
import { asObject, objectAt } from './members.ts';
import { quotaFamily } from './quota-family.ts';

/** Where a launch config's workers will be, and what else is closed when it is refused: the back-off scopes by their reason. */
export interface AzurePlace {
  location: string;
  vmSize: string;
  /** `regular` or `spot`. */
  priority: string;
  subnetId: string;
  /** The resource group. */
  group: string;
  /** Tells launch configs apart by what Azure gets to see of them. */
  digest: string;
  scopes: {
    account: string;
    /** E.g. `eastus`. */
    location: string;
    /** `eastus/calls`. */
    calls: string;
    /** E.g. `eastus/quota/standardFSv2Family`, `eastus/quota/spot`. */
    quota: string;
    /** `eastus/quota/cores`: all families together. */
    regionalQuota: string;
    /** `eastus/quota/network`: addresses and interfaces. */
    network: string;
    /** E.g. `eastus/addresses/…/subnets/default`. */
    addresses: string;
    /** E.g. `eastus/Standard_F8s_v2/spot`: a stock of machines. */
    capacity: string;
    /** E.g. `group/rg-workers`: its deployments. */
    group: string;
    /** E.g. `eastus/config/5f2d…`: these very settings, whatever the launch config's id. */
    configuration: string;
  };
}

/** What of a launch config decides where its machines are and what they count against. */
export interface Traits {
  location: string;
  vmSize: string;
  priority: string;
  subnetId: string;
  group: string;
  digest: string;
}

/** The size that is meant where a template chooses it by itself. */
const unknownSize = 'unknown';

export function placeBy({ location, vmSize, priority, subnetId, group, digest }: Traits): AzurePlace {
  const market = priority.toLowerCase() === 'spot' || priority.toLowerCase() === 'low' ? 'spot' : 'regular';
  return {
    location,
    vmSize,
    priority: market,
    subnetId,
    group,
    digest,
    scopes: {
      account: accountScope,
      location,
      calls: `${location}/calls`,
      // Spot machines of all families have one quota in a region (https://learn.microsoft.com/azure/virtual-machines/quotas).
      quota: `${location}/quota/${market === 'spot' ? 'spot' : quotaFamily(vmSize)}`,
      regionalQuota: `${location}/quota/cores`,
      network: `${location}/quota/network`,
      addresses: `${location}/addresses/${subnetId.toLowerCase()}`,
      capacity: `${location}/${vmSize}/${market}`,
      group: `group/${group.toLowerCase()}`,
      configuration: `${location}/config/${digest}`,
    },
  };
}

/** Reads a launch config's content (spec/api.md 5.6). @param defaultGroup the provider's resource group. */
export function placeOf(configuration: JsonObject, defaultGroup: string): AzurePlace {
  const digest = digestOf(configuration);
  if (!isTemplate(configuration)) {
    return placeBy({
      location: stringMember(configuration, 'location') ?? '',
      vmSize: stringMember(asObject(configuration['hardwareProfile']), 'vmSize') ?? unknownSize,
      priority: stringMember(configuration, 'priority') ?? 'Regular',
      subnetId: stringMember(configuration, 'subnetId') ?? '',
      group: defaultGroup,
      digest,
    });
  }
  const parameter = (name: string): string | null =>
    stringMember(objectAt(configuration, 'armDeployment', 'parameters', name), 'value');
  return placeBy({
    location: parameter('location') ?? '',
    vmSize: parameter('vmSize') ?? unknownSize,
    priority: parameter('priority') ?? 'Regular',
    subnetId: parameter('subnetId') ?? '',
    group: stringMember(configuration, 'armDeploymentResourceGroup') ?? defaultGroup,
    digest,
  });
}

/** Is it a launch config by a template? */
export function isTemplate(configuration: JsonObject): boolean {
  return configuration['armDeployment'] !== undefined;
}

/** What Azure gets to see of a configuration decides whether it can work: everything but the part for worker-manager itself. */
function digestOf(configuration: JsonObject): string {
  const { workerManager: _ours, capacityPerInstance: _oursToo, workerConfig: _theWorkers, ...told } = configuration;
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 16);
}
