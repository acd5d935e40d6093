import type { Call } from './call.ts';
import type { Operation } from './operation.ts';
import { operationJson } from './operation-resource.ts';
import { invalidValue } from './refusal.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Answers a call that begins an operation. With a request id it does so once: a repeat gets the operation that the first
 * call began, failed or not, whatever else it says. Ids are kept per kind of call and zone, for the time of the dial
 * `requestIdKeptMs`; Google does not say how long it keeps them, nor whether a zone's ids are its own.
 *
 * @throws Refusal for an id that is no UUID, or the zero one.
 */
export function once(
  call: Call,
  kind: 'insert' | 'bulkInsert' | 'delete',
  begin: (requestId: string | undefined) => Operation,
): unknown {
  const { cloud, zone, query, note } = call;
  const requestId = query.get('requestId') ?? undefined;
  if (requestId !== undefined && (!uuid.test(requestId) || /^[0-]+$/.test(requestId))) {
    throw invalidValue('requestId', requestId, 'Must be a valid UUID.');
  }
  const earlier = requestId === undefined ? undefined : zone.requested(kind, requestId);
  if (earlier !== undefined) {
    cloud.logbook.count('replayed', 1);
    note(earlier.targetId === undefined ? [] : [earlier.targetId]);
    return operationJson(earlier, call);
  }
  const operation = begin(requestId);
  if (requestId !== undefined) {
    zone.rememberRequest(kind, requestId, operation);
  }
  return operationJson(operation, call);
}
