import type { JsonValue } from '#lib/json.ts';
import type { Call, Route } from './call.ts';
import { maskAt, masked } from './fields.ts';
import { listParameters, listShape, pageOf, pageRequestOf, writeToken } from './list.ts';
import type { Operation } from './operation.ts';
import { operationJson, operationMember, operationShape } from './operation-resource.ts';
import { notFound } from './refusal.ts';
import { linkTo } from './wire.ts';
import { at } from './json.ts';

const longestWaitMs = 120_000;

/** `zoneOperations.get` (https://cloud.google.com/compute/docs/reference/rest/v1/zoneOperations/get). */
export const getZoneOperation: Route = {
  action: 'zoneOperations.get',
  method: 'GET',
  path: /^zones\/(?<zone>[^/]+)\/operations\/(?<operation>[^/]+)$/,
  limit: 'operation_read_requests_per_region',
  parameters: [],
  answer: operationShape,
  run: (call) => operationJson(operationNamed(call), call),
};

/**
 * `zoneOperations.wait` (https://cloud.google.com/compute/docs/reference/rest/v1/zoneOperations/wait): answers when the
 * operation is done, or after two minutes, whatever it is then.
 */
export const waitForZoneOperation: Route = {
  action: 'zoneOperations.wait',
  method: 'POST',
  path: /^zones\/(?<zone>[^/]+)\/operations\/(?<operation>[^/]+)\/wait$/,
  limit: 'heavy_weight_read_requests_per_region',
  parameters: [],
  answer: operationShape,
  holdMs: (call) => Math.max(0, Math.min(longestWaitMs, operationNamed(call).endMs - call.nowMs)),
  run: (call) => operationJson(operationNamed(call), call),
};

/** `zoneOperations.list` (https://cloud.google.com/compute/docs/reference/rest/v1/zoneOperations/list). */
export const listZoneOperations: Route = {
  action: 'zoneOperations.list',
  method: 'GET',
  path: /^zones\/(?<zone>[^/]+)\/operations$/,
  limit: 'list_requests_per_region',
  parameters: listParameters,
  answer: listShape({ items: { list: operationShape } }),

  run(call) {
    const { cloud, zone, nowMs } = call;
    const request = pageRequestOf(call, `operations of ${zone.name}`, operationShape);
    const { predicate, most, after } = request;
    const isWanted = (operation: Operation): boolean =>
      hasBegun(operation, nowMs) &&
      (predicate === undefined ||
        predicate(([name = '', ...rest]) =>
          at(operationMember(operation, name, call) as JsonValue | undefined, ...rest),
        ));
    const { items, isLast } = pageOf(zone.operations.sorted, after[0] ?? '', most, isWanted);
    const path = `projects/${cloud.project}/zones/${zone.name}/operations`;
    const mask = maskAt(call.mask, 'items') ?? null;
    return {
      kind: 'compute#operationList',
      id: path,
      items: items.length === 0 ? undefined : items.map((operation) => masked(operationJson(operation, call), mask)),
      nextPageToken: isLast ? undefined : writeToken([items.at(-1)?.name ?? after[0] ?? ''], request),
      selfLink: linkTo(path),
    };
  },
};

/** `globalOperations.get`: instances have no global operations, so that none is found. */
export const getGlobalOperation: Route = {
  action: 'globalOperations.get',
  method: 'GET',
  path: /^global\/operations\/(?<operation>[^/]+)$/,
  limit: 'operation_read_requests',
  parameters: [],
  answer: operationShape,

  run({ cloud, param }) {
    throw notFound(`projects/${cloud.project}/global/operations/${param('operation')}`);
  },
};

/** @throws Refusal where there is none of that name or id in the zone. */
function operationNamed({ cloud, zone, param, nowMs }: Call): Operation {
  const name = param('operation');
  const operation = zone.operations.find(name);
  if (operation === undefined || !hasBegun(operation, nowMs)) {
    throw notFound(`projects/${cloud.project}/zones/${zone.name}/operations/${name}`);
  }
  return operation;
}

/** Those of planned events are there before they begin. */
function hasBegun({ insertMs }: Operation, nowMs: number): boolean {
  return nowMs >= insertMs;
}
