import { readDials } from '#simulators/dial-values.ts';
import { isAmount, type Range } from '#simulators/range.ts';

/** How the cloud behaves in general. All times are milliseconds of the simulator's clock, all chances from 0 to 1. */
export interface Dials {
  /** From the effect of a call to its answer. */
  latencyMs: Range;
  /** How long operations are `PENDING`. */
  pendingMs: Range;
  /** From the insert to `STAGING`. */
  provisionMs: Range;
  /** From `STAGING` to `RUNNING`, when the insert is done. */
  stageMs: Range;
  /** From `RUNNING` to the end of the guest's boot: only then does the worker start. */
  bootMs: Range;
  /** From the insert to its failure, where it fails. */
  failMs: Range;
  /** From the delete call to the end of its operation, when the instance is gone. */
  deleteMs: Range;
  /** From `STOPPING` to `TERMINATED`, and from `SUSPENDING` to `SUSPENDED`. */
  stopMs: Range;
  /** How long after the insert no other call knows the instance (eventual consistency). */
  hiddenMs: Range;
  /** How old lists are: they lack what is new, show what is gone, and tell old statuses. */
  staleListMs: number;
  /** Whether an instance whose insert will fail can be seen until it has failed. */
  isFailingShown: boolean;
  /** Whether another delete of an instance that is being deleted is refused, with `rateLimitExceeded`, as users report. */
  isDeleteExclusive: boolean;
  /** How long a request id is remembered. */
  requestIdKeptMs: number;
  /** Share of machines on which the worker never starts. */
  neverRegisters: number;
  /** Share of machines that crash in the middle of their work. */
  crashesWhileWorking: number;
  /** Share of machines whose API status is one that nobody knows. */
  strangeStatus: number;
  /** Share of machines that shut themselves down, and how long after the boot. */
  endsByItself: number;
  endsByItselfAfterMs: Range;
  /** Share of machines whose host fails, and how long after the boot. */
  hostError: number;
  hostErrorAfterMs: Range;
  /** Share of spot machines that are preempted, how long after the insert, and how long they then have. */
  preempted: number;
  preemptedAfterMs: Range;
  preemptionNoticeMs: number;
  /** Chance that a page is cut short, even to nothing, with a token for the rest, as Compute Engine reserves the right to do. */
  shortPage: number;
  /** Whether calls over the limit are refused, and with which status: 403 as Google says, or 429. */
  isThrottling: boolean;
  throttleStatus: number;
  /** Calls per minute that replace the published limits; `publishedLimits` in rate-limit.ts shows the names. */
  limits: Readonly<Record<string, number>>;
}

const hourMs = 3_600_000;

/** A cloud on a good day: everything works, nothing is late, calls are limited as Google publishes. */
export const calmDials: Dials = {
  latencyMs: [0, 0],
  pendingMs: [0, 500],
  provisionMs: [1_000, 4_000],
  stageMs: [1_000, 4_000],
  bootMs: [10_000, 40_000],
  failMs: [1_000, 5_000],
  deleteMs: [10_000, 60_000],
  stopMs: [10_000, 60_000],
  hiddenMs: [0, 0],
  staleListMs: 0,
  isFailingShown: true,
  isDeleteExclusive: false,
  requestIdKeptMs: hourMs,
  neverRegisters: 0,
  crashesWhileWorking: 0,
  strangeStatus: 0,
  endsByItself: 0,
  endsByItselfAfterMs: [0, hourMs],
  hostError: 0,
  hostErrorAfterMs: [0, hourMs],
  preempted: 0,
  preemptedAfterMs: [0, hourMs],
  preemptionNoticeMs: 30_000,
  shortPage: 0,
  isThrottling: true,
  throttleStatus: 403,
  limits: {},
};

/**
 * The dials in a JSON value, to be laid over others.
 *
 * @throws TypeError that names the dial that does not exist, or whose value does not fit.
 */
export function parseDials(json: unknown): Partial<Dials> {
  return readDials(json, calmDials, isLimits);
}

function isLimits(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isAmount);
}
