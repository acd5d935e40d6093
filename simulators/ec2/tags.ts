import { possibleOwnersOf, volumeIdOf } from './addresses.ts';
import { checkTags } from './blueprint.ts';
import { endDryRun, instancesNamed, type Action } from './cloud.ts';
import { nextTokenXml, shownAfter } from './describe-instances.ts';
import { filterBy, tagKeyOf } from './filters.ts';
import type { Tag } from './form.ts';
import { pageOf, pageRequestOf } from './paging.ts';
import { missingParameter, Refusal } from './refusal.ts';
import { tagsOf, type Instance, type RegionState } from './state.ts';
import { element, set } from './wire.ts';

const mostResources = 1000;

/** CreateTags: adds or replaces tags of instances and of their volumes. */
export const createTags: Action = {
  parameters: new Set(['DryRun', 'ResourceId.N', 'Tag.N.Key', 'Tag.N.Value']),
  bucket: () => 'CreateTags',

  run({ region, form, nowMs, note }) {
    const resources = form.list('ResourceId');
    const tags = form.tags('Tag');
    if (resources.length === 0) {
      throw missingParameter('resourceIdSet');
    }
    if (tags.length === 0) {
      throw missingParameter('tagSet');
    }
    if (resources.length > mostResources) {
      throw new Refusal(
        'InvalidRequest',
        `The maximum number of resources that can be tagged at a time is ${mostResources}.`,
      );
    }
    const instances = instancesNamed(
      resources.filter((id) => !id.startsWith('vol-')),
      region,
      nowMs,
    );
    const volumes = resources
      .filter((id) => id.startsWith('vol-'))
      .map((id) => ({ id, owner: ownerOf(id, region, nowMs) }));
    const changes = [
      ...instances.map((instance) => ({
        tags: merged(instance.ownTags ?? instance.launch.blueprint.tags, tags),
        keep: (all: Tag[]): void => void (instance.ownTags = all),
      })),
      ...volumes.map(({ id, owner }) => ({
        tags: merged(volumeTagsOf(owner, id), tags),
        keep: (all: Tag[]): void => void (owner.ownVolumeTags ??= new Map()).set(id, all),
      })),
    ];
    for (const change of changes) {
      checkTags(change.tags);
    }
    endDryRun(form);
    for (const change of changes) {
      change.keep(change.tags);
    }
    note(instances.map(({ id }) => id));
    return '<return>true</return>';
  },
};

/** One tag of one resource. */
interface TagEntry extends Tag {
  resourceId: string;
  resourceType: 'instance' | 'volume';
  position: number;
}

/** DescribeTags: the tags of instances and of their volumes, one by one. */
export const describeTags: Action = {
  parameters: new Set(['DryRun', 'Filter.N.Name', 'Filter.N.Value.N', 'MaxResults', 'NextToken']),
  bucket: () => 'DescribeTags',

  run({ cloud, region, form, nowMs }) {
    const request = pageRequestOf(form, region.name);
    const isWanted = filterBy(form.filters(), tagField);
    endDryRun(form);
    // Within an instance tags are numbered by fractions, so that a page may end between two of them.
    const found = shownAfter(region, Math.ceil(request.after) - 1, nowMs)
      .flatMap((instance) => entriesOf(instance, nowMs))
      .filter((entry) => entry.position > request.after && isWanted(entry));
    const { items, nextToken } = pageOf(found, request, ({ position }) => position, cloud);
    const entries = items.map(
      ({ resourceId, resourceType, key, value }) =>
        element('resourceId', resourceId) +
        element('resourceType', resourceType) +
        element('key', key) +
        element('value', value),
    );
    return set('tagSet', entries) + nextTokenXml(nextToken);
  },
};

function entriesOf(instance: Instance, nowMs: number): TagEntry[] {
  const resources = [
    { id: instance.id, type: 'instance' as const, tags: tagsOf(instance, nowMs) },
    ...instance.launch.blueprint.devices.map((_device, place) => {
      const id = volumeIdOf(instance, place);
      return { id, type: 'volume' as const, tags: volumeTagsOf(instance, id) };
    }),
  ];
  const entries = resources.flatMap(({ id, type, tags }) =>
    tags.map((tag) => ({ ...tag, resourceId: id, resourceType: type })),
  );
  return entries.map((entry, place) => ({ ...entry, position: instance.serial - (entries.length - 1 - place) / 4096 }));
}

function volumeTagsOf(instance: Instance, volumeId: string): readonly Tag[] {
  return instance.ownVolumeTags?.get(volumeId) ?? instance.launch.blueprint.volumeTags;
}

function merged(old: readonly Tag[], added: readonly Tag[]): Tag[] {
  return [...new Map([...old, ...added].map((tag) => [tag.key, tag])).values()];
}

/** @throws Refusal for a volume that no visible instance has. */
function ownerOf(volumeId: string, region: RegionState, nowMs: number): Instance {
  const owner = possibleOwnersOf(volumeId)
    .map((id) => region.shown(id, nowMs))
    .find(
      (instance) =>
        instance?.launch.blueprint.devices.some((_device, place) => volumeIdOf(instance, place) === volumeId) === true,
    );
  if (owner === undefined) {
    throw new Refusal('InvalidVolume.NotFound', `The volume '${volumeId}' does not exist.`);
  }
  return owner;
}

const entryFields = new Map<string, (entry: TagEntry) => string>([
  ['key', ({ key }) => key],
  ['value', ({ value }) => value],
  ['resource-id', ({ resourceId }) => resourceId],
  ['resource-type', ({ resourceType }) => resourceType],
]);

function tagField(filterName: string): ((entry: TagEntry) => string | undefined) | undefined {
  const wanted = tagKeyOf(filterName);
  return wanted === undefined ? entryFields.get(filterName) : ({ key, value }) => (key === wanted ? value : undefined);
}
