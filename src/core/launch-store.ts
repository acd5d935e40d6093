import type { LaunchOrder, RefusalClass, StoredOutcome } from './launch.ts';
import type { Lifecycle } from './pool.ts';
import type { Moved } from './worker-store.ts';

/** The capacity of a pool by what it is doing, from fresh rows (spec/provisioning.md 2.4, with orders in flight counted). */
export interface FleetTally {
  /** Ordered, not yet settled or known, and soon to be: what comes of it is capacity. */
  ordered: number;
  requested: number;
  /** Running and not quarantined. */
  running: number;
  stopping: number;
  /** Running and quarantined. */
  quarantined: number;
  /**
   * Ordered `unansweredAfterMs` ago or earlier, and the cloud was asked what came of it and did not say. It may exist, so it takes its place below
   * the maximum; but nobody can count on it.
   */
  unanswered: number;
  /** The worker groups of those orders. */
  silentWorkerGroups: ReadonlySet<string>;
  /** Everything above by launch config id. */
  byLaunchConfig: ReadonlyMap<string, number>;
  /** Booting (ordered or requested) capacity by launch config id. */
  bootingByLaunchConfig: ReadonlyMap<string, number>;
  /** Existing, requested and stopping by worker group, for metrics. */
  byWorkerGroup: ReadonlyMap<string, { existing: number; requested: number; stopping: number }>;
}

/** Of two chances to learn what came of an order, its call and its repeat, both have passed by then. */
export const unansweredAfterMs = 3 * 60_000;

/**
 * How launches of one launch config went, and (under `*`) of the whole pool. Attempts and failures fade with time: `decayed` in
 * `core/launch-record.ts` brings them to now.
 */
export interface LaunchRecord {
  launchConfigId: string;
  /** Machines asked for, faded, as of `asOf`. */
  attempts: number;
  /** Machines refused or reported failed, faded, as of `asOf`. */
  failures: number;
  asOf: Date;
  /** Machines that ended without registering since the last registration. */
  unregisteredStreak: number;
  /** When the first machine of that streak ended; null while the streak is 0. */
  streakSince: Date | null;
  lastRegistrationAt: Date | null;
  lastLossAt: Date | null;
}

/** A back-off scope that is closed for a while. */
export interface Setback {
  providerId: string;
  scope: string;
  class: RefusalClass;
  code: string;
  message: string;
  /** Refusals in a row. */
  failures: number;
  since: Date;
  /** Nothing is asked before; one probe after. */
  until: Date;
}

/** An order asked for: how many machines of which launch config, where. */
export type OrderDraft = Omit<LaunchOrder, 'placedAt'>;

/** An order as looked up by its id. */
export interface KnownOrder extends LaunchOrder {
  /** Not settled yet: whoever settles it will adopt its machines. */
  isOpen: boolean;
}

/** Remembers launch orders, how launches went, and which scopes are closed. */
export interface LaunchStore {
  /** The capacity of these pools now, one statement for all. Pools without rows are all zero. */
  tallies(workerPoolIds: readonly string[], now: Date): Promise<ReadonlyMap<string, FleetTally>>;
  /**
   * Stores orders before any cloud is called. Under a lock of the pool it counts again and shortens or drops drafts so that present capacity
   * (ordered + unanswered + requested + running + stopping + quarantined) never exceeds `maxCapacity` by more than the rounding of one machine, and useful
   * capacity (ordered + requested + running) not `want`: any number of replicas may race. Drops all when the pool's provider is no longer that
   * of the drafts or the launch config is archived.
   * @returns the orders placed, `placedAt` = now.
   */
  placeOrders(
    workerPoolId: string,
    drafts: readonly OrderDraft[],
    bounds: { want: number; maxCapacity: number },
    now: Date,
  ): Promise<readonly LaunchOrder[]>;
  /**
   * Stores an order's outcome: rows of its workers (`requested`, due for a first look at `firstLookAt`) with their worker-requested events, the
   * launch record, and the end of the order, in one transaction. Repeating it, or settling what somebody else settled, adds nothing twice;
   * machines reported after the order lapsed are still adopted. An `unknown` outcome adds what is known, and leaves the order open for the rest.
   * @returns the workers added.
   */
  settleOrder(
    order: LaunchOrder,
    outcome: StoredOutcome,
    terms: { lifecycle: Lifecycle; firstLookAt: Date },
    now: Date,
  ): Promise<readonly Moved['worker'][]>;
  /** Open orders in a scope whose caller has not shown life (`touchOrders`) since `before`: nobody is working on them. Longest silent first. */
  abandonedOrders(
    at: { providerId: string; scope: string },
    before: Date,
    limit: number,
  ): Promise<readonly LaunchOrder[]>;
  /** The scopes in which there are such orders. */
  abandonedScopes(before: Date): Promise<readonly { providerId: string; scope: string }[]>;
  /** Whoever works on these orders is alive. */
  touchOrders(orderIds: readonly string[], now: Date): Promise<void>;
  /** Orders by id, open or not: tells our machines from strangers', and those still to be adopted from those that were lost. */
  orders(orderIds: readonly string[]): Promise<ReadonlyMap<string, KnownOrder>>;
  /** Whether an order of this pool, provider and group is open: an early registration may belong to it (P-54). */
  hasOpenOrder(workerPoolId: string, providerId: string, workerGroup: string): Promise<boolean>;
  /** Deletes orders settled before `before` that no worker row refers to. @returns how many. */
  expireOrders(before: Date): Promise<number>;

  launchRecords(workerPoolId: string): Promise<readonly LaunchRecord[]>;
  /** Setbacks of a provider, ended ones (still to be probed) too. */
  setbacks(providerId: string): Promise<readonly Setback[]>;
  /** Stores setbacks computed by `core/setback.ts`. */
  saveSetback(setback: Setback): Promise<void>;
  /** The scope works again. @returns whether there was one. */
  clearSetback(providerId: string, scope: string): Promise<boolean>;
}
