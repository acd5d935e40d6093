import type { FleetMember, TerminationDecision, Worker, WorkerKey } from '#core/worker.ts';
import type { JsonValue } from '#core/json.ts';

/** A worker as it comes from the database. */
export interface WorkerRow extends Omit<Worker, 'decision'>, DecisionColumns {}

interface DecisionColumns {
  decisionTerminate: boolean | null;
  decisionReason: TerminationDecision['reason'] | null;
  decidedAt: Date | null;
}

// The last whole observation of its scope checked a worker too, if it existed when that began.
const lastChecked = `greatest(w.last_checked, (
    select o.completed_at from observation o
    where o.provider_id = w.provider_id and o.scope = w.scope and w.created < o.started_at and w.state <> 'stopped'
  )) as "lastChecked"`;

export const decisionColumns = `w.decision_terminate as "decisionTerminate", w.decision_reason as "decisionReason",
  w.decided_at as "decidedAt"`;

/** The columns of a `WorkerRow` from `worker w`. */
export const workerColumns = `w.worker_pool_id as "workerPoolId", w.worker_group as "workerGroup", w.worker_id as "workerId",
  w.provider_id as "providerId", w.scope, w.state, w.capacity, w.launch_config_id as "launchConfigId",
  w.created, w.expires, w.last_modified as "lastModified", ${lastChecked}, w.terminate_after as "terminateAfter",
  w.reregistration_timeout_ms::double precision as "reregistrationTimeoutMs",
  w.queue_inactivity_timeout_ms::double precision as "queueInactivityTimeoutMs",
  w.registered_at as "registeredAt", w.stopped_at as "stoppedAt", w.previous_state as "previousState",
  w.removal_reason as "removalReason", ${decisionColumns}, w.provider_data as "providerData"`;

/** The columns of a `FleetMember` from `worker w`. */
export const fleetColumns = `w.worker_pool_id as "workerPoolId", w.worker_group as "workerGroup", w.worker_id as "workerId",
  w.state, w.launch_config_id as "launchConfigId", w.capacity, w.created, w.registered_at as "registeredAt",
  w.terminate_after as "terminateAfter", w.queue_inactivity_timeout_ms::double precision as "queueInactivityTimeoutMs",
  w.last_active as "lastActive", w.queue_checked_at as "queueCheckedAt", w.attempts`;

/** A `FleetMember` is read as it is. */
export type FleetRow = FleetMember;

/** Selects a worker by its key in the parameters $1 to $3, as `keyValues` gives them. */
export const isWorker = 'w.worker_pool_id = $1 and w.worker_group = $2 and w.worker_id = $3';

export function keyValues(key: WorkerKey): [string, string, string] {
  return [key.workerPoolId, key.workerGroup, key.workerId];
}

/** The columns of a key in a `recordSet`. */
export const keyRecord = '"workerPoolId" text, "workerGroup" text, "workerId" text';

/** Joins `worker w` with a record set `r` that has them. */
export const isRecord = `w.worker_pool_id = r."workerPoolId" and w.worker_group = r."workerGroup" and w.worker_id = r."workerId"`;

export function keyMembers({ workerPoolId, workerGroup, workerId }: WorkerKey): Record<string, JsonValue> {
  return { workerPoolId, workerGroup, workerId };
}

export function decisionOf(row: DecisionColumns): TerminationDecision | null {
  const { decisionTerminate: terminate, decisionReason: reason, decidedAt } = row;
  return terminate === null || reason === null || decidedAt === null ? null : { terminate, reason, decidedAt };
}

/** The row as the program knows it. */
export function workerOf(row: WorkerRow): Worker {
  return {
    workerPoolId: row.workerPoolId,
    workerGroup: row.workerGroup,
    workerId: row.workerId,
    providerId: row.providerId,
    state: row.state,
    capacity: row.capacity,
    launchConfigId: row.launchConfigId,
    created: row.created,
    expires: row.expires,
    lastModified: row.lastModified,
    lastChecked: row.lastChecked,
    terminateAfter: row.terminateAfter,
    reregistrationTimeoutMs: row.reregistrationTimeoutMs,
    queueInactivityTimeoutMs: row.queueInactivityTimeoutMs,
    registeredAt: row.registeredAt,
    stoppedAt: row.stoppedAt,
    previousState: row.previousState,
    removalReason: row.removalReason,
    decision: decisionOf(row),
    scope: row.scope,
    providerData: row.providerData,
  };
}
