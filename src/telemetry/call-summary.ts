/** What is counted of a call to a cloud. */
interface CountedCall {
  /** `ok`, or the cloud's (or the network's) code of what went wrong. */
  outcome: string;
  durationMs: number;
  /** 1 for the first attempt. */
  attempt: number;
}

/** How calls to a cloud went. Times are in milliseconds, those of the calls alone: neither waiting nor repetitions are in them (P-26). */
export interface CallFigures {
  total: number;
  success: number;
  failed: number;
  /** Calls that repeated another one. */
  retries: number;
  /** Number of calls by outcome; success is `200`. */
  byStatus: Readonly<Record<string, number>>;
  min: number;
  max: number;
  avg: number;
  median: number;
  p95: number;
  p99: number;
}

/** Of more calls than this only the newest are in the percentiles: a summary that nobody asks for does not grow (P-25). */
const mostDurations = 1_000;

/** Sums up calls to one cloud (spec/provisioning.md 5.3). */
export class CallSummary {
  readonly #byStatus = new Map<string, number>();
  readonly #durations: number[] = [];
  #total = 0;
  #retries = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;

  add({ outcome, durationMs, attempt }: CountedCall): void {
    const status = outcome === 'ok' ? '200' : outcome;
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1);
    this.#durations[this.#total % mostDurations] = durationMs;
    this.#total += 1;
    this.#retries += attempt > 1 ? 1 : 0;
    this.#sumMs += durationMs;
    this.#minMs = Math.min(this.#minMs, durationMs);
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  /** The figures so far, of at least one call. */
  figures(): CallFigures {
    const sorted = this.#durations.toSorted((left, right) => left - right);
    const success = this.#byStatus.get('200') ?? 0;
    return {
      total: this.#total,
      success,
      failed: this.#total - success,
      retries: this.#retries,
      byStatus: Object.fromEntries(this.#byStatus),
      min: this.#minMs,
      max: this.#maxMs,
      avg: Math.round(this.#sumMs / this.#total),
      median: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      p99: percentile(sorted, 0.99),
    };
  }
}

/** The smallest of the values that is not below the given part of them. */
function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
