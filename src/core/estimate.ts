import type { Demand } from './demand.ts';
import type { FleetTally } from './launch-store.ts';
import type { PoolLimits } from './pool.ts';
import type { Reason } from './reason.ts';
import { capacityFor } from './scaling.ts';
import { amounts, counted } from './wording.ts';

/** What decided an estimate: nothing asks, what is there is enough, tasks, the minimum, or the maximum (which allows less than is wanted). */
export type EstimateCode = 'no-need' | 'covered' | 'pending-tasks' | 'minimum' | 'maximum';

/** How much capacity a pool should request now, with every number it was made of (spec/provisioning.md 2.4, 2.5; all in capacity). */
export interface Estimate {
  /** Capacity to request now. */
  toRequest: number;
  /** What the pool's useful capacity (ordered, requested, running) should be: the bound for `LaunchStore.placeOrders`. */
  want: number;
  reason: Reason<EstimateCode>;
  /** Far more exists than the maximum allows: something is wrong, and people must be told. */
  isOverProvisioned: boolean;
  pendingTasks: number;
  claimedTasks: number;
  minCapacity: number;
  maxCapacity: number;
  scalingRatio: number;
  /** Ordered, requested and running, without quarantined. */
  existingCapacity: number;
  /** Ordered and requested: part of `existingCapacity`. */
  requestedCapacity: number;
  stoppingCapacity: number;
  quarantinedCapacity: number;
  /** Ordered long ago without an answer: it may be there or not. */
  unansweredCapacity: number;
  /** Existing capacity, booting included, beyond the claimed tasks: the gauge's meaning. */
  totalIdleCapacity: number;
  /** Pending tasks beyond that idle capacity: the gauge's meaning. */
  adjustedPendingTasks: number;
  /** What the pool should hold in all now: `want` and what else occupies room below the maximum. */
  desiredCapacity: number;
}

/** Below this, too much is a rounding matter and no alarm (spec/provisioning.md 2.5). */
const alarmingCapacity = 25;
const alarmingExcess = 1.25;

/**
 * How much capacity a pool should request.
 *
 * Each unit is counted once (P-04): idle running capacity takes one pending task each; what is booting was started for pending tasks and is
 * subtracted from the capacity that the other pending tasks ask for. So asking again while machines boot asks for nothing more, at any
 * scaling ratio. The minimum is kept by capacity that can work (P-17); the maximum also counts what is stopping, quarantined (P-16) or
 * ordered without an answer, and is never exceeded, not even for the minimum.
 */
export function estimate(demand: Demand, tally: FleetTally, limits: PoolLimits): Estimate {
  const { pendingTasks, claimedTasks } = demand;
  const { minCapacity, maxCapacity, scalingRatio } = limits;
  const booting = tally.ordered + tally.requested;
  const existing = booting + tally.running;
  // Claims beyond running capacity belong to stopping or quarantined workers: they take nothing from what is booting.
  const idle = Math.max(0, tally.running - claimedTasks);
  const forTasks = Math.max(0, capacityFor(Math.max(0, pendingTasks - idle), scalingRatio) - booting);
  const wished = Math.max(existing + forTasks, minCapacity);
  const blocked = tally.stopping + tally.quarantined + tally.unanswered;
  const want = Math.min(wished, Math.max(0, maxCapacity - blocked));
  const totalIdle = Math.max(0, existing - claimedTasks);
  const numbers = {
    toRequest: Math.max(0, want - existing),
    want,
    pendingTasks,
    claimedTasks,
    minCapacity,
    maxCapacity,
    scalingRatio,
    existingCapacity: existing,
    requestedCapacity: booting,
    stoppingCapacity: tally.stopping,
    quarantinedCapacity: tally.quarantined,
    unansweredCapacity: tally.unanswered,
    totalIdleCapacity: totalIdle,
    adjustedPendingTasks: Math.max(0, pendingTasks - totalIdle),
    desiredCapacity: Math.min(maxCapacity, want + blocked),
    isOverProvisioned: existing > alarmingCapacity && existing > alarmingExcess * maxCapacity,
  };
  return { ...numbers, reason: reasonFor(numbers, { idle, forTasks, missing: wished - existing }) };
}

function reasonFor(
  numbers: Omit<Estimate, 'reason'>,
  parts: { idle: number; forTasks: number; missing: number },
): Reason<EstimateCode> {
  const { toRequest } = numbers;
  const code = codeFor(numbers, parts);
  const endings: Record<EstimateCode, string> = {
    'no-need': 'nothing to do',
    covered: 'enough',
    'pending-tasks': `${toRequest} more`,
    minimum: `${toRequest} more to keep the minimum ${numbers.minCapacity}`,
    maximum: `${parts.missing} more wanted, ${maximumText(numbers)}`,
  };
  const there = amounts({ idle: parts.idle, booting: numbers.requestedCapacity });
  const asked = [counted(numbers.pendingTasks, 'pending task'), ...there].join(', ');
  const alarm = numbers.isOverProvisioned
    ? `; ${numbers.existingCapacity} exist, far above the maximum ${numbers.maxCapacity}`
    : '';
  return { code, text: `${asked}: ${endings[code]}${alarm}` };
}

function codeFor(numbers: Omit<Estimate, 'reason'>, parts: { forTasks: number; missing: number }): EstimateCode {
  if (parts.missing > numbers.toRequest) return 'maximum';
  if (parts.missing === 0) return numbers.pendingTasks === 0 ? 'no-need' : 'covered';
  return parts.missing > parts.forTasks ? 'minimum' : 'pending-tasks';
}

function maximumText(numbers: Omit<Estimate, 'reason'>): string {
  const { maxCapacity, toRequest } = numbers;
  const blocking = {
    stopping: numbers.stoppingCapacity,
    quarantined: numbers.quarantinedCapacity,
    unanswered: numbers.unansweredCapacity,
  };
  const counting = amounts(blocking).join(' and ');
  const including = counting === '' ? '' : ` (${counting} counted)`;
  return toRequest === 0
    ? `maximum ${maxCapacity} reached${including}`
    : `maximum ${maxCapacity} leaves ${toRequest}${including}`;
}
