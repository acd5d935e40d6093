import type { Clock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import type { MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import { AwsMetadata } from './aws.ts';
import { GoogleMetadata } from './google.ts';
import { HttpCaller } from './http.ts';
import type { Metadata } from './metadata.ts';
import { WorkerProgram } from './program.ts';
import type { Host, WorkerCounters, WorkerParts, WorkerSettings } from './program.ts';
import { StaticMetadata } from './static-machine.ts';
import type { StaticMachine } from './static-machine.ts';

export interface SimulatedWorkersOptions extends Partial<WorkerSettings> {
  clock: Clock;
  /** The clouds whose machines run the program. */
  parks?: readonly MachinePark[];
  /** Machines that no cloud made; the list may grow. */
  staticMachines?: readonly StaticMachine[];
  /** Seed of every machine's chance; 1 by default. */
  seed?: number;
  /** How many machines act at once; 64 by default. With 1, a run on a stepped clock repeats exactly. */
  concurrency?: number;
  /** How often a machine asks whether its cloud takes it back; 5 s by default, as worker-runner does at AWS. */
  interruptionCheckMs?: number;
  /** After how much silence (of real time) a call counts as unanswered; 30 s by default. */
  callTimeoutMs?: number;
  /** How often `run` looks for machines that came up; 250 ms by default. */
  watchIntervalMs?: number;
}

/**
 * The programs on all machines of some clouds: each machine that comes up gets one, each that ends loses it. Nothing
 * happens between turns.
 */
export class SimulatedWorkers {
  readonly counters: WorkerCounters = {
    registered: 0,
    refused: 0,
    gaveUp: 0,
    reregistered: 0,
    tasksDone: 0,
    tasksGivenBack: 0,
    tasksLost: 0,
    claimsFailed: 0,
    crashed: 0,
    interrupted: 0,
    removed: 0,
  };
  readonly #options: SimulatedWorkersOptions;
  readonly #settings: WorkerSettings;
  readonly #concurrency: number;
  readonly #http: HttpCaller;
  /** By cloud and id. */
  #programs = new Map<string, WorkerProgram>();

  /** @throws RangeError for a claim interval or concurrency that is not positive. */
  constructor(options: SimulatedWorkersOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 64;
    this.#settings = {
      queueUrl: options.queueUrl,
      idleTimeoutMs: options.idleTimeoutMs ?? 5 * 60_000,
      claimIntervalMs: options.claimIntervalMs ?? 20_000,
      crash: options.crash ?? 'machine-dies',
      powersOffAfterRemoval: options.powersOffAfterRemoval ?? false,
    };
    if (!(this.#settings.claimIntervalMs > 0) || !(this.#concurrency >= 1)) {
      throw new RangeError('claimIntervalMs must be positive and concurrency at least 1');
    }
    this.#http = new HttpCaller(this.#concurrency, options.callTimeoutMs ?? 30_000);
  }

  /** How many machines run the program now. */
  get count(): number {
    return this.#programs.size;
  }

  /**
   * Does everything that is due at the clock's now on all machines, to the end, and returns when the next thing is due;
   * null if nothing is. An aborted turn ends after the calls under way.
   */
  async turn(signal?: AbortSignal): Promise<Date | null> {
    const nowMs = this.#options.clock.now().getTime();
    this.#meetMachines();
    const due = [...this.#programs.values()].filter(({ dueMs }) => dueMs <= nowMs).values();
    const isDue = ({ dueMs, host }: WorkerProgram): boolean => dueMs <= nowMs && host.isUp && signal?.aborted !== true;
    const lane = async (): Promise<void> => {
      for (const program of due) {
        while (isDue(program)) {
          await program.step();
        }
      }
    };
    await Promise.all(Array.from({ length: this.#concurrency }, lane));
    let nextMs = Infinity;
    for (const { dueMs, host } of this.#programs.values()) {
      nextMs = host.isUp ? Math.min(nextMs, dueMs) : nextMs;
    }
    return nextMs === Infinity ? null : new Date(nextMs);
  }

  /** Turns until aborted, whenever something is due or a machine may have come up. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, watchIntervalMs = 250 } = this.#options;
    while (!signal.aborted) {
      const next = await this.turn(signal);
      const waitMs = next === null ? watchIntervalMs : next.getTime() - clock.now().getTime();
      // An abort ends the sleep by rejecting it, and the loop by its condition.
      await clock.sleep(Math.max(0, Math.min(waitMs, watchIntervalMs)), signal).catch(() => undefined);
    }
    this.close();
  }

  /** Closes idle connections. */
  close(): void {
    this.#http.close();
  }

  /** Gives machines that came up (again) a program, and forgets those that ended. */
  #meetMachines(): void {
    const programs = new Map<string, WorkerProgram>();
    const meet = (key: string, host: Host, metadataOf: () => Metadata): void => {
      const known = this.#programs.get(key);
      if (host.isUp && known?.bootedAtMs === host.bootedAt.getTime()) {
        known.host = host;
        programs.set(key, known);
      } else if (host.isUp) {
        programs.set(key, new WorkerProgram(host, metadataOf(), this.#partsOf(key)));
      }
    };
    for (const machine of (this.#options.parks ?? []).flatMap((park) => park.machines())) {
      meet(`${machine.cloud}/${machine.id}`, machine, () => this.#metadataOf(machine));
    }
    for (const machine of this.#options.staticMachines ?? []) {
      meet(`static/${machine.id}`, machine, () => new StaticMetadata(machine.options));
    }
    this.#programs = programs;
  }

  #metadataOf({ cloud, metadataUrl }: SimulatedMachine): Metadata {
    const { clock, interruptionCheckMs = 5_000 } = this.#options;
    if (cloud === 'aws') {
      return new AwsMetadata(metadataUrl, this.#http, clock, interruptionCheckMs);
    }
    if (cloud === 'google') {
      return new GoogleMetadata(metadataUrl, this.#http, interruptionCheckMs);
    }
    throw new Error(`there is no worker program for machines of ${cloud}`);
  }

  #partsOf(key: string): WorkerParts {
    return {
      clock: this.#options.clock,
      random: seededRandom(seedFor(key, this.#options.seed ?? 1)),
      http: this.#http,
      counters: this.counters,
      settings: this.#settings,
    };
  }
}

/** The seed of one machine: FNV-1a over its key, begun with the seed of all. */
function seedFor(key: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const character of Buffer.from(key)) {
    hash = Math.imul(hash ^ character, 0x01000193) >>> 0;
  }
  return hash;
}
