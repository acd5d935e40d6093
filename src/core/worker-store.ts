import type { JsonObject } from './json.ts';
import type { Page, PageRequest } from './pool-store.ts';
import type { Pool } from './pool.ts';
import type { FleetWorker } from './provider.ts';
import type { FleetMember, MoveName, TerminationDecision, Worker, WorkerKey, WorkerState } from './worker.ts';

/** One intended move. It happens only if the table allows it from the stored state and every guard still holds then. */
export interface MoveRequest {
  worker: WorkerKey;
  move: Exclude<MoveName, 'register'>;
  reason: string;
  /** Only if its end of life is still past this instant (it may have renewed meanwhile). */
  ifTerminateAfterBefore?: Date;
  /** Only if it has still not registered. */
  ifUnregistered?: boolean;
  /** Only if the queue's last known sign of life is still not after this instant. */
  ifInactiveSince?: Date;
  /** The cloud refused it after having accepted it: a failed launch of its launch config, and no machine that never registered. */
  isRefused?: boolean;
}

/** A move that happened, with what events, logs and metrics need. */
export interface Moved {
  worker: Worker;
  move: MoveName;
  /** The state it had before. */
  from: WorkerState;
  reason: string;
}

/** A sealed secret as the store keeps it: never the secret. */
export interface SealedSecret {
  kid: string;
  hash: string;
}

/** What the store knows of a worker's registration secrets: the current one and, until it is used or its grace ends, the one before. */
export interface RegistrationSecrets {
  current: SealedSecret | null;
  previous: SealedSecret | null;
  previousValidUntil: Date | null;
}

/** Keys of listings ordered newest first. */
export interface NewestFirstKey {
  /** Microseconds since the epoch, as text: the exact stored instant. */
  at: string;
  id: string;
}

/** Remembers workers. Every move writes its event in the same transaction; SQL guards come from the table of moves. */
export interface WorkerStore {
  worker(key: WorkerKey): Promise<Worker | null>;
  /** The worker with its pool's registration-relevant facts, or null parts where they are missing. One statement. */
  registrationView(key: WorkerKey): Promise<{
    worker: Worker;
    /** Null when the pool is gone. */
    pool: Pick<Pool, 'providerId' | 'previousProviderIds' | 'config'> | null;
    secrets: RegistrationSecrets;
    reregisteredAt: Date | null;
    /** `workerConfig` of its launch config, when it has one. */
    workerConfig: JsonObject | null;
  } | null>;
  workersPage(
    filter: {
      workerPoolId: string;
      workerGroup?: string;
      state?: WorkerState;
      launchConfigId?: string;
    },
    page: PageRequest<NewestFirstKey>,
  ): Promise<Page<Worker, NewestFirstKey>>;
  /** These workers of one pool, those that exist; for joining with the queue's view. */
  workersOf(
    workerPoolId: string,
    keys: readonly { workerGroup: string; workerId: string }[],
  ): Promise<readonly Worker[]>;
  /** The stored advice only: the narrow question idle workers ask all the time. Null when there is no such worker. */
  terminationAdvice(key: WorkerKey): Promise<{ state: WorkerState; decision: TerminationDecision | null } | null>;

  /**
   * Stores a worker an operator declares, `running` at once. Repeating with the same identity, capacity, expiry and equal provider data (by
   * `isSame`) gives the stored row.
   * @throws {ServiceError} `conflict` when it exists and differs (W5).
   */
  declareWorker(
    worker: {
      key: WorkerKey;
      providerId: string;
      capacity: number;
      expires: Date;
      providerData: JsonObject;
    },
    isSame: (stored: JsonObject) => boolean,
    now: Date,
  ): Promise<Worker>;
  /** Changes what an operator may change of a declared worker of this provider. @throws `not-found`. */
  updateDeclared(
    key: WorkerKey,
    providerId: string,
    change: { capacity?: number; expires: Date; providerData: JsonObject },
    now: Date,
  ): Promise<Worker>;

