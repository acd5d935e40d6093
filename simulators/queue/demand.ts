import { readFile } from 'node:fs/promises';
import type { Clock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import type { Random } from '#lib/random.ts';

const hourMs = 3_600_000;

/** Where generated tasks go: a queue simulator is one. */
export interface TaskTaker {
  createTasks(taskQueueId: string, task: { durationMs: number }): unknown;
}

/** Something that puts tasks into queues as time goes by. */
export interface Demand {
  /** Creates every task that is due at the clock's now and was not created yet; returns how many. */
  turn(): number;
}

/** One task queue's demand: rises and falls once a period. */
export interface Wave {
  taskQueueId: string;
  /** On average over a period. */
  tasksPerHour: number;
  periodMs: number;
  /** How far the rate swings around its mean: 0 not at all, 1 between nothing and twice the mean. */
  swing: number;
  /** Where in the period to begin, 0 to 1; 0, the default, is at the mean and rising, 0.75 at the lowest point. */
  phase?: number;
  /** How far chance bends the rate of each moment, 0 (the default) to 1. */
  noise?: number;
  /** Durations are drawn evenly between these. */
  durationMs: { min: number; max: number };
}

export interface WaveDemandOptions {
  clock: Clock;
  waves: readonly Wave[];
  tasks: TaskTaker;
  /** 1 by default: the same seed and start give the same tasks, however often `turn` is called. */
  seed?: number;
}

/** Moments are this long: the rate is the same within one. */
const momentMs = 1_000;
/** A whole task in spite of rounding. */
const wholeTask = 1 - 1e-9;

/**
 * Waves of demand, seeded. Begins at the clock's now.
 * @throws RangeError for a rate, period, swing, noise or duration that cannot be.
 */
export class WaveDemand implements Demand {
  readonly #clock: Clock;
  readonly #tasks: TaskTaker;
  readonly #startMs: number;
  readonly #waves: readonly { wave: Wave; random: Random; owed: number }[];
  #moments = 0;

  constructor({ clock, waves, tasks, seed = 1 }: WaveDemandOptions) {
    for (const wave of waves) {
      checkWave(wave);
    }
    this.#clock = clock;
    this.#tasks = tasks;
    this.#startMs = clock.now().getTime();
    this.#waves = waves.map((wave, index) => ({ wave, random: seededRandom(seed + index), owed: 0 }));
  }

  turn(): number {
    let created = 0;
    const past = Math.floor((this.#clock.now().getTime() - this.#startMs) / momentMs);
    for (; this.#moments < past; this.#moments++) {
      created += this.#createOf(this.#moments * momentMs);
    }
    return created;
  }

  #createOf(sinceStartMs: number): number {
    let created = 0;
    for (const each of this.#waves) {
      const { wave, random } = each;
      const bend = 1 + (wave.noise ?? 0) * (2 * random() - 1);
      each.owed += tasksPerHourAt(wave, sinceStartMs) * bend * (momentMs / hourMs);
      for (; each.owed >= wholeTask; each.owed -= 1) {
        const { min, max } = wave.durationMs;
        this.#tasks.createTasks(wave.taskQueueId, { durationMs: Math.round(min + (max - min) * random()) });
        created += 1;
      }
    }
    return created;
  }
}

/** The rate of a wave, without noise, so long after its start. */
function tasksPerHourAt({ tasksPerHour, swing, periodMs, phase = 0 }: Wave, sinceStartMs: number): number {
  return tasksPerHour * (1 + swing * Math.sin(2 * Math.PI * (sinceStartMs / periodMs + phase)));
}

function checkWave({ taskQueueId, tasksPerHour, periodMs, swing, noise = 0, durationMs }: Wave): void {
  const isShare = (value: number): boolean => value >= 0 && value <= 1;
  const isPossible = tasksPerHour >= 0 && periodMs > 0 && isShare(swing) && isShare(noise) && durationMs.min >= 0;
  if (!isPossible || !(durationMs.max >= durationMs.min)) {
    throw new RangeError(
      `the wave of ${taskQueueId} cannot be: ${JSON.stringify({ tasksPerHour, periodMs, swing, noise, durationMs })}`,
    );
  }
}

/** Recorded demand: one task per index, in order of creation. */
export interface Trace {
  length: number;
  /** Since the start of the recording, milliseconds. */
  createdMs: Uint32Array;
  durationMs: Uint32Array;
}

/**
 * Reads a trace: records of 8 bytes in order of time, each two big-endian uint32, the creation time since the start of the
 * recording and the duration, both in milliseconds.
 * @throws Error that names the file if it is no such thing.
 */
export async function readTrace(path: string): Promise<Trace> {
  const bytes = await readFile(path);
  if (bytes.length % 8 !== 0) {
    throw new Error(`${path} is no trace: its ${bytes.length} bytes are no whole number of records`);
  }
  const length = bytes.length / 8;
  const trace: Trace = { length, createdMs: new Uint32Array(length), durationMs: new Uint32Array(length) };
  let latestMs = 0;
  for (let index = 0; index < length; index++) {
    const createdMs = bytes.readUInt32BE(index * 8);
    if (createdMs < latestMs) {
      throw new Error(`${path} is no trace: record ${index} was created before the one before it`);
    }
    latestMs = createdMs;
    trace.createdMs[index] = createdMs;
    trace.durationMs[index] = bytes.readUInt32BE(index * 8 + 4);
  }
  return trace;
}

export interface TraceDemandOptions {
  clock: Clock;
  trace: Trace;
  taskQueueId: string;
  tasks: TaskTaker;
  /** How many times faster than it was, tasks included; 1 by default. */
  speed?: number;
}

/**
 * A recording replayed, beginning at the clock's now: with a speed of 60 an hour's tasks come in a minute and each runs a
 * sixtieth of its time, so that as many run at once as did.
 */
export class TraceDemand implements Demand {
  readonly #options: TraceDemandOptions;
  readonly #speed: number;
  readonly #startMs: number;
  #next = 0;

  /** @throws RangeError for a speed that is not positive. */
  constructor(options: TraceDemandOptions) {
    this.#options = options;
    this.#speed = options.speed ?? 1;
    this.#startMs = options.clock.now().getTime();
    if (!(this.#speed > 0)) {
      throw new RangeError(`a trace cannot be replayed at speed ${this.#speed}`);
    }
  }

  /** True once every task was created. */
  get isOver(): boolean {
    return this.#next >= this.#options.trace.length;
  }

  turn(): number {
    const { clock, trace, taskQueueId, tasks } = this.#options;
    const elapsedMs = (clock.now().getTime() - this.#startMs) * this.#speed;
    const first = this.#next;
    for (; this.#next < trace.length && (trace.createdMs[this.#next] ?? 0) <= elapsedMs; this.#next++) {
      tasks.createTasks(taskQueueId, { durationMs: Math.round((trace.durationMs[this.#next] ?? 0) / this.#speed) });
    }
    return this.#next - first;
  }
}

/** Turns all demands every `intervalMs` of the clock, until aborted. */
export async function runDemand(
  demands: readonly Demand[],
  clock: Clock,
  signal: AbortSignal,
  intervalMs = 1_000,
): Promise<void> {
  while (!signal.aborted) {
    for (const demand of demands) {
      demand.turn();
    }
    // An abort ends the sleep by rejecting it, and the loop by its condition.
    await clock.sleep(intervalMs, signal).catch(() => undefined);
  }
}
