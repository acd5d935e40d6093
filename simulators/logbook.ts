/** One call as the cloud saw it. */
export interface LogbookEntry {
  at: Date;
  /** The region that was called, or `global`. */
  region: string;
  action: string;
  /** `ok`, the code of the error that was answered, or `reset` or `hang` where nothing was. */
  outcome: string;
  requestId: string;
  /** The instances that the call started, named or found: the first hundred. */
  instanceIds: readonly string[];
  /** How many there were. */
  instances: number;
}

/** What happened since the start or the last reset: calls and their outcomes, and how often each deed of the cloud was done. */
export type Counts<Deed extends string> = {
  /** Calls by region and action, whatever came of them. */
  calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Calls by outcome. */
  outcomes: Readonly<Record<string, number>>;
} & Record<Deed, number>;

const mostIdsKept = 100;

/** Counts what the cloud does and keeps the last calls, for tests and measurements. */
export class Logbook<Deed extends string> {
  readonly #size: number;
  readonly #none: Record<Deed, number>;
  #entries: LogbookEntry[] = [];
  #calls = new Map<string, Map<string, number>>();
  #outcomes = new Map<string, number>();
  #numbers: Record<Deed, number>;

  /**
   * @param size how many calls are kept; the numbers count all.
   * @param none every deed that is counted, with 0.
   */
  constructor(size: number, none: Record<Deed, number>) {
    this.#size = size;
    this.#none = none;
    this.#numbers = { ...none };
  }

  get entries(): readonly LogbookEntry[] {
    return this.#entries.slice(-this.#size);
  }

  get counts(): Counts<Deed> {
    return {
      calls: Object.fromEntries(this.#calls.entries().map(([region, calls]) => [region, Object.fromEntries(calls)])),
      outcomes: Object.fromEntries(this.#outcomes),
      ...this.#numbers,
    };
  }

  add(entry: Omit<LogbookEntry, 'instances'>): void {
    const { region, action, outcome, instanceIds } = entry;
    const calls = this.#calls.get(region) ?? new Map<string, number>();
    calls.set(action, (calls.get(action) ?? 0) + 1);
    this.#calls.set(region, calls);
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    this.#entries.push({ ...entry, instanceIds: instanceIds.slice(0, mostIdsKept), instances: instanceIds.length });
    if (this.#entries.length >= 2 * this.#size) {
      this.#entries = this.#entries.slice(-this.#size);
    }
  }

  count(what: Deed, number: number): void {
    this.#numbers[what] += number;
  }

  reset(): void {
    this.#entries = [];
    this.#calls = new Map();
    this.#outcomes = new Map();
    this.#numbers = { ...this.#none };
  }
}
