import type { JsonObject } from './json.ts';

/** The states a worker passes through, in this order (spec/provisioning.md 1.1). `stopped` is final. */
export const workerStates = ['requested', 'running', 'stopping', 'stopped'] as const;
export type WorkerState = (typeof workerStates)[number];

/** A change of a worker's state and the states it may start from: the only way a state changes, here and in SQL. */
export interface MoveRule {
  from: readonly WorkerState[];
  to: WorkerState;
}

/** The table of moves. */
export const moves = {
  /** The worker proved who it is. Only this makes it running; a cloud's status never does. */
  register: { from: ['requested'], to: 'running' },
  /** Its end is decided; its resources may still exist. */
  remove: { from: ['requested', 'running'], to: 'stopping' },
  /** Nothing of it is left at the cloud. */
  stop: { from: ['requested', 'running', 'stopping'], to: 'stopped' },
} as const satisfies Record<string, MoveRule>;

export type MoveName = keyof typeof moves;

/** The reason of a removal that somebody asked for (spec/provisioning.md 1.5). */
export const removedByApi = 'workerManager.removeWorker API call';

/** Whether the table lets a worker in `state` make this move. */
export function canMove(state: WorkerState, move: MoveName): boolean {
  const from: readonly WorkerState[] = moves[move].from;
  return from.includes(state);
}

/** A worker's name: its pool, its group (AWS region, Google zone, Azure location, free text for static) and its id there. */
export interface WorkerKey {
  workerPoolId: string;
  workerGroup: string;
  workerId: string;
}

/** Whether a worker should end itself; advice that it asks for (spec/provisioning.md 4.6). */
export interface TerminationDecision {
  terminate: boolean;
  reason: 'needed' | 'over capacity' | 'launch config archived';
  decidedAt: Date;
}

/** A worker as stored (spec/api.md 7.3). `null` where there is no value. */
export interface Worker extends WorkerKey {
  /** The provider that made it; may differ from the pool's current one. */
  providerId: string;
  state: WorkerState;
  /** Tasks it runs at once. */
  capacity: number;
  launchConfigId: string | null;
  created: Date;
  /** When its row goes, whatever became of it. */
  expires: Date;
  lastModified: Date;
  lastChecked: Date;
  /** Hard end of life unless renewed; null for static workers. */
  terminateAfter: Date | null;
  reregistrationTimeoutMs: number | null;
  queueInactivityTimeoutMs: number | null;
  registeredAt: Date | null;
  stoppedAt: Date | null;
  /** Its state when its end began. */
  previousState: WorkerState | null;
  removalReason: string | null;
  decision: TerminationDecision | null;
  /** The part of the provider's cloud in which it is observed (AWS region, Google project, Azure subscription); empty for static. */
  scope: string;
  /** What the provider recorded of it at the launch; only the provider reads inside. */
  providerData: JsonObject;
}

/** Whether an operator declared it (static): it has no end of life of its own and registers as often as it likes. */
export function isDeclared(worker: Pick<Worker, 'terminateAfter'>): boolean {
  return worker.terminateAfter === null;
}

/** The few facts of a worker that observation compares, for many at once. */
export interface FleetMember extends WorkerKey {
  state: WorkerState;
  launchConfigId: string | null;
  capacity: number;
  created: Date;
  registeredAt: Date | null;
  terminateAfter: Date | null;
  queueInactivityTimeoutMs: number | null;
  /** The last sign of life at the queue that is known here; null: none known. It may be older than the truth. */
  lastActive: Date | null;
  /** When the queue was last asked about this worker; null: never. */
  queueCheckedAt: Date | null;
  /** How often its present state's work (a delete call, a look) was tried. */
  attempts: number;
}