  /**
   * Registers: first time moves `requested` to `running` with its event, a repeat (allowed by the caller) only replaces the secret; state,
   * lifecycle and secret in one transaction.
   * @returns null when the worker is no longer in a state to register.
   */
  register(
    key: WorkerKey,
    grant: {
      isRepeat: boolean;
      terminateAfter: Date | null;
      secret: SealedSecret;
    },
    now: Date,
  ): Promise<Moved | Worker | null>;
  /**
   * Replaces a registration secret, keeping the one presented valid until `previousValidUntil` or the first use of the new one, and moves
   * `terminateAfter` if it has one.
   * @returns null when the presented secret was replaced by somebody else meanwhile or the worker is not running.
   */
  reregister(
    key: WorkerKey,
    presented: SealedSecret,
    grant: { terminateAfter: Date; secret: SealedSecret; previousValidUntil: Date },
    now: Date,
  ): Promise<Worker | null>;

  /** Makes these moves where table and guards allow; the others are left out of the answer. Bulk: statements do not grow with the number. */
  moveWorkers(requests: readonly MoveRequest[], now: Date): Promise<readonly Moved[]>;

  /** Non-stopped workers of one observation scope, by key: the slim rows that observation compares. */
  fleetPage(providerId: string, scope: string, page: PageRequest<WorkerKey>): Promise<Page<FleetMember, WorkerKey>>;
  /** The states of those of these cloud ids in the scope that have a row, stopped ones too: tells the unknown machine from the known, and one
   * that lives on behind a stopped row from both. */
  knownIds(providerId: string, scope: string, workerIds: readonly string[]): Promise<ReadonlyMap<string, WorkerState>>;
  /** Workers of a scope in `requested` or `stopping` whose next look is due, longest due first. */
  dueWorkers(providerId: string, scope: string, now: Date, limit: number): Promise<readonly DueWorker[]>;
  /** These workers, those that exist, with what their launch recorded. */
  fleetWorkers(workers: readonly WorkerKey[]): Promise<readonly FleetWorker[]>;
  /** Sets when these workers are looked at next, counting this try. Does not wake anything. */
  reschedule(next: readonly { worker: WorkerKey; dueAt: Date }[]): Promise<void>;
  /** Makes workers of a scope with these cloud ids that are `requested` or `stopping` due now. @returns whether there are any. */
  hasten(providerId: string, scope: string, workerIds: readonly string[], now: Date): Promise<boolean>;
  /** When the next `requested` or `stopping` worker of a scope is due; null: none waits. */
  nextWorkerDue(providerId: string, scope: string): Promise<Date | null>;
  /** Scopes of a provider that have non-stopped workers or open orders. */
  activeScopes(providerId: string): Promise<ReadonlySet<string>>;
  /** Notes that a scope was observed as a whole: gives its workers their `lastChecked` without writing each (P-03), extends `expires` of live dynamic
   * workers that have less than 6.5 days left to 8 days (P-13: never static ones). */
  noteObserved(providerId: string, scope: string, startedAt: Date, now: Date): Promise<void>;

  /** Running, not quarantined workers of a pool: what termination decisions are made of. */
  retirementCandidates(workerPoolId: string): Promise<readonly RetirementRow[]>;
  /** Stores decisions that changed; null clears one (W32). */
  saveDecisions(
    workerPoolId: string,
    decisions: readonly { worker: WorkerKey; decision: TerminationDecision | null }[],
  ): Promise<void>;
  /** Stores what the queue said of workers' activity, where it is news. */
  saveQueueActivity(
    seen: readonly {
      worker: WorkerKey;
      firstClaim: Date | null;
      lastDateActive: Date | null;
    }[],
    checkedAt: Date,
  ): Promise<void>;
  /** Makes the stored quarantines of a pool equal to `quarantined`. @returns how many rows changed. */
  saveQuarantines(workerPoolId: string, quarantined: readonly { worker: WorkerKey; until: Date }[]): Promise<number>;

  /** Deletes rows past `expires` that are stopped or declared (static); never a row whose machine may live (P-48). @returns how many. */
  expireWorkers(now: Date): Promise<number>;
}

/** A worker that is due for a look, with all that the look needs. */
export type DueWorker = FleetMember & FleetWorker;

/** A running worker as termination decisions see it. */
export interface RetirementRow extends WorkerKey {
  created: Date;
  capacity: number;
  launchConfigId: string | null;
  /** Also when its launch config is active, but for another provider: the pool has moved on without it. */
  isLaunchConfigArchived: boolean;
  isStatic: boolean;
  lastActive: Date | null;
  decision: TerminationDecision | null;
}
