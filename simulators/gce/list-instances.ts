import type { JsonValue } from '#lib/json.ts';
import { maskAt, type Mask } from './fields.ts';
import type { Call, Route } from './call.ts';
import type { Predicate } from './filter.ts';
import type { Instance } from './instance.ts';
import { instanceJson, instanceMember, type InstanceView } from './instance-resource.ts';
import { instanceShape } from './instance-shape.ts';
import { listParameters, listShape, pageOf, pageRequestOf, writeToken, type PageRequest } from './list.ts';
import { at } from './json.ts';
import { Refusal } from './refusal.ts';
import { isShown, type Zone } from './zone.ts';
import { linkTo } from './wire.ts';

/** `instances.list` (https://cloud.google.com/compute/docs/reference/rest/v1/instances/list): one zone's instances. */
export const listInstances: Route = {
  action: 'instances.list',
  method: 'GET',
  path: /^zones\/(?<zone>[^/]+)\/instances$/,
  limit: 'list_requests_per_region',
  parameters: [...listParameters, 'view'],
  answer: listShape({ items: { list: instanceShape } }),

  run(call) {
    const { cloud, zone } = call;
    if (!cloud.faults.isReachable(zone.name)) {
      throw unreachable(zone.name);
    }
    const request = pageRequestOf(call, `instances of ${zone.name}`, instanceShape);
    const { items, isLast } = pageIn(call, zone, request, request.after[0] ?? '', request.most);
    const path = `projects/${cloud.project}/zones/${zone.name}/instances`;
    return {
      kind: 'compute#instanceList',
      id: path,
      items:
        items.length === 0 ? undefined : items.map((instance) => shownJson(call, instance, maskAt(call.mask, 'items'))),
      nextPageToken: isLast ? undefined : writeToken([items.at(-1)?.name ?? request.after[0] ?? ''], request),
      selfLink: linkTo(path),
    };
  },
};

/**
 * `instances.aggregatedList` (https://cloud.google.com/compute/docs/reference/rest/v1/instances/aggregatedList): the
 * instances of all zones, as many a page as of one zone. Zones without any on the page have a warning instead. A zone
 * that is not reached fails the call, unless it may succeed in part: then that zone's warning says so.
 */
export const aggregatedListInstances: Route = {
  action: 'instances.aggregatedList',
  method: 'GET',
  path: /^aggregated\/instances$/,
  limit: 'heavy_weight_read_requests',
  parameters: [...listParameters, 'includeAllScopes', 'serviceProjectNumber'],
  answer: listShape({
    items: { map: { members: { instances: { list: instanceShape }, warning: 'any' } } },
    unreachables: { list: 'string' },
  }),

  run(call) {
    const { cloud, query } = call;
    const missing = [...cloud.zones.keys()].filter((name) => !cloud.faults.isReachable(name));
    if (missing[0] !== undefined && query.get('returnPartialSuccess') !== 'true') {
      throw unreachable(missing[0]);
    }
    const request = pageRequestOf(call, 'instances', instanceShape);
    const { found, position } = collect(call, request);
    const mask = maskAt(call.mask, 'items', '*', 'instances');
    const items: Record<string, unknown> = {};
    for (const name of cloud.zones.keys()) {
      const instances = found.get(name) ?? [];
      const scope = `zones/${name}`;
      items[scope] =
        instances.length > 0
          ? { instances: instances.map((instance) => shownJson(call, instance, mask)) }
          : { warning: missing.includes(name) ? outOfReach(scope) : noResults(scope) };
    }
    if (query.get('includeAllScopes') === 'true') {
      for (const scope of ['global', ...cloud.regions.keys().map((region) => `regions/${region}`)]) {
        items[scope] = { warning: noResults(scope) };
      }
    }
    return {
      kind: 'compute#instanceAggregatedList',
      id: `projects/${cloud.project}/aggregated/instances`,
      items,
      nextPageToken: position === undefined ? undefined : writeToken(position, request),
      selfLink: linkTo(`projects/${cloud.project}/aggregated/instances`),
      unreachables: missing.length === 0 ? undefined : missing.map((name) => `zones/${name}`),
    };
  },
};

/** A page over all zones, and where it ends if there is more. */
function collect(
  call: Call,
  request: PageRequest,
): { found: Map<string, Instance[]>; position: readonly string[] | undefined } {
  const [fromZone = '', fromName = ''] = request.after;
  const found = new Map<string, Instance[]>();
  let room = request.most;
  for (const zone of call.cloud.zones.values()) {
    if (zone.name < fromZone || !call.cloud.faults.isReachable(zone.name)) {
      continue;
    }
    const after = zone.name === fromZone ? fromName : '';
    const { items, isLast } = pageIn(call, zone, request, after, room);
    found.set(zone.name, items);
    room -= items.length;
    if (!isLast) {
      return { found, position: [zone.name, items.at(-1)?.name ?? after] };
    }
  }
  return { found, position: undefined };
}

function pageIn(
  call: Call,
  zone: Zone,
  { predicate }: PageRequest,
  after: string,
  most: number,
): { items: Instance[]; isLast: boolean } {
  const view = viewOf(call);
  const isWanted = (instance: Instance): boolean =>
    isShown(instance, view.nowMs) && (predicate === undefined || passes(instance, predicate, view));
  return pageOf(zone.instances, after, most, isWanted);
}

function passes(instance: Instance, predicate: Predicate, view: InstanceView): boolean {
  return predicate(([name = '', ...rest]) =>
    at(instanceMember(instance, name, view) as JsonValue | undefined, ...rest),
  );
}

/** Lists show what was some time ago. */
function viewOf({ cloud, nowMs }: Call): InstanceView {
  return { project: cloud.project, nowMs: nowMs - cloud.faults.dials.staleListMs };
}

function shownJson(call: Call, instance: Instance, mask: Mask | undefined): unknown {
  return instanceJson(instance, viewOf(call), mask);
}

function noResults(scope: string): unknown {
  return {
    code: 'NO_RESULTS_ON_PAGE',
    message: `There are no results for scope '${scope}' on this page.`,
    data: [{ key: 'scope', value: scope }],
  };
}

function outOfReach(scope: string): unknown {
  return {
    code: 'UNREACHABLE',
    message: `The scope '${scope}' could not be reached.`,
    data: [{ key: 'scope', value: scope }],
  };
}

function unreachable(zone: string): Refusal {
  return new Refusal(503, 'backendError', `The zone '${zone}' could not be reached. Please try again.`);
}
