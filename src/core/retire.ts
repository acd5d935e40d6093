import type { Demand } from './demand.ts';
import type { PoolLimits } from './pool.ts';
import type { Reason } from './reason.ts';
import { capacityFor } from './scaling.ts';
import { amounts, counted, lasting } from './wording.ts';
import type { RetirementRow } from './worker-store.ts';
import type { TerminationDecision } from './worker.ts';

/** A running worker, and what is known of its work when anybody knows. */
export interface RetirementCandidate extends RetirementRow {
  /** Absent: nobody knows. `idleSince`: since when it has had no task; null while it holds one. */
  work?: { idleSince: Date | null };
}

/** Advice for one worker; null for a static one, which never gets any. */
export interface Advice {
  worker: RetirementCandidate;
  decision: TerminationDecision | null;
}

/** What a pool's workers should be told when they ask whether to end themselves. */
export interface Retirement {
  /** The capacity that is needed. */
  target: number;
  /** One for each worker. */
  all: readonly Advice[];
  /** Those whose advice is not the stored one. */
  changes: readonly Advice[];
  /** Workers told to end, by the `reason` label of `worker_manager_workers_to_terminate`. */
  counts: { over_capacity: number; launch_config_archived: number };
  reason: Reason<'decided' | 'stale-demand'>;
}

/** Counts older than this dismiss nobody (evidence.md 5.12: no action on stale demand). */
const freshForMs = 2 * 60_000;

/**
 * A worker shows a sign of life with each claim and each renewal of one, which is due within 20 minutes (spec/provisioning.md 1.3, 1.6): who
 * shows none for an hour neither works nor waits for work. A newer sign says nothing about work: idle workers show them more often than busy
 * ones.
 */
const silentForMs = 60 * 60_000;

/**
 * Which workers of a pool are needed and which should end themselves when they next ask (spec/provisioning.md 4.6 with P-45, W32).
 *
 * Workers of archived launch configs leave and take no place. Of the others as many stay as the tasks need. Those that work stay before those
 * that do not; a machine that is needed in part stays whole. Nobody is killed by this: a worker told to end finishes its task first.
 */
export function retire(
  workers: readonly RetirementCandidate[],
  demand: Demand,
  limits: PoolLimits,
  now: Date,
): Retirement {
  const eligible = workers.filter((worker) => !worker.isStatic && !worker.isLaunchConfigArchived);
  const target = targetOf(eligible, demand, limits);
  const isStale = now.getTime() - demand.at.getTime() > freshForMs;
  const needed = isStale ? null : neededOf(eligible, target, now);
  const all = workers.map((worker) => ({ worker, decision: decide(worker, needed, now) }));
  const countOf = (reason: TerminationDecision['reason']): number =>
    all.filter(({ decision }) => decision?.reason === reason).length;
  const counts = {
    over_capacity: countOf('over capacity'),
    launch_config_archived: countOf('launch config archived'),
  };
  return {
    target,
    all,
    changes: all.filter(({ worker, decision }) => decision !== worker.decision),
    counts,
    reason: isStale
      ? { code: 'stale-demand', text: `the queue's counts are ${lasting(now.getTime() - demand.at.getTime())} old` }
      : { code: 'decided', text: sentence(demand, target, counts) },
  };
}

/**
 * The capacity needed: what works, and for pending tasks what is there or what capacity is added for, whichever is more. So nobody is dismissed
 * who could take a pending task, nor while `estimate` starts others. The maximum is hard, even against the minimum.
 */
function targetOf(eligible: readonly RetirementCandidate[], demand: Demand, limits: PoolLimits): number {
  const { claimedTasks, pendingTasks } = demand;
  const there = eligible.reduce((sum, worker) => sum + worker.capacity, 0);
  const takers = Math.min(there, claimedTasks + pendingTasks);
  const wished = Math.max(takers, claimedTasks + capacityFor(pendingTasks, limits.scalingRatio), limits.minCapacity);
  return Math.min(wished, limits.maxCapacity);
}

/** The workers that stay, most useful first until the target is reached. */
function neededOf(
  eligible: readonly RetirementCandidate[],
  target: number,
  now: Date,
): ReadonlySet<RetirementCandidate> {
  const ranked = eligible.map((worker) => ({ worker, ...usefulness(worker, now) }));
  ranked.sort((one, other) => one.rank - other.rank || other.since - one.since);
  const needed = new Set<RetirementCandidate>();
  let left = target;
  for (const { worker } of ranked) {
    if (left <= 0) break;
    needed.add(worker);
    left -= worker.capacity;
  }
  return needed;
}

/**
 * Lower ranks stay first, and in one rank later dates: who works; who may work, the newest first (it has the longest use before it); who is
 * known to be idle, the longest idle last; who is silent.
 */
function usefulness({ work, lastActive, created }: RetirementCandidate, now: Date): { rank: number; since: number } {
  if (work !== undefined) {
    const { idleSince } = work;
    return idleSince === null ? { rank: 0, since: created.getTime() } : { rank: 2, since: idleSince.getTime() };
  }
  const isSilent = lastActive !== null && now.getTime() - lastActive.getTime() > silentForMs;
  return isSilent ? { rank: 3, since: lastActive.getTime() } : { rank: 1, since: created.getTime() };
}

/** The stored decision where it says the same: only a change gets a new date. */
function decide(
  worker: RetirementCandidate,
  needed: ReadonlySet<RetirementCandidate> | null,
  now: Date,
): TerminationDecision | null {
  if (worker.isStatic) return null;
  const decided = (terminate: boolean, reason: TerminationDecision['reason']): TerminationDecision => {
    const stored = worker.decision;
    const isOld = stored?.terminate === terminate && stored.reason === reason;
    return isOld ? stored : { terminate, reason, decidedAt: now };
  };
  if (worker.isLaunchConfigArchived) return decided(true, 'launch config archived');
  if (needed === null) return worker.decision;
  return needed.has(worker) ? decided(false, 'needed') : decided(true, 'over capacity');
}

function sentence(demand: Demand, target: number, counts: Retirement['counts']): string {
  const tasks = `${counted(demand.claimedTasks, 'claimed task')} and ${demand.pendingTasks} pending need ${target}`;
  const leaving = amounts({
    'over capacity': counts.over_capacity,
    'of archived launch configs': counts.launch_config_archived,
  });
  return `${tasks}: ${leaving.length === 0 ? 'all stay' : `${leaving.join(' and ')} should end`}`;
}
