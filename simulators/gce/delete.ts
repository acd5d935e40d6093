import { draw } from '#simulators/range.ts';
import { endOf } from './birth.ts';
import type { Call, Route } from './call.ts';
import { operationErrorOf, type OperationFault, type StuckFault } from './faults.ts';
import { pathOf, type Instance } from './instance.ts';
import { instanceNamed } from './instance-named.ts';
import { isTrueAt } from './json.ts';
import { statusAt } from './life.ts';
import type { Operation } from './operation.ts';
import { Refusal } from './refusal.ts';
import { once } from './request-id.ts';

/**
 * `instances.delete` (https://cloud.google.com/compute/docs/reference/rest/v1/instances/delete): the instance is
 * `STOPPING` at once and gone when the operation is done; from then on it is not found. A second delete meanwhile gets an
 * operation of its own, which is done at the same time. The insert of an instance that is still being created ends with
 * 409 in its operation.
 */
export const deleteInstance: Route = {
  action: 'instances.delete',
  method: 'DELETE',
  path: /^zones\/(?<zone>[^/]+)\/instances\/(?<instance>[^/]+)$/,
  limit: 'default_per_region',
  parameters: ['requestId', 'noGracefulShutdown'],

  run: (call) => once(call, 'delete', (requestId) => beginDelete(call, requestId)),
};

function beginDelete(call: Call, requestId: string | undefined): Operation {
  const { cloud, zone, nowMs, user } = call;
  const instance = instanceNamed(call);
  if (isTrueAt(instance.draft.given, 'deletionProtection')) {
    throw new Refusal(
      400,
      'invalid',
      `Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion. Disable deletion protection first.'.`,
    );
  }
  if (cloud.faults.dials.isDeleteExclusive && isBeingDeleted(instance, nowMs)) {
    const message = `Operation rate exceeded for resource '${pathOf(cloud.project, instance)}'. Too frequent operations from the source resource.`;
    throw new Refusal(403, 'rateLimitExceeded', message, { domain: 'usageLimits' });
  }
  const fault = cloud.faults.strikeOperation('delete', zone.name);
  const error = fault?.kind === 'operation' ? operationErrorOf(fault) : null;
  const failedMs = nowMs + draw(cloud.faults.dials.failMs, cloud.random);
  const endMs = error === null ? end(call, instance, fault) : failedMs;
  call.note([instance.id]);
  return cloud.begin({
    type: 'delete',
    zone: zone.name,
    target: pathOf(cloud.project, instance),
    targetId: instance.id,
    user,
    insertMs: nowMs,
    endMs: endOf(fault, endMs),
    error,
    requestId,
  });
}

/** Begins to end the instance, unless that has begun. @returns when it is gone. */
function end({ cloud, nowMs }: Call, instance: Instance, fault: OperationFault | StuckFault | undefined): number {
  if (isBeingDeleted(instance, nowMs)) {
    return instance.life.at(-1)?.atMs ?? nowMs;
  }
  const goneMs = nowMs + draw(cloud.faults.dials.deleteMs, cloud.random);
  const isEffective = fault?.kind !== 'stuck' || fault.isEffective === true;
  cancelInsert(instance, nowMs);
  cloud.redirect(instance, [
    { atMs: nowMs, status: 'STOPPING', cause: 'user' },
    ...(isEffective ? [{ atMs: goneMs, status: 'GONE' as const, cause: 'user' as const }] : []),
  ]);
  cloud.logbook.count('deleted', 1);
  return goneMs;
}

function isBeingDeleted({ life }: Instance, nowMs: number): boolean {
  const last = life.at(-1);
  return statusAt(life, nowMs) === 'STOPPING' && last?.status === 'GONE' && last.cause === 'user';
}

/** Ends an insert that would succeed later; one that is stuck stays so. */
function cancelInsert({ insert }: Instance, nowMs: number): void {
  if (insert !== null && insert.error === null && nowMs < insert.endMs && insert.endMs !== Infinity) {
    insert.endMs = nowMs;
    insert.startMs = Math.min(insert.startMs, nowMs);
    insert.error = {
      code: 'OPERATION_CANCELED_BY_USER',
      message: "Operation was canceled by user ''.",
      httpStatus: 409,
    };
  }
}
