import { Backoff, isWorthRepeating } from './backoff.ts';
import { HeldRuns } from './held-runs.ts';
import { member, textMember, timeMember } from './json.ts';
import type { Metadata } from './metadata.ts';
import type { WorkerParts } from './program.ts';
import { renewAfterMs } from './renewal.ts';
import { signingCredentials } from './worker-api.ts';
import type { SigningCredentials, WorkerApi } from './worker-api.ts';
import type { WorkerLimits } from './worker-config.ts';

/** Attempts to claim work are at least this far apart (spec/provisioning.md 11.6). */
const claimPauseMs = 5_000;
/** So that credentials that are always about to expire are not renewed without end in one instant. */
const renewalPauseMs = 1_000;

/** What a registration or re-registration gives. */
export interface Registration {
  credentials: SigningCredentials;
  secret: string;
  expiresMs: number;
}

/** The registration of an answer; undefined if the answer is not one. */
export function registrationOf(body: unknown): Registration | undefined {
  const credentials = signingCredentials(member(body, 'credentials'));
  const secret = textMember(body, 'secret');
  const expiresMs = timeMember(body, 'expires');
  return credentials === undefined || secret === undefined || expiresMs === undefined
    ? undefined
    : { credentials, secret, expiresMs };
}

/** A worker from its registration to its end: claims, works, renews its credentials, and knows when to go. */
export class RegisteredWorker {
  /** When the next thing is to be done. */
  dueMs: number;
  readonly #api: WorkerApi;
  readonly #metadata: Metadata;
  readonly #parts: WorkerParts;
  readonly #limits: WorkerLimits;
  readonly #willCrash: boolean;
  readonly #runs: HeldRuns;
  #registration: Registration;
  #isFinishing = false;
  #lastClaimMs = -Infinity;
  #claimMs: number;
  #idleMs: number;
  #interruptionMs: number;
  #renewMs: number;
  #crashMs = Infinity;
  #renewal: Backoff | undefined;

  constructor(
    registration: Registration,
    limits: WorkerLimits,
    willCrash: boolean,
    doors: { api: WorkerApi; metadata: Metadata; parts: WorkerParts },
    nowMs: number,
  ) {
    this.#registration = registration;
    this.#limits = limits;
    this.#willCrash = willCrash;
    this.#api = doors.api;
    this.#metadata = doors.metadata;
    this.#parts = doors.parts;
    this.#runs = new HeldRuns(doors.api, doors.parts);
    this.dueMs = this.#claimMs = nowMs;
    this.#idleMs = nowMs + limits.idleTimeoutMs;
    this.#interruptionMs = nowMs + doors.metadata.interruptionCheckMs;
    this.#renewMs = nowMs + renewAfterMs(registration.expiresMs - nowMs);
  }

  /** What it signs with. */
  get credentials(): SigningCredentials {
    return this.#registration.credentials;
  }

  /** Does what is due, and says whether it goes on, leaves in good order, or crashes. */
  async step(nowMs: number): Promise<'goes on' | 'leaves' | 'crashes'> {
    if (this.#crashMs <= nowMs) {
      return 'crashes';
    }
    await this.#work(nowMs);
    if ((await this.#isInterrupted(nowMs)) || !(await this.#keepCredentials(nowMs))) {
      await this.#runs.giveBack();
      return 'leaves';
    }
    if (!this.#isFinishing) {
      await this.#seekWork(nowMs);
    }
    if (this.#isFinishing && this.#runs.count === 0) {
      return 'leaves';
    }
    this.dueMs = this.#nextMs();
    return 'goes on';
  }

  #nextMs(): number {
    const always = Math.min(this.#runs.dueMs, this.#interruptionMs, this.#renewMs, this.#crashMs);
    const canClaim = !this.#isFinishing && this.#runs.count < this.#limits.capacity;
    return Math.min(always, canClaim ? this.#claimMs : Infinity, canClaim && this.#isIdle ? this.#idleMs : Infinity);
  }

  get #isIdle(): boolean {
    return this.#runs.count === 0;
  }

  /** Renews and reports runs; who has become free asks again as soon as the pause allows. */
  async #work(nowMs: number): Promise<void> {
    const before = this.#runs.count;
    await this.#runs.step(nowMs);
    if (this.#runs.count < before) {
      this.#claimMs = Math.max(nowMs, this.#lastClaimMs + claimPauseMs);
      this.#idleMs = nowMs + this.#limits.idleTimeoutMs;
    }
  }

  async #isInterrupted(nowMs: number): Promise<boolean> {
    if (this.#interruptionMs > nowMs) {
      return false;
    }
    this.#interruptionMs = nowMs + this.#metadata.interruptionCheckMs;
    const isInterrupted = await this.#metadata.isInterrupted();
    this.#parts.counters.interrupted += isInterrupted ? 1 : 0;
    return isInterrupted;
  }

  /** Renews the credentials in time; false if that failed for good, which ends the worker (spec/provisioning.md 11.4). */
  async #keepCredentials(nowMs: number): Promise<boolean> {
    if (this.#renewMs > nowMs) {
      return true;
    }
    const { status, body } = await this.#api.reregister(this.#registration.secret, this.credentials);
    const renewed = status === 200 ? registrationOf(body) : undefined;
    if (renewed !== undefined) {
      this.#registration = renewed;
      this.#renewal = undefined;
      this.#renewMs = nowMs + Math.max(renewalPauseMs, renewAfterMs(renewed.expiresMs - nowMs));
      this.#parts.counters.reregistered += 1;
      return true;
    }
    this.#renewal ??= new Backoff(nowMs);
    const againMs = isWorthRepeating(status) ? this.#renewal.next(nowMs, this.#parts.random) : undefined;
    this.#renewMs = againMs ?? Infinity;
    return againMs !== undefined;
  }

  /** Asks whether to go when it has been idle too long, and before every claim. */
  async #seekWork(nowMs: number): Promise<void> {
    if (this.#isIdle && this.#idleMs <= nowMs) {
      this.#idleMs = nowMs + this.#limits.idleTimeoutMs;
      this.#isFinishing = await this.#shouldTerminate();
    }
    const canClaim = this.#claimMs <= nowMs && this.#runs.count < this.#limits.capacity;
    if (this.#isFinishing || !canClaim) {
      return;
    }
    this.#lastClaimMs = nowMs;
    this.#claimMs = nowMs + this.#parts.settings.claimIntervalMs;
    this.#isFinishing = await this.#shouldTerminate();
    if (!this.#isFinishing) {
      await this.#claim(nowMs);
    }
  }

  async #claim(nowMs: number): Promise<void> {
    const { status, body } = await this.#api.claimWork(this.#limits.capacity - this.#runs.count, this.credentials);
    if (status !== 200) {
      this.#parts.counters.claimsFailed += 1;
      return;
    }
    const longestMs = this.#runs.take(body, nowMs);
    if (this.#willCrash && !this.#isIdle && this.#crashMs === Infinity) {
      this.#crashMs = nowMs + Math.floor(longestMs * this.#parts.random());
    }
  }

  /** An answer that is none counts as "no" (spec/provisioning.md 11.6). */
  async #shouldTerminate(): Promise<boolean> {
    const { status, body } = await this.#api.shouldTerminate(this.credentials);
    return status === 200 && member(body, 'terminate') === true;
  }
}
