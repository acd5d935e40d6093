import type { Clock } from '#lib/clock.ts';
import type { Random } from '#lib/random.ts';

/** The dials of the queue's bad days. Turned in process (`QueueSimulator.turnFaults`) or by `POST /_sim/faults`. */
export interface FaultDials {
  /** How long an answer takes at least, and up to how much longer, drawn evenly; of the simulator's clock. */
  latencyMs: number;
  jitterMs: number;
  /** Share of calls answered with `errorStatus`, 0 to 1. */
  errorRate: number;
  errorStatus: number;
  /** So many of the next calls are answered with `errorStatus`. */
  errorsToCome: number;
  /** Calls are never answered; their connections stay open. */
  isHanging: boolean;
  /** Connections are closed without an answer. */
  isOut: boolean;
  /** taskQueueCounts and pendingTasks answer what was true when this was turned on. */
  areCountsStale: boolean;
  /** Only these methods suffer (by the API's names, e.g. `claimWork`); null: all of them. */
  methods: readonly string[] | null;
}

const calm: FaultDials = {
  latencyMs: 0,
  jitterMs: 0,
  errorRate: 0,
  errorStatus: 500,
  errorsToCome: 0,
  isHanging: false,
  isOut: false,
  areCountsStale: false,
  methods: null,
};

/** What happens to one call before it is looked at. */
export type CallFate = 'answered' | 'hangs' | 'cut' | 'fails';

/** Decides the fate of calls by dials and seeded chance. */
export class Faults {
  #dials: FaultDials = { ...calm };
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get dials(): Readonly<FaultDials> {
    return this.#dials;
  }

  /** Sets the dials that are named; the others stay. */
  turn(dials: Partial<FaultDials>): void {
    this.#dials = { ...this.#dials, ...dials };
  }

  /** Back to a good day. */
  reset(): void {
    this.#dials = { ...calm };
  }

  /** Waits out the latency and says what becomes of a call of this method. */
  async fateOf(method: string): Promise<CallFate> {
    const { latencyMs, jitterMs, methods } = this.#dials;
    if (methods !== null && !methods.includes(method)) {
      return 'answered';
    }
    if (latencyMs + jitterMs > 0) {
      await this.#clock.sleep(latencyMs + jitterMs * this.#random());
    }
    if (this.#dials.isOut) {
      return 'cut';
    }
    if (this.#dials.isHanging) {
      return 'hangs';
    }
    return this.#isFailing() ? 'fails' : 'answered';
  }

  #isFailing(): boolean {
    if (this.#dials.errorsToCome > 0) {
      this.#dials.errorsToCome -= 1;
      return true;
    }
    return this.#dials.errorRate > 0 && this.#random() < this.#dials.errorRate;
  }
}

const numberDials = ['latencyMs', 'jitterMs', 'errorRate', 'errorStatus', 'errorsToCome'] as const;
const switchDials = ['isHanging', 'isOut', 'areCountsStale'] as const;

/**
 * Dials from a JSON body.
 * @throws TypeError that names the first dial that is unknown or has a wrong value.
 */
export function parseFaultDials(body: Record<string, unknown>): Partial<FaultDials> {
  const dials: Partial<FaultDials> = {};
  for (const [name, value] of Object.entries(body)) {
    const asNumber = numberDials.find((known) => known === name);
    const asSwitch = switchDials.find((known) => known === name);
    if (asNumber !== undefined && typeof value === 'number' && value >= 0) {
      dials[asNumber] = value;
    } else if (asSwitch !== undefined && typeof value === 'boolean') {
      dials[asSwitch] = value;
    } else if (name === 'methods' && (value === null || isNames(value))) {
      dials.methods = value;
    } else {
      throw new TypeError(`no dial ${name} with the value ${JSON.stringify(value)}`);
    }
  }
  return dials;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}
