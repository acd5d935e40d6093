/** Where time comes from: passed in everywhere, so that a test can step it and a run can be repeated. */
export interface Clock {
  /** This instant. */
  now(): Date;
  /** Resolves after `ms` milliseconds of this clock's time; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Where chance comes from: the next number, uniform in [0, 1). */
export type Random = () => number;
