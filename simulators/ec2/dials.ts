import { isBuckets, type Bucket } from '#simulators/bucket.ts';
import { readDials } from '#simulators/dial-values.ts';
import type { Range } from '#simulators/range.ts';

/** How the cloud behaves in general. All times are milliseconds of the simulator's clock, all chances from 0 to 1. */
export interface Dials {
  /** From the effect of a call to its answer. */
  latencyMs: Range;
  /** From RunInstances to `running`. */
  bootMs: Range;
  /** From `shutting-down` to `terminated`. */
  shutDownMs: Range;
  /** From `stopping` to `stopped`. */
  stopMs: Range;
  /** How long after RunInstances no other call knows the instance (eventual consistency). */
  hiddenMs: Range;
  /** How long after RunInstances the instance is shown without its tags. */
  untaggedMs: Range;
  /** How long the status checks of a running instance say `initializing`. */
  statusChecksMs: number;
  /** Share of machines on which the worker never starts. */
  neverRegisters: number;
  /** Share of machines that crash in the middle of their work. */
  crashesWhileWorking: number;
  /** Share of machines whose status checks fail, and how long after the boot. */
  impaired: number;
  impairedAfterMs: Range;
  /** Share of machines that shut themselves down, and how long after the boot. */
  endsByItself: number;
  endsByItselfAfterMs: Range;
  /** Share of spot machines that are reclaimed, and how long after the launch the two minutes' notice comes. */
  spotInterrupted: number;
  spotInterruptedAfterMs: Range;
  /** Dollars per hour; a lower MaxPrice is refused. */
  spotPrice: number;
  /** Chance that a page is cut short, even to nothing, with a token for the rest, as EC2 reserves the right to do. */
  shortPage: number;
  /** Whether calls over the limit are refused. */
  isThrottling: boolean;
  /** Buckets that replace the published ones; `publishedBuckets` in throttle.ts shows the names. */
  buckets: Readonly<Record<string, Bucket>>;
}

const hourMs = 3_600_000;

/** A cloud on a good day: everything works, nothing is late, calls are limited as AWS publishes. */
export const calmDials: Dials = {
  latencyMs: [0, 0],
  bootMs: [15_000, 45_000],
  shutDownMs: [10_000, 40_000],
  stopMs: [10_000, 40_000],
  hiddenMs: [0, 0],
  untaggedMs: [0, 0],
  statusChecksMs: 120_000,
  neverRegisters: 0,
  crashesWhileWorking: 0,
  impaired: 0,
  impairedAfterMs: [0, hourMs],
  endsByItself: 0,
  endsByItselfAfterMs: [0, hourMs],
  spotInterrupted: 0,
  spotInterruptedAfterMs: [0, hourMs],
  spotPrice: 0.01,
  shortPage: 0,
  isThrottling: true,
  buckets: {},
};

/**
 * The dials in a JSON value, to be laid over others.
 *
 * @throws TypeError that names the dial that does not exist, or whose value does not fit.
 */
export function parseDials(json: unknown): Partial<Dials> {
  return readDials(json, calmDials, isBuckets);
}
