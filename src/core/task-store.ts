/** The kinds of recurring work (ARCHITECTURE: the engine). */
export const taskKinds = [
  /** One pool: demand → orders. Key: workerPoolId. */
  'provision',
  /** One scope: list the cloud, compare. Key: `<providerId>/<scope>`. */
  'observe',
  /** One scope: push `requested` and `stopping` workers on. Key: `<providerId>/<scope>`. */
  'advance',
  /** Find out what became of orders nobody works on. Key: `orders`. */
  'settle',
  /** One pool: termination decisions and quarantines. Key: workerPoolId. */
  'retire',
  /** Delete what has expired. Key: `worker-pools`, `launch-configs`, `workers`, `errors`, `orders`. */
  'expire',
  /** Carry the outbox out. Key: `outbox`. */
  'deliver',
  /** Mail owners about their pools' incidents. Key: `mail`. */
  'notify',
] as const;
export type TaskKind = (typeof taskKinds)[number];

export interface TaskKey {
  kind: TaskKind;
  key: string;
}

/** A task taken by this process until its lease ends. */
export interface LeasedTask extends TaskKey {
  /** Rises with each lease; a completion with an old fence is refused. */
  fence: bigint;
  /** When it was due. */
  due: Date;
  /** Failures in a row so far. */
  failures: number;
}

/** A recurring task as operators see it. */
export interface TaskStatus extends TaskKey {
  due: Date;
  leaseOwner: string | null;
  failures: number;
  lastError: string | null;
  lastStartedAt: Date | null;
  lastCompletedAt: Date | null;
}

/**
 * The table of recurring keyed tasks that any number of processes share. One holder per task at a time, by lease; a lease is measured by the
 * database's clock, which all replicas share, while `due` is measured by the caller's (`now`).
 */
export interface TaskStore {
  /** Makes sure these tasks exist; new ones are due at `due`. Existing ones are left as they are. Wakes for new ones. */
  ensureTasks(tasks: readonly TaskKey[], due: Date): Promise<void>;
  /** Deletes tasks; a running one finishes into nothing. */
  dropTasks(tasks: readonly TaskKey[]): Promise<void>;
  /** Keys of the tasks of a kind. */
  taskKeys(kind: TaskKind): Promise<readonly string[]>;
  /** Takes due tasks that nobody holds, of each kind as many as there is room for, longest due first (SKIP LOCKED). One statement for all kinds. */
  lease(room: ReadonlyMap<TaskKind, number>, owner: string, leaseMs: number, now: Date): Promise<readonly LeasedTask[]>;
  /** Prolongs leases. @returns those that are lost. */
  heartbeat(owner: string, tasks: readonly LeasedTask[], leaseMs: number): Promise<readonly LeasedTask[]>;
  /**
   * Gives tasks back with their next due time, unless somebody else holds them by now. A task woken while it ran is due at once whatever `due`
   * says. `error` counts a failure and is kept for operators; null resets.
   * @returns when the first of them is really due; null: none of them was ours any more.
   */
  complete(tasks: readonly { task: LeasedTask; due: Date; error: string | null }[], now: Date): Promise<Date | null>;
  /** Gives back everything this owner holds, due as before. */
  releaseAll(owner: string): Promise<void>;
  /** Makes a task due now (creating it if need be) and wakes whoever listens. */
  wake(tasks: readonly TaskKey[], now: Date): Promise<void>;
  /** When the next task of these kinds that nobody holds is due; null: none. */
  nextDue(kinds: readonly TaskKind[]): Promise<Date | null>;
  /** Calls back whenever tasks may have become due. @returns a function that ends it. */
  onWake(callback: () => void): Promise<() => Promise<void>>;
  /** For operators. */
  taskStatuses(): Promise<readonly TaskStatus[]>;
}
