import type { Cloud } from './cloud.ts';
import { operationStatus, type BulkProgress, type Operation } from './operation.ts';
import type { Shape } from './shape.ts';
import { linkTo, statusTexts, timestamp } from './wire.ts';

/** What is shown of an operation depends on the moment. */
export interface OperationView {
  cloud: Cloud;
  nowMs: number;
}

type Member = (operation: Operation, view: OperationView) => unknown;

/** An operation as the API shows it (https://cloud.google.com/compute/docs/reference/rest/v1/zoneOperations). */
const members: Readonly<Record<string, Member>> = {
  kind: () => 'compute#operation',
  id: ({ id }) => id,
  name: ({ name }) => name,
  zone: ({ zone }, { cloud }) => linkTo(`projects/${cloud.project}/zones/${zone}`),
  clientOperationId: ({ requestId }) => requestId,
  operationType: ({ type }) => type,
  targetLink: ({ target }) => linkTo(target),
  targetId: ({ targetId }) => targetId,
  status: (operation, { nowMs }) => operationStatus(operation, nowMs),
  statusMessage: ({ statusMessage }) => statusMessage,
  user: ({ user }) => user,
  progress: progressOf,
  insertTime: ({ insertMs }) => timestamp(insertMs),
  startTime: ({ startMs }, { nowMs }) => (nowMs >= startMs ? timestamp(startMs) : undefined),
  endTime: ({ endMs }, { nowMs }) => (nowMs >= endMs ? timestamp(endMs) : undefined),
  error: (operation, { nowMs }) => {
    const { code, message, errorDetails } = failureOf(operation, nowMs) ?? {};
    return code === undefined ? undefined : { errors: [{ code, message, errorDetails }] };
  },
  httpErrorStatusCode: (operation, { nowMs }) => failureOf(operation, nowMs)?.httpStatus,
  httpErrorMessage: (operation, { nowMs }) => statusTexts[failureOf(operation, nowMs)?.httpStatus ?? 0],
  selfLink: ({ zone, name }, { cloud }) => linkTo(`projects/${cloud.project}/zones/${zone}/operations/${name}`),
  operationGroupId: ({ groupId }) => groupId,
  instancesBulkInsertOperationMetadata: (operation, { nowMs }) => bulkMetadata(operation, nowMs),
};

/** What `fields` and filters may name; the last is open within. */
export const operationShape: Shape & object = {
  members: {
    ...Object.fromEntries(Object.keys(members).map((name): [string, Shape] => [name, 'string'])),
    error: 'any',
    instancesBulkInsertOperationMetadata: 'any',
  },
};

/** The resource; members that are not there are undefined. */
export function operationJson(operation: Operation, view: OperationView): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, member(operation, view)]));
}

/** One member of the resource. */
export function operationMember(operation: Operation, name: string, view: OperationView): unknown {
  return members[name]?.(operation, view);
}

function failureOf({ error, endMs }: Operation, nowMs: number): Operation['error'] {
  return nowMs >= endMs ? error : null;
}

function progressOf(operation: Operation, { nowMs }: OperationView): number {
  const { startMs, endMs } = operation;
  const share = { PENDING: 0, RUNNING: (nowMs - startMs) / (endMs - startMs), DONE: 1 }[
    operationStatus(operation, nowMs)
  ];
  return Math.floor(share * 100);
}

function bulkMetadata({ bulkProgress, zone, endMs, error }: Operation, nowMs: number): unknown {
  if (bulkProgress === undefined) {
    return undefined;
  }
  const { target, created, failed, deleted } = bulkProgress(nowMs);
  const status = {
    status: nowMs >= endMs ? 'DONE' : bulkStatus(error !== null && failed > 0),
    targetVmCount: target,
    createdVmCount: created,
    failedToCreateVmCount: failed,
    deletedVmCount: deleted,
  } satisfies Record<string, unknown> & { targetVmCount: BulkProgress['target'] };
  return { perLocationStatus: { [`zones/${zone}`]: status } };
}

function bulkStatus(isRollingBack: boolean): string {
  return isRollingBack ? 'ROLLING_BACK' : 'CREATING';
}
