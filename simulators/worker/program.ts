import type { Clock } from '#lib/clock.ts';
import type { Random } from '#lib/random.ts';
import type { Fate } from '#simulators/machine.ts';
import { Backoff, isWorthRepeating } from './backoff.ts';
import type { HttpCaller } from './http.ts';
import { member } from './json.ts';
import type { Metadata } from './metadata.ts';
import { RegisteredWorker, registrationOf } from './registered-worker.ts';
import { WorkerApi } from './worker-api.ts';
import { workerLimits } from './worker-config.ts';

/** What workers have done. */
export interface WorkerCounters {
  registered: number;
  /** Start-ups ended by a refusal: 4xx, or metadata that cannot be used. */
  refused: number;
  /** Start-ups ended because nobody answered for 15 minutes. */
  gaveUp: number;
  reregistered: number;
  /** Tasks reported as completed, failed or malformed. */
  tasksDone: number;
  /** Tasks reported as worker-shutdown. */
  tasksGivenBack: number;
  /** Tasks whose end could not be reported: claimed by others meanwhile, cancelled, or nobody answered. */
  tasksLost: number;
  /** Answers of claimWork other than 200: the worker goes on asking. */
  claimsFailed: number;
  crashed: number;
  /** Workers that ended because their cloud takes the machine back. */
  interrupted: number;
  /** Workers that took themselves off by removeWorker. */
  removed: number;
}

export interface WorkerSettings {
  /** The queue's root URL where it is not the deployment's. */
  queueUrl: string | undefined;
  /** For workers whose configuration does not say; 0 means never. */
  idleTimeoutMs: number;
  /** Between attempts of a worker that got nothing; the real queue holds such a call for up to 20 s. */
  claimIntervalMs: number;
  /** What a crash is: the machine dies at once, or it stays up and is silent. */
  crash: 'machine-dies' | 'machine-hangs';
  /** Whether a machine also powers itself off when removeWorker succeeded; the real runner leaves that to the service. */
  powersOffAfterRemoval: boolean;
}

/** What every part of a worker's program needs. */
export interface WorkerParts {
  clock: Clock;
  /** Of this machine alone, so that one machine's course does not depend on another's. */
  random: Random;
  http: HttpCaller;
  counters: WorkerCounters;
  settings: WorkerSettings;
}

/** A machine as its program sees it. */
export interface Host {
  id: string;
  isUp: boolean;
  bootedAt: Date;
  fate: Fate;
  powerOff(): void;
}

/** worker-runner and generic-worker on one machine, from boot to end (spec/provisioning.md 11). */
export class WorkerProgram {
  /** When the next thing is to be done; Infinity when nothing is. */
  dueMs: number;
  /** The machine as its cloud showed it last. */
  host: Host;
  /** Of the boot that this program is of. */
  readonly bootedAtMs: number;
  readonly #metadata: Metadata;
  readonly #parts: WorkerParts;
  #api: WorkerApi | undefined;
  #worker: RegisteredWorker | undefined;
  #isLeaving = false;
  #trial: Backoff | undefined;

  constructor(host: Host, metadata: Metadata, parts: WorkerParts) {
    this.host = host;
    this.bootedAtMs = host.bootedAt.getTime();
    this.#metadata = metadata;
    this.#parts = parts;
    this.dueMs = host.fate === 'never-registers' ? Infinity : parts.clock.now().getTime();
  }

  /** Does what is due. */
  async step(): Promise<void> {
    const nowMs = this.#parts.clock.now().getTime();
    if (this.#worker === undefined || this.#api === undefined) {
      await this.#start(nowMs);
    } else if (this.#isLeaving) {
      await this.#leave(this.#worker, this.#api, nowMs);
    } else {
      await this.#work(this.#worker, nowMs);
    }
  }

  async #start(nowMs: number): Promise<void> {
    this.#api ??= await this.#prepare(nowMs);
    if (this.#api === undefined) {
      return;
    }
    const { status, body } = await this.#api.register(this.host.bootedAt);
    const registration = status === 200 ? registrationOf(body) : undefined;
    if (registration === undefined) {
      this.#tryAgain(status, nowMs);
      return;
    }
    this.#parts.counters.registered += 1;
    this.#trial = undefined;
    this.#worker = new RegisteredWorker(
      registration,
      workerLimits(member(body, 'workerConfig'), this.#parts.settings.idleTimeoutMs),
      this.host.fate === 'crashes-while-working',
      { api: this.#api, metadata: this.#metadata, parts: this.#parts },
      nowMs,
    );
    this.dueMs = nowMs;
  }

  /** Learns who the machine is. A machine that is already to be taken back does not start. */
  async #prepare(nowMs: number): Promise<WorkerApi | undefined> {
    const identity = await this.#metadata.identify();
    if (identity === 'not-now') {
      this.#tryAgain(0, nowMs);
      return undefined;
    }
    if (identity === 'unusable') {
      this.#parts.counters.refused += 1;
      this.#end();
      return undefined;
    }
    if (await this.#metadata.isInterrupted()) {
      this.#parts.counters.interrupted += 1;
      this.#end();
      return undefined;
    }
    return new WorkerApi(identity, this.#parts.http, this.#parts.clock, this.#parts.settings.queueUrl);
  }

  #tryAgain(status: number, nowMs: number): void {
    this.#trial ??= new Backoff(nowMs);
    const isRepeated = isWorthRepeating(status);
    const againMs = isRepeated ? this.#trial.next(nowMs, this.#parts.random) : undefined;
    if (againMs !== undefined) {
      this.dueMs = againMs;
      return;
    }
    this.#parts.counters[isRepeated ? 'gaveUp' : 'refused'] += 1;
    this.#end();
  }

  async #work(worker: RegisteredWorker, nowMs: number): Promise<void> {
    const outcome = await worker.step(nowMs);
    this.dueMs = worker.dueMs;
    if (outcome === 'crashes') {
      this.#parts.counters.crashed += 1;
      this.dueMs = Infinity;
      if (this.#parts.settings.crash === 'machine-dies') {
        this.host.powerOff();
      }
    } else if (outcome === 'leaves') {
      this.#isLeaving = this.#metadata.isDynamic;
      this.dueMs = this.#isLeaving ? nowMs : Infinity;
    }
  }

  /** The runner takes its worker off; if it cannot, it powers the machine off (spec/provisioning.md 11.6). */
  async #leave(worker: RegisteredWorker, api: WorkerApi, nowMs: number): Promise<void> {
    const { status } = await api.removeWorker(worker.credentials);
    if (status === 200) {
      this.#parts.counters.removed += 1;
      this.dueMs = Infinity;
      if (this.#parts.settings.powersOffAfterRemoval) {
        this.host.powerOff();
      }
      return;
    }
    this.#trial ??= new Backoff(nowMs);
    const againMs = isWorthRepeating(status) ? this.#trial.next(nowMs, this.#parts.random) : undefined;
    this.dueMs = againMs ?? Infinity;
    if (againMs === undefined) {
      this.#end();
    }
  }

  /** The end without a worker to take off: a machine of a cloud is powered off, another one is left alone. */
  #end(): void {
    this.dueMs = Infinity;
    if (this.#metadata.isDynamic) {
      this.host.powerOff();
    }
  }
}
