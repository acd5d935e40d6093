/** Why an operation failed, as it stands in its `error.errors`. */
export interface OperationError {
  code: string;
  message: string;
  errorDetails?: readonly Readonly<Record<string, unknown>>[];
  /** `httpErrorStatusCode` of the operation. */
  httpStatus: number;
}

/** How far a bulk insert is, per zone. */
export interface BulkProgress {
  target: number;
  created: number;
  failed: number;
  /** Created and taken back, as too few could be created. */
  deleted: number;
}

/** Something that takes Compute Engine time. What it shows at any instant follows from its instants. */
export interface Operation {
  /** E.g. `operation-1751000000000-6389…`. */
  name: string;
  id: string;
  type: 'insert' | 'bulkInsert' | 'delete' | `compute.instances.${string}`;
  zone: string;
  /** Path of what it changes, e.g. `projects/p/zones/z/instances/i`. */
  target: string;
  /** Numeric id of that; a bulk insert has none. */
  targetId: string | undefined;
  user: string;
  /** Infinity for an event that was planned and will not happen. */
  insertMs: number;
  startMs: number;
  /** Infinity for one that is stuck. */
  endMs: number;
  /** Shown when it is done. */
  error: OperationError | null;
  requestId: string | undefined;
  groupId: string | undefined;
  statusMessage: string | undefined;
  bulkProgress: ((nowMs: number) => BulkProgress) | undefined;
}

export type OperationStatus = 'PENDING' | 'RUNNING' | 'DONE';

export function operationStatus({ startMs, endMs }: Operation, nowMs: number): OperationStatus {
  if (nowMs >= endMs) {
    return 'DONE';
  }
  return nowMs < startMs ? 'PENDING' : 'RUNNING';
}
