import type { JsonObject } from '#core/json.ts';
import type { LaunchRequest } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import { asObject, textsIn } from './members.ts';
import { isTemplate } from './place.ts';
import type { AzurePlace } from './place.ts';

/** The tag that says: this is ours; its value names the provider. */
export const ownershipTag = 'created-by';
export const orderTag = 'order-id';
export const workerTag = 'worker-id';
/** `sequential` or `arm-template`. */
export const methodTag = 'deployment-method';

/** The value of the ownership tag for what a provider makes. */
export function ownerMark(providerId: string): string {
  return `taskcluster-wm-${providerId}`;
}

export function isOurs(resource: JsonObject, providerId: string): boolean {
  return tagOf(resource, ownershipTag) === ownerMark(providerId);
}

export function tagOf(resource: JsonObject, name: string): string | null {
  return stringMember(asObject(resource['tags']), name);
}

/** Azure's limit of a tag's value (https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources). */
const longestValue = 256;

/** What a launch config asks of the provider itself, as it is kept in a machine's tags: an adopted machine is judged by it, too. */
export interface Wishes {
  hasPublicIp: boolean;
  /** The deployment of a template stays after its success. */
  keepDeployment: boolean;
  /** Codes of failed provisioning that are no failure. */
  ignoredFailures: readonly string[];
}

/** Reads what the launch config says to worker-manager; one member also from its deprecated place. */
export function wishesOf(configuration: JsonObject): Wishes {
  const ours = asObject(configuration['workerManager']);
  return {
    hasPublicIp: ours['publicIp'] === true,
    keepDeployment: ours['keepDeployment'] === true,
    ignoredFailures: textsIn(ours['ignoreFailedProvisioningStates'] ?? configuration['ignoreFailedProvisioningStates']),
  };
}

const wishTags = {
  publicIp: 'public-ip',
  keep: 'keep-deployment',
  ignored: 'ignore-failed-provisioning-states',
  digest: 'launch-config-digest',
} as const;

/** What the tags say of a launch config's wishes. */
export function wishesIn(resource: JsonObject): Wishes {
  return {
    hasPublicIp: tagOf(resource, wishTags.publicIp) === 'true',
    keepDeployment: tagOf(resource, wishTags.keep) === 'true',
    ignoredFailures: (tagOf(resource, wishTags.ignored) ?? '').split(',').filter((code) => code !== ''),
  };
}

export function digestIn(resource: JsonObject): string {
  return tagOf(resource, wishTags.digest) ?? '';
}

/**
 * The tags of everything that is made for a worker: the launch config's under ours (spec/provisioning.md 8.3), which say whose it is, and by which
 * order and worker a sweep finds it again.
 */
export function tagsFor(
  { order, pool, configuration }: LaunchRequest,
  { workerId, rootUrl, place }: { workerId: string; rootUrl: string; place: AzurePlace },
): JsonObject {
  const { hasPublicIp, keepDeployment, ignoredFailures } = wishesOf(configuration);
  const ignored = ignoredFailures.join(',');
  return {
    ...asObject(configuration['tags']),
    [ownershipTag]: ownerMark(order.providerId),
    'managed-by': 'taskcluster',
    'provider-id': order.providerId,
    'worker-group': order.workerGroup,
    'worker-pool-id': order.workerPoolId,
    'root-url': rootUrl,
    owner: pool.owner,
    'launch-config-id': order.launchConfigId,
    [orderTag]: order.orderId,
    [workerTag]: workerId,
    [methodTag]: isTemplate(configuration) ? 'arm-template' : 'sequential',
    [wishTags.digest]: place.digest,
    ...(hasPublicIp ? { [wishTags.publicIp]: 'true' } : {}),
    ...(keepDeployment ? { [wishTags.keep]: 'true' } : {}),
    ...(ignored === '' || ignored.length > longestValue ? {} : { [wishTags.ignored]: ignored }),
  };
}
