import type { JsonObject, JsonValue } from './json.ts';
import type { LaunchOrder, LaunchOutcome, LaunchRequest, Refusal } from './launch.ts';
import type { Worker, WorkerKey } from './worker.ts';

/**
 * What a cloud shows of a machine, in seven words.
 * `starting`: accepted, and the cloud may still fail to find it a place. `alive`: it has one, booting or up. `suspended`: exists, does not work,
 * can come back (time limits still hold). `failed`: exists, and will never work (again): believed when both kinds of question say so, and
 * then removed. `ending`: on its way out. `gone`: nothing left. `dormant`: ended, yet something that costs money is left, which one more delete
 * call ends (a stopped EC2 instance).
 */
export type Presence = 'starting' | 'alive' | 'suspended' | 'failed' | 'ending' | 'dormant' | 'gone';

/** A worker as calls to its cloud need it: its name, and what its launch recorded of it. */
export interface FleetWorker extends WorkerKey {
  providerData: JsonObject;
}

/** One machine as a cloud shows it. */
export interface Sighting {
  workerGroup: string;
  workerId: string;
  presence: Presence;
  /** The cloud's own word for its state, for people. */
  cloudState: string;
  /** The order it was started by, when the cloud still shows the token. */
  orderId: string | null;
  launchedAt: Date | null;
  /** What `LaunchedWorker.providerData` would hold: lets a machine be adopted whose launch answer was lost. */
  providerData: JsonObject;
  /** Why it is in that state, in a few words for people, when the cloud says so: `preempted`, `failed power state; …`. */
  why?: string;
  /** The cloud's no that came after it had accepted the launch: why the machine does not come up. */
  trouble?: Refusal;
}

/** What became of a request to end one machine. `accepted`: it will end or has ended. */
export interface TerminateOutcome {
  worker: WorkerKey;
  accepted: boolean;
  /** Why not, when not accepted. */
  refusal: Refusal | null;
}

/**
 * A cloud that starts and ends machines. It answers questions; it stores nothing and announces nothing. Calls are bulk, safe to repeat, and
 * stop at once when the signal is aborted (then they reject with the signal's reason). Limits and retries of single calls happen inside.
 */
export interface Fleet {
  /** The parts in which this provider's machines are listed (AWS regions, one Google project, one Azure subscription). */
  scopes(): readonly string[];
  /** Where a launch config's workers will be: their group, their observation scope, and the back-off scopes a refusal of it may name. Pure. */
  place(configuration: JsonObject): {
    workerGroup: string;
    scope: string;
    /** E.g. `account`, `us-west-2`, `us-west-2/quota/spot/standard`, `us-west-2a/m5.large/spot`. */
    backOffScopes: readonly string[];
  };
  /** The most machines one order may ask for. */
  readonly maxPerOrder: number;
  /**
   * Whether an accepted launch may still fail for lack of machines or quota. Then those back-off scopes are open again only when a machine is
   * sighted `alive`; else its acceptance opens them.
   */
  readonly confirmsLater: boolean;
  /** Sends an order. A repeat of the same order starts nothing twice. Refusals are outcomes, not errors. */
  launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchOutcome>;
  /**
   * Finds what an order started, by its token, without starting anything. `settled` with nothing launched means: the cloud shows no machine
   * of it; the caller decides when that is final.
   */
  recover(order: LaunchOrder, signal: AbortSignal): Promise<LaunchOutcome>;
  /** Everything in a scope that carries our ownership marks, page by page, known to the database or not. */
  observe(scope: string, signal: AbortSignal): AsyncIterable<readonly Sighting[]>;
  /**
   * Asks about these workers by id: the second kind of question that must confirm what a list did not show. A worker missing from the answer
   * does not exist at the cloud.
   */
  inspect(scope: string, workers: readonly FleetWorker[], signal: AbortSignal): Promise<readonly Sighting[]>;
  /**
   * Ends machines, with all that was made for them. One that is gone already counts as accepted. One outcome per worker. What takes longer than
   * a call goes on by itself; broken off, it is taken up again by the next call.
   */
  terminate(scope: string, workers: readonly FleetWorker[], signal: AbortSignal): Promise<readonly TerminateOutcome[]>;
}

/** Checks who a worker is. */
export interface Identity {
  /**
   * Resolves when the proof shows that the caller is this worker at this time.
   * @throws {ProofRejected} for every proof that does not, malformed ones included.
   * @throws {ProofUncheckable} when it cannot tell now. Anything else thrown is a defect.
   */
  identify(proof: JsonObject, worker: Worker, now: Date, signal: AbortSignal): Promise<void>;
}

/** A provider whose workers an operator declares through the API. */
export interface Enrolment {
  /**
   * The provider data of a declared worker, from the request's `providerInfo`. `previous` is the stored data on an update.
   * @throws {ServiceError} `invalid-input` with what is missing.
   */
  enrol(providerInfo: JsonObject | undefined, previous: JsonObject | null): JsonObject;
  /** Whether the request's `providerInfo` is what is stored (constant time where secrets are compared). */
  matches(providerInfo: JsonObject | undefined, stored: JsonObject): boolean;
}

/**
 * A configured provider. What it cannot do is absent, never a method that throws.
 * A provider whose set-up failed is a provider too: `unavailable` says why, and its parts refuse with that reason until set-up succeeds.
 */
export interface Provider {
  readonly providerId: string;
  readonly providerType: string;
  /** Null when usable; else why not, for operators. */
  readonly unavailable: string | null;
  readonly fleet: Fleet | null;
  readonly identity: Identity | null;
  readonly enrolment: Enrolment | null;
}

/** The providers of this process. */
export interface Providers {
  /** The provider of this id, or undefined when it is not configured. */
  get(providerId: string): Provider | undefined;
  /** All, in configuration order; `null-provider` last. */
  list(): readonly Provider[];
}

/** Part of `Enrolment.enrol`'s input that is certainly a string, for providers' own checks. */
export function stringMember(object: JsonObject | undefined, name: string): string | null {
  const value: JsonValue | undefined = object?.[name];
  return typeof value === 'string' ? value : null;
}
