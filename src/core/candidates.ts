import { breakerVerdict } from './breaker.ts';
import type { BreakerVerdict } from './breaker.ts';
import { failureRate, wholePool } from './launch-record.ts';
import type { FleetTally, LaunchRecord, Setback } from './launch-store.ts';
import type { LaunchConfigLimits } from './pool.ts';
import type { Reason } from './reason.ts';
import { gateOf } from './setback.ts';
import type { Gate } from './setback.ts';
import { lasting } from './wording.ts';

/** A launch config as selection sees it. */
export interface LaunchConfigOption {
  launchConfigId: string;
  limits: LaunchConfigLimits;
  workerGroup: string;
  /** What a refusal of it may name (`Fleet.place`). */
  backOffScopes: readonly string[];
}

/** A launch config that may start machines now. */
export interface Candidate {
  launchConfigId: string;
  capacityPerInstance: number;
  /** Its chance in the draw, relative to the others'; above 0. */
  weight: number;
  /** Capacity that may be added before its own maximum is reached; above 0. */
  remaining: number;
  /** Names of the allowances its machines use up. */
  allowances: readonly string[];
  /** Back-off scopes that its machine would probe. */
  probes: readonly string[];
  /** How its weight came about, for people. */
  note: string;
}

export type ExclusionCode = 'off' | 'full' | 'backed-off' | 'unanswered' | 'breaker';

/** A launch config that may start nothing now, and why. */
export interface Exclusion {
  launchConfigId: string;
  reason: Reason<ExclusionCode>;
  /** When it may be asked again; null: when something else changes. */
  until: Date | null;
}

export interface Candidates {
  candidates: readonly Candidate[];
  excluded: readonly Exclusion[];
  /** How many machines may start under each allowance, all candidates together; what has no allowance is not limited. */
  allowances: ReadonlyMap<string, number>;
}

/** However full or failing, a launch config keeps this part of its weight: else nothing would ever show that it works again (P-18). */
const leastShare = 0.01;

/** The allowance of a tripped pool breaker: one machine for the whole pool. */
const poolAllowance = 'pool breaker';

/** Everything that decides about launch configs, at one moment. */
interface Situation {
  tally: FleetTally;
  records: ReadonlyMap<string, LaunchRecord>;
  setbacks: ReadonlyMap<string, Setback>;
  poolBreaker: BreakerVerdict;
  now: Date;
}

/**
 * Which launch configs may start machines now, with what weight, and why the others may not (spec/provisioning.md 3.1 with P-09, P-10, P-18
 * mended). Weight = initial weight × share of its maximum that is free × share of recent launches that went well.
 *
 * @param records of the pool, the pool's own (`*`) among them. @param setbacks of the provider.
 */
export function candidatesOf(
  options: readonly LaunchConfigOption[],
  known: { tally: FleetTally; records: readonly LaunchRecord[]; setbacks: readonly Setback[] },
  now: Date,
): Candidates {
  const { tally } = known;
  const records = new Map(known.records.map((record) => [record.launchConfigId, record]));
  const setbacks = new Map(known.setbacks.map((setback) => [setback.scope, setback]));
  const poolBreaker = breakerVerdict(records.get(wholePool), tally.ordered + tally.requested, now);
  const judged = options.map((option) => judge(option, { tally, records, setbacks, poolBreaker, now }));
  const candidates = judged.filter((one) => 'weight' in one);
  const names = candidates.flatMap((candidate) => candidate.allowances);
  return {
    candidates,
    excluded: judged.filter((one) => 'reason' in one),
    // Every allowance there is stands for a probe, which is one machine.
    allowances: new Map(names.map((name) => [name, 1])),
  };
}

function judge(option: LaunchConfigOption, situation: Situation): Candidate | Exclusion {
  const { launchConfigId, limits, backOffScopes } = option;
  const { tally, records, setbacks, poolBreaker, now } = situation;
  const remaining = limits.maxCapacity - (tally.byLaunchConfig.get(launchConfigId) ?? 0);
  const breaker = breakerVerdict(
    records.get(launchConfigId),
    tally.bootingByLaunchConfig.get(launchConfigId) ?? 0,
    now,
  );
  const gate = gateOf(backOffScopes, setbacks, now);
  const obstacle =
    offOrFull(limits, remaining) ??
    restOf(gate, now) ??
    silenceOf(gate, option, tally) ??
    waitOf(poolBreaker) ??
    waitOf(breaker);
  if (obstacle !== null) return { launchConfigId, ...obstacle };
  const probes = gate.kind === 'half-open' ? gate.scopes : [];
  const goodShare = 1 - failureRate(records.get(launchConfigId), now);
  const roomShare = remaining / limits.maxCapacity;
  return {
    launchConfigId,
    capacityPerInstance: limits.capacityPerInstance,
    weight: limits.initialWeight * Math.max(leastShare, roomShare * goodShare),
    remaining,
    allowances: [
      ...probes,
      ...(poolBreaker.kind === 'probe' ? [poolAllowance] : []),
      ...(breaker.kind === 'probe' ? [`breaker of ${launchConfigId}`] : []),
    ],
    probes,
    note: noteOf(option, { remaining, goodShare, probes, breakers: [poolBreaker, breaker] }),
  };
}

type Obstacle = Omit<Exclusion, 'launchConfigId'>;

function offOrFull(limits: LaunchConfigLimits, remaining: number): Obstacle | null {
  const { initialWeight, maxCapacity } = limits;
  const off = (what: string): Obstacle => ({ reason: { code: 'off', text: `${what} is 0` }, until: null });
  // 0 means off, as the documentation says (P-10).
  if (initialWeight <= 0) return off('initialWeight');
  if (maxCapacity <= 0) return off('maxCapacity');
  if (remaining > 0) return null;
  return {
    reason: { code: 'full', text: `${maxCapacity - remaining} of ${maxCapacity} capacity in use` },
    until: null,
  };
}

function restOf(gate: Gate, now: Date): Obstacle | null {
  if (gate.kind !== 'closed') return null;
  const { scope, code, until } = gate.setback;
  const rest = lasting(until.getTime() - now.getTime());
  return { reason: { code: 'backed-off', text: `${scope} rests for ${rest} after ${code}` }, until };
}

/** An order that is not answered yet is its scope's probe: others would only add to what may exist unseen. */
function silenceOf(gate: Gate, { workerGroup }: LaunchConfigOption, tally: FleetTally): Obstacle | null {
  if (gate.kind !== 'half-open' || !tally.silentWorkerGroups.has(workerGroup)) return null;
  return { reason: { code: 'unanswered', text: `an order for ${workerGroup} is still without answer` }, until: null };
}

function waitOf(breaker: BreakerVerdict): Obstacle | null {
  if (breaker.kind !== 'wait') return null;
  return { reason: { code: 'breaker', text: breaker.reason.text }, until: breaker.nextTry };
}

function noteOf(
  option: LaunchConfigOption,
  parts: { remaining: number; goodShare: number; probes: readonly string[]; breakers: readonly BreakerVerdict[] },
): string {
  const { initialWeight, maxCapacity } = option.limits;
  const failed = Math.round((1 - parts.goodShare) * 100);
  return [
    `weight ${initialWeight}, ${parts.remaining} of ${maxCapacity} capacity free`,
    ...(failed > 0 ? [`${failed} % of recent launches failed`] : []),
    ...parts.probes.map((scope) => `probes ${scope}`),
    ...parts.breakers.flatMap((breaker) => (breaker.kind === 'probe' ? [breaker.reason.text] : [])),
  ].join('; ');
}
