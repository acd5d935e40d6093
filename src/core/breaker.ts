import { wholePool } from './launch-record.ts';
import type { LaunchRecord } from './launch-store.ts';
import type { Reason } from './reason.ts';
import { counted, lasting } from './wording.ts';

/**
 * Machines in a row that end without registering trip the breaker. One boot in five fails in fleets that are otherwise well (evidence.md 3.3,
 * TFR#3493): five in a row are then chance once in 3,000 times, ten once in 10 million. A pool has many launch configs and losing them all
 * costs more, so it is judged later.
 */
export const launchConfigTripStreak = 5;
export const poolTripStreak = 10;

/** A tripped breaker lets the next probe go after half the time that it has been failing, within these bounds. */
const soonestProbeMs = 60_000;
const latestProbeMs = 60 * 60_000;

/** How many machines a crash-loop breaker lets start now: all (`working`), one, or none. */
export type BreakerVerdict =
  | { kind: 'working' }
  | { kind: 'probe'; reason: Reason<'probe'> }
  | {
      kind: 'wait';
      /** When a probe may start; null: when the one under way has registered or ended. */
      nextTry: Date | null;
      reason: Reason<'probe-under-way' | 'crash-loop'>;
    };

/**
 * Whether machines of a launch config (or, with the record `*`, of a whole pool) may start, given how earlier ones fared (design.md 5.9).
 *
 * Machines that end without registering trip it. Then one machine at a time may try, ever more rarely: the wait grows with the time that
 * nothing has registered, not with the number lost, so that one bad moment that took hundreds at once is forgiven within a minute or two,
 * while what is broken for a day costs one machine an hour. A registration closes the matter at once.
 *
 * @param bootingCapacity what is ordered or requested now: each of these machines is a probe already.
 */
export function breakerVerdict(record: LaunchRecord | undefined, bootingCapacity: number, now: Date): BreakerVerdict {
  if (record === undefined || record.unregisteredStreak < tripStreakOf(record)) return { kind: 'working' };
  const lost = `${counted(record.unregisteredStreak, 'machine')} in a row ended without registering`;
  if (bootingCapacity > 0) {
    return {
      kind: 'wait',
      nextTry: null,
      reason: { code: 'probe-under-way', text: `${lost}; waiting for the one that boots` },
    };
  }
  const nextTry = nextProbe(record);
  if (nextTry.getTime() <= now.getTime()) {
    return { kind: 'probe', reason: { code: 'probe', text: `${lost}; one may try` } };
  }
  const waitMs = nextTry.getTime() - now.getTime();
  return {
    kind: 'wait',
    nextTry,
    reason: { code: 'crash-loop', text: `${lost}; the next tries in ${lasting(waitMs)}` },
  };
}

function tripStreakOf(record: LaunchRecord): number {
  return record.launchConfigId === wholePool ? poolTripStreak : launchConfigTripStreak;
}

function nextProbe({ streakSince, lastLossAt, asOf }: LaunchRecord): Date {
  const lostAt = (lastLossAt ?? asOf).getTime();
  const failingForMs = lostAt - (streakSince?.getTime() ?? lostAt);
  return new Date(lostAt + Math.min(latestProbeMs, Math.max(soonestProbeMs, failingForMs / 2)));
}
