import type { JsonObject } from '#core/json.ts';
import type { LaunchRequest } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import { objectsIn } from './members.ts';

/** A tag as EC2 takes it. */
export interface Tag {
  Key: string;
  Value: string;
}

/** The tag that says: this machine is ours; its value names the provider. */
export const ownershipTag = 'CreatedBy';

/** The value of the ownership tag for the machines of a provider. */
export function ownerMark(providerId: string): string {
  return `taskcluster-wm-${providerId}`;
}

/**
 * The TagSpecifications of a launch: those of the launch config, with our five tags on instance and volume
 * (spec/provisioning.md 6.3). EC2 refuses a resource type or a key that is given twice, so both are merged; of equal keys
 * ours win, because machines are found again by them.
 */
export function tagSpecifications(request: LaunchRequest, launchConfig: JsonObject): JsonObject[] {
  const { order, pool } = request;
  const ours: Tag[] = [
    { Key: ownershipTag, Value: ownerMark(order.providerId) },
    { Key: 'Owner', Value: pool.owner },
    { Key: 'ManagedBy', Value: 'taskcluster' },
    { Key: 'Name', Value: order.workerPoolId },
    { Key: 'WorkerPoolId', Value: order.workerPoolId },
  ];
  const given = objectsIn(launchConfig['TagSpecifications']);
  const typeOf = (specification: JsonObject): string | null => stringMember(specification, 'ResourceType');
  const tagsOf = (resourceType: string): JsonObject[] =>
    given
      .filter((specification) => typeOf(specification) === resourceType)
      .flatMap((specification) => objectsIn(specification['Tags']));
  const merged = ['instance', 'volume'].map((resourceType) => {
    const kept = tagsOf(resourceType).filter((tag) => !ours.some((our) => our.Key === tag['Key']));
    return { ResourceType: resourceType, Tags: [...kept, ...ours.map((our) => ({ ...our }))] };
  });
  const others = given.filter((specification) => !['instance', 'volume'].includes(typeOf(specification) ?? ''));
  return [...others, ...merged];
}
