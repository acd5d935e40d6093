import { endDryRun, instancesNamed, type Action } from './cloud.ts';
import { instanceFilter } from './filters.ts';
import type { Form } from './form.ts';
import { instanceXml } from './instance-xml.ts';
import { indexAfter, pageOf, pageRequestOf } from './paging.ts';
import { Refusal } from './refusal.ts';
import { isShown, type Instance, type RegionState } from './state.ts';
import { element, set } from './wire.ts';

/** Above this many instances an answer without pages would time out at AWS, and fill the memory here. */
const mostWithoutPages = 20_000;

/** DescribeInstances: by ids, or by filters and pages; instances of one launch that follow each other as one item. */
export const describeInstances: Action = {
  parameters: new Set([
    'DryRun',
    'Filter.N.Name',
    'Filter.N.Value.N',
    'IncludeManagedResources',
    'InstanceId.N',
    'MaxResults',
    'NextToken',
  ]),
  bucket: (form) => describeBucket('DescribeInstances', form),

  run({ cloud, region, form, nowMs, note }) {
    const ids = form.list('InstanceId');
    for (const [name, shown] of [
      ['MaxResults', 'maxResults'],
      ['NextToken', 'nextToken'],
    ] as const) {
      if (ids.length > 0 && form.has(name)) {
        throw new Refusal(
          'InvalidParameterCombination',
          `The parameter instancesSet cannot be used with the parameter ${shown}`,
        );
      }
    }
    const request = pageRequestOf(form, region.name);
    const isWanted = instanceFilter(form.filters(), nowMs);
    const found =
      ids.length > 0
        ? instancesNamed(ids, region, nowMs).filter(isWanted)
        : shownAfter(region, request.after, nowMs).filter(isWanted);
    endDryRun(form);
    const { items, nextToken } = pageOf(found, request, serialOf, cloud);
    if (items.length > mostWithoutPages) {
      throw new Refusal('Unavailable', 'The request timed out. Use pages for a large number of instances.', 503);
    }
    note(items.map(({ id }) => id));
    return reservationsXml(items, cloud.accountId, nowMs) + nextTokenXml(nextToken);
  },
};

/** The bucket of a describe call: a smaller one where it names no filter, page size or instance. */
export function describeBucket(action: string, form: Form): string {
  const isNarrowed = ['Filter', 'MaxResults', 'NextToken', 'InstanceId'].some((name) => form.has(name));
  return isNarrowed ? action : `${action}:unfiltered`;
}

/** The instances that callers see, behind a position, one after the other as they are asked for. */
export function shownAfter(region: RegionState, after: number, nowMs: number): IteratorObject<Instance> {
  const { instances } = region;
  let index = indexAfter(instances, after, serialOf) - 1;
  return Iterator.from({
    next(): IteratorResult<Instance, undefined> {
      for (;;) {
        index += 1;
        const instance = instances[index];
        if (instance === undefined) {
          return { done: true, value: undefined };
        }
        if (isShown(instance, nowMs)) {
          return { done: false, value: instance };
        }
      }
    },
  });
}

/** The position of an instance in all lists. */
export function serialOf({ serial }: Instance): number {
  return serial;
}

/** `<nextToken>`, where there is a next page. */
export function nextTokenXml(nextToken: string | undefined): string {
  return nextToken === undefined ? '' : element('nextToken', nextToken);
}

function reservationsXml(instances: readonly Instance[], accountId: string, nowMs: number): string {
  const reservations: string[] = [];
  let items: string[] = [];
  for (const [place, instance] of instances.entries()) {
    items.push(instanceXml(instance, nowMs));
    if (instances[place + 1]?.launch !== instance.launch) {
      reservations.push(
        `${element('reservationId', instance.launch.reservationId)}${element('ownerId', accountId)}<groupSet/>${set('instancesSet', items)}`,
      );
      items = [];
    }
  }
  return set('reservationSet', reservations);
}
