import { inGroup, listAnswer } from './answers.ts';
import type { Call, Handler } from './call.ts';
import { Refusal } from './refusal.ts';
import { typeOf, type Disk, type Json, type Nic, type PublicIp, type Vm } from './state.ts';

type Listed = PublicIp | Nic | Disk | Vm;

/** What a filter may compare; names and values are the same however they are capitalized, values of tags are not. */
const comparable: Readonly<Record<string, (resource: Listed, value: string) => boolean>> = {
  resourcetype: ({ kind }, value) => isSame(typeOf[kind], value),
  resourcegroup: ({ group }, value) => isSame(group, value),
  location: ({ location }, value) => isSame(location, value),
  name: ({ name }, value) => isSame(name, value),
  tagname: ({ tags }, value) => Object.keys(tags).some((name) => isSame(name, value)),
};

/**
 * The resources of a group or of the subscription, without their properties
 * (https://learn.microsoft.com/rest/api/resources/resources/list). A filter is made of comparisons by `eq` that are
 * joined by `and`.
 */
export const resourceHandlers = {
  list: (call) => {
    const { subscription, dials } = call.cloud;
    const { isMeant, isByTagValue } = filterIn(call);
    const shelves = [
      inGroup(call, subscription.publicIPAddresses),
      inGroup(call, subscription.networkInterfaces),
      inGroup(call, subscription.disks),
      inGroup(call, subscription.virtualMachines),
    ];
    const all = shelves
      .flatMap((shelf): Listed[] => [...shelf])
      .filter(isMeant)
      .toSorted((a, b) => a.serial - b.serial);
    return listAnswer(call, all, dials.pageSize, (resource) => resourceJson(resource, !isByTagValue));
  },
} satisfies Record<string, Handler>;

/** "When filtering by a tag name and value, the tags for each resource are not returned in the results." */
function resourceJson({ id, name, kind, location, tags }: Listed, isWithTags: boolean): Json {
  return { id, name, type: typeOf[kind], location, ...(isWithTags ? { tags } : {}) };
}

function filterIn(call: Call): { isMeant: (resource: Listed) => boolean; isByTagValue: boolean } {
  const filter = call.query.get('$filter');
  const terms = filter === null ? [] : filter.split(/\s+and\s+/i).map(termOf);
  const tagName = terms.find(([name]) => name === 'tagname')?.[1] ?? '';
  const isMeant = (resource: Listed): boolean =>
    terms.every(([name, value]) =>
      name === 'tagvalue'
        ? Object.entries(resource.tags).some(([tag, text]) => isSame(tag, tagName) && text === value)
        : comparable[name]?.(resource, value),
    );
  return { isMeant, isByTagValue: terms.some(([name]) => name === 'tagvalue') };
}

function termOf(term: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^(\w+)\s+eq\s+'((?:[^']|'')*)'$/i.exec(term.trim()) ?? [];
  const key = name.toLowerCase();
  if (key !== 'tagvalue' && !Object.hasOwn(comparable, key)) {
    throw new Refusal('InvalidFilterInQueryString', `Invalid $filter '${term}' specified in the query string.`);
  }
  return [key, value.replaceAll("''", "'")];
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
