import type { Answer, Call, Handler } from './call.ts';
import type { Operation } from './operation.ts';
import { Refusal } from './refusal.ts';

/**
 * The headers that show where to ask how an operation goes on
 * (https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations).
 *
 * @param isWithLocation whether there is a `Location` too, as for deletions and actions.
 */
export function operationHeaders(
  operation: Operation,
  call: Call,
  isWithLocation: boolean,
): Readonly<Record<string, string>> {
  const version = `api-version=${call.query.get('api-version') ?? ''}`;
  const { subscriptionId } = call.cloud;
  const root = `${call.origin}/subscriptions/${subscriptionId}`;
  const retryAfter = retryHeaders(call);
  if (operation.service === 'resources') {
    return { ...retryAfter, location: `${root}/operationresults/${operation.id}?${version}` };
  }
  if (operation.service === 'deployments') {
    const url = `${call.origin}${call.path}/operationStatuses/${operation.id}?${version}`;
    return { ...retryAfter, 'azure-asyncoperation': url };
  }
  const namespace = operation.service === 'compute' ? 'Microsoft.Compute' : 'Microsoft.Network';
  const place = `${root}/providers/${namespace}/locations/${operation.location}`;
  const url = `${place}/operations/${operation.id}?${version}`;
  const location =
    operation.service === 'compute' ? `${url}&monitor=true` : `${place}/operationResults/${operation.id}?${version}`;
  return { ...retryAfter, 'azure-asyncoperation': url, ...(isWithLocation ? { location } : {}) };
}

/** How an operation goes on, as the URL in `Azure-AsyncOperation` shows it. */
export const showOperation: Handler = (call) => {
  const operation = operationIn(call);
  if (call.query.get('monitor') === 'true') {
    return resultOf(operation, call);
  }
  const { id, status, error, startedMs, endedMs } = operation;
  const body = {
    startTime: new Date(startedMs).toISOString(),
    ...(endedMs === null ? {} : { endTime: new Date(endedMs).toISOString() }),
    status,
    ...(error === null ? {} : { error }),
    name: id,
  };
  return { status: 200, body, headers: status === 'InProgress' ? retryHeaders(call) : {} };
};

/** The same as the URL in `Location` shows it: 202 as long as it goes on, then what the request itself would have got. */
export const showResult: Handler = (call) => resultOf(operationIn(call), call);

function resultOf(operation: Operation, call: Call): Answer {
  if (operation.status === 'InProgress') {
    const url = `${call.origin}${call.path}?${call.query.toString()}`;
    return { status: 202, headers: { ...retryHeaders(call), location: url } };
  }
  if (operation.error !== null) {
    const { code, message, details = [] } = operation.error;
    throw new Refusal(code, message, 409, { details });
  }
  return { status: 200 };
}

function operationIn(call: Call): Operation {
  const id = call.names.at(-1) ?? '';
  const operation = call.cloud.operations.find(id, call.nowMs, call.cloud.dials.operationKeptMs);
  if (operation === undefined) {
    throw new Refusal('NotFound', `The operation '${id}' was not found.`, 404);
  }
  return operation;
}

function retryHeaders({ cloud }: Call): Readonly<Record<string, string>> {
  const seconds = cloud.dials.retryAfterSeconds;
  return seconds > 0 ? { 'retry-after': String(seconds) } : {};
}
