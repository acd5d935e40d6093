import type { compute_v1 } from '@googleapis/compute';
import type { JsonObject } from '#core/json.ts';
import { isJsonObject } from '#lib/json.ts';
import { GoogleError, ownCodes } from './errors.ts';
import type { ErrorItem } from './errors.ts';
import type { GoogleInstance } from './instance.ts';
import { orderLabel } from './labels.ts';
import { lastPart } from './members.ts';
import { acceleratorsOf, marketOf } from './place.ts';
import { translated } from './translated.ts';

/** As much of a zone operation as is read. */
export interface GoogleOperation {
  name: string;
  /** E.g. `insert`, `delete`, `compute.instances.preempted`. */
  type: string;
  isDone: boolean;
  /** The id of the instance it is about; null when it is about none, or several. */
  targetId: string | null;
  /** The `requestId` of its call. */
  requestId: string | null;
  /** What a bulkInsert and the inserts that it consists of have in common. */
  groupId: string | null;
  insertedAt: Date | null;
  errors: readonly ErrorItem[];
  /** The HTTP status that goes with its errors. */
  errorStatus: number | null;
  /** How many instances a bulkInsert has created so far; null when it does not say. */
  createdCount: number | null;
}

/** The fields of an answer that `instanceOf` reads. */
export const instanceFields =
  'id,name,zone,status,creationTimestamp,labels,machineType,scheduling(preemptible,provisioningModel),guestAccelerators';
/** The fields of an answer that `operationOf` reads. */
export const operationFields =
  'name,operationType,status,targetId,clientOperationId,operationGroupId,insertTime,error,httpErrorStatusCode,instancesBulkInsertOperationMetadata';

/** A warning that a page is not all there is; that a zone is empty is one, too, and means nothing. */
export function isBlind(warning: { code?: string } | null | undefined): boolean {
  return warning != null && warning.code !== 'NO_RESULTS_ON_PAGE';
}

export function instanceOf(instance: compute_v1.Schema$Instance): GoogleInstance {
  const { labels, creationTimestamp, scheduling, guestAccelerators } = instance;
  return {
    id: required(instance.id),
    name: required(instance.name),
    zone: lastPart(required(instance.zone)),
    status: required(instance.status),
    createdAt: dateOf(creationTimestamp),
    orderId: labels?.[orderLabel] ?? null,
    machineType: lastPart(instance.machineType ?? ''),
    market: marketOf(asJson(scheduling)),
    accelerators: acceleratorsOf((guestAccelerators ?? []).map(asJson)),
  };
}

export function operationOf(operation: compute_v1.Schema$Operation): GoogleOperation {
  const { error, instancesBulkInsertOperationMetadata: bulk } = operation;
  const locations = Object.values(bulk?.perLocationStatus ?? {});
  return {
    name: required(operation.name),
    type: operation.operationType ?? '',
    isDone: operation.status === 'DONE',
    targetId: operation.targetId ?? null,
    requestId: operation.clientOperationId ?? null,
    groupId: operation.operationGroupId ?? null,
    insertedAt: dateOf(operation.insertTime),
    errors: (error?.errors ?? []).map(errorItemOf),
    errorStatus: operation.httpErrorStatusCode ?? null,
    createdCount:
      locations.length === 0 ? null : locations.reduce((sum, { createdVmCount }) => sum + (createdVmCount ?? 0), 0),
  };
}

type OperationError = NonNullable<NonNullable<compute_v1.Schema$Operation['error']>['errors']>[number];

function errorItemOf({ code, message, errorDetails = [] }: OperationError): ErrorItem {
  const metrics = errorDetails.flatMap(({ quotaInfo }) => quotaInfo?.metricName ?? []);
  return { code: code ?? 'UNKNOWN_ERROR', message: message ?? '', quotaMetric: metrics[0] ?? null };
}

function dateOf(text: string | null | undefined): Date | null {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? null : date;
}

/** The SDK's types of what it has parsed from JSON text and passes on as it is. */
function asJson(value: object | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** An empty answer with status 200 (from something in between) must not pass for "there are none". */
export function required<T>(value: T | null | undefined): T {
  if (value === undefined || value === null) {
    throw new GoogleError(ownCodes.brokenAnswer, 'the answer lacks what it must hold');
  }
  return value;
}

export async function answered<T>(call: () => Promise<{ data: T }>): Promise<T> {
  try {
    const { data } = await call();
    if (!isJsonObject(data)) {
      throw new GoogleError(ownCodes.brokenAnswer, 'the answer is no JSON object');
    }
    return data;
  } catch (error) {
    throw translated(error);
  }
}
