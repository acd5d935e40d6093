import { keyIn, nameIn, type Answer, type Call, type Made } from './call.ts';
import { groupNamed } from './envelope.ts';
import type { Operation } from './operation.ts';
import { operationHeaders } from './operation-links.ts';
import { Refusal, resourceNotFound } from './refusal.ts';
import { typeOf, type AnyResource, type Json, type Shelf } from './state.ts';

/** The resource that the call names. @throws Refusal 404 where callers cannot see it (yet). */
export function resourceIn<T extends AnyResource>(call: Call, shelf: Shelf<T>, kind: T['kind']): T {
  groupNamed(call.group, call.cloud, 'look');
  const resource = shelf.get(keyIn(call, typeOf[kind]));
  if (resource === undefined || call.nowMs < resource.visibleFromMs) {
    throw resourceNotFound(typeOf[kind], nameIn(call), call.group);
  }
  call.note([resource.name]);
  return resource;
}

/** The answer to a PUT: 201 for what is new, 200 else, and where to ask for its operation. */
export function madeAnswer<T extends AnyResource>(call: Call, made: Made<T>, view: (resource: T) => Json): Answer {
  const { resource, operation, isNew } = made;
  call.note([resource.name]);
  if (!isNew && operation === null) {
    call.cloud.logbook.count('replayed', 1);
  }
  return {
    status: isNew ? 201 : 200,
    body: view(resource),
    headers: operation === null ? {} : operationHeaders(operation, call, false),
  };
}

/** The answer to a DELETE: 204 where nothing was there, else 202 and where to ask for its operation. */
export function deletedAnswer(call: Call, operation: Operation | null): Answer {
  call.note([nameIn(call)]);
  return operation === null ? { status: 204 } : { status: 202, headers: operationHeaders(operation, call, true) };
}

/**
 * A page of a list, with `nextLink` where there is more. Positions are serial numbers, which grow: what comes or goes
 * in between neither repeats nor hides others.
 */
export function listAnswer<T extends { serial: number; visibleFromMs: number }>(
  call: Call,
  all: Iterable<T>,
  pageSize: number,
  view: (resource: T) => unknown,
): Answer {
  const after = positionIn(call);
  const value: unknown[] = [];
  let last = after;
  for (const resource of all) {
    if (resource.serial > after && call.nowMs >= resource.visibleFromMs) {
      if (value.length >= pageSize) {
        return { status: 200, body: { value, nextLink: linkFor(call, last) } };
      }
      value.push(view(resource));
      last = resource.serial;
    }
  }
  return { status: 200, body: { value } };
}

/** Those of a group, or all where none is named. @throws Refusal where the group does not exist. */
export function* inGroup<T extends AnyResource>(call: Call, shelf: Shelf<T>): Iterable<T> {
  const group = call.group.toLowerCase();
  if (group !== '') {
    groupNamed(call.group, call.cloud, 'look');
  }
  for (const resource of shelf.values()) {
    if (group === '' || resource.group.toLowerCase() === group) {
      yield resource;
    }
  }
}

/** What a request gets while another one is at work on the same resource: each provider has its own words. */
export function alreadyAtWork(operation: Operation, subscriptionId: string): Refusal {
  if (operation.service === 'compute') {
    return new Refusal(
      'Conflict',
      'The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/activitylog to get more details on the conflicting requests.',
      409,
    );
  }
  return new Refusal(
    'AnotherOperationInProgress',
    `Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: https://management.azure.com/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${operation.location}/operations/${operation.id}.`,
    429,
    { retryAfterSeconds: 10 },
  );
}

function positionIn(call: Call): number {
  const token = call.query.get('$skiptoken') ?? call.query.get('$skipToken');
  if (token === null) {
    return 0;
  }
  const position = Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(position) || position <= 0) {
    throw new Refusal('InvalidSkipToken', `The value '${token}' of the query parameter '$skiptoken' is not valid.`);
  }
  return position;
}

function linkFor(call: Call, position: number): string {
  const query = new URLSearchParams(call.query);
  query.delete('$skipToken');
  query.set('$skiptoken', Buffer.from(String(position)).toString('base64url'));
  return `${call.origin}${call.path}?${query.toString()}`;
}
