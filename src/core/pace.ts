/** How often and how long the loops work. All in milliseconds; the defaults are those of spec/provisioning.md 2.1 where it names one. */
export interface Pace {
  /** From the end of one turn of a pool to its next. */
  provisionEveryMs: number;
  /** From the end of one observation of a scope with workers to its next. */
  observeEveryMs: number;
  /** The same for a scope that has none: only strangers and leaks can be found there. */
  observeIdleScopeEveryMs: number;
  /** How often a pool's quarantines are read from the queue and its workers advised. */
  retireEveryMs: number;
  expireEveryMs: number;
  /** How often it is looked whether an owner is to be mailed. */
  notifyEveryMs: number;
  /** How long the outbox rests when it is empty. */
  deliverEveryMs: number;
  settleEveryMs: number;
  /** An open order without sign of life for this long is nobody's: it is settled by asking the cloud. Longer than `launchLimitMs`. */
  abandonedAfterMs: number;
  /** The longest one launch call may take, retries included. */
  launchLimitMs: number;
  /** After the launch, when a new worker is first looked at. */
  firstLookAfterMs: number;
  /** A task's own time slice; it is aborted after that and comes again. */
  timeSliceMs: number;
  /** A task whose process shows no life for this long is taken over. */
  leaseMs: number;
  /** Errors are kept this long. */
  errorRetentionMs: number;
  /** Settled orders are kept this long: they tell our machines from strangers'. */
  orderRetentionMs: number;
}

export const defaultPace: Pace = {
  provisionEveryMs: 10_000,
  observeEveryMs: 20_000,
  observeIdleScopeEveryMs: 600_000,
  retireEveryMs: 20_000,
  expireEveryMs: 3_600_000,
  notifyEveryMs: 10_000,
  deliverEveryMs: 1_000,
  settleEveryMs: 5_000,
  abandonedAfterMs: 90_000,
  launchLimitMs: 60_000,
  firstLookAfterMs: 10_000,
  timeSliceMs: 300_000,
  leaseMs: 15_000,
  errorRetentionMs: 7 * 86_400_000,
  orderRetentionMs: 60 * 86_400_000,
};
