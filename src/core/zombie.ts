import type { QueueWorker } from './demand.ts';
import { defaultQueueInactivityTimeoutMs } from './pool.ts';
import type { MoveRequest } from './worker-store.ts';
import type { FleetMember } from './worker.ts';

/** What the queue said of one worker; `worker` is null when the queue does not know it. */
export interface QueueAnswer {
  worker: QueueWorker | null;
  /** When it was asked. */
  at: Date;
}

/** Whether a worker is a zombie: alive at the cloud, of no use to the queue. */
export type ZombieVerdict =
  | {
      isZombie: true;
      /** The removal reason of spec/provisioning.md 1.5. */
      reason: string;
      /** What must still hold when the removal is stored. */
      guards: Pick<MoveRequest, 'ifUnregistered' | 'ifInactiveSince'>;
    }
  | { isZombie: false; why: 'active' | 'young' | 'quarantined' | 'no-fresh-data' | 'asked-once' };

/** Older answers of the queue are not acted on: what is minutes old has killed busy workers before (P-50, evidence.md 3.2: v49.1.3, v95.1.1). */
const freshForMs = 60_000;
/**
 * A queue that was away comes back with old dates for all workers, since none could call it. Those that live call it again within a minute or
 * two (a claim each 20 s, repeats each 30 s at most: spec/provisioning.md 11.1, 11.6), so its second answer, this long after the first, counts.
 */
const secondAnswerAfterMs = 3 * 60_000;

/**
 * Whether what is known here makes a worker look like a zombie, so that the queue should be asked about it. What is known may be older than the
 * truth, so this alone decides nothing. Of a worker just asked about the answer is awaited to age.
 */
export function looksLikeZombie(member: FleetMember, now: Date): boolean {
  return wasIdle(member, now) && !(wasFoundIdle(member) && agoMs(member.queueCheckedAt, now) < secondAnswerAfterMs);
}

/** Whether no sign of life was known at `at` for the time-out before it. */
function wasIdle(member: FleetMember, at: Date): boolean {
  const limit = at.getTime() - inactivityTimeoutMs(member);
  return startOf(member).getTime() < limit && (member.lastActive?.getTime() ?? 0) < limit;
}

/** Whether the queue's last answer already showed it idle. */
function wasFoundIdle(member: FleetMember): boolean {
  return member.queueCheckedAt !== null && wasIdle(member, member.queueCheckedAt);
}

function agoMs(date: Date | null, now: Date): number {
  return date === null ? Infinity : now.getTime() - date.getTime();
}

/**
 * Whether a worker is a zombie by the queue's own word just now, the second of its kind (spec/provisioning.md 1.6): it never claimed work, or was
 * not active, for its queue inactivity timeout. The time runs from its registration when it has registered, so that a slow boot is not held against it.
 * No answer, a stale answer, any recent sign of life and a quarantine (api.md 5.2) speak for it.
 */
export function zombie(member: FleetMember, answer: QueueAnswer | 'unknown', now: Date): ZombieVerdict {
  if (answer === 'unknown' || now.getTime() - answer.at.getTime() > freshForMs) {
    return { isZombie: false, why: 'no-fresh-data' };
  }
  const timeoutMs = inactivityTimeoutMs(member);
  const limit = new Date(now.getTime() - timeoutMs);
  const seen = answer.worker;
  if (seen?.quarantineUntil != null && seen.quarantineUntil > now) return { isZombie: false, why: 'quarantined' };
  if (startOf(member) >= limit) return { isZombie: false, why: 'young' };
  const idleFor = inactivity(member, seen, limit);
  if (idleFor === null) return { isZombie: false, why: 'active' };
  if (!wasFoundIdle(member) || agoMs(member.queueCheckedAt, now) < secondAnswerAfterMs) {
    return { isZombie: false, why: 'asked-once' };
  }
  return {
    isZombie: true,
    reason: `${idleFor}, queueInactivityTimeout=${timeoutMs / 1000}s`,
    guards: { ifInactiveSince: limit, ...(member.state === 'requested' ? { ifUnregistered: true } : {}) },
  };
}

/** What shows that nothing was done since `limit`, with the date looked at; null when something was, or may have been. */
function inactivity(member: FleetMember, seen: QueueWorker | null, limit: Date): string | null {
  const signs = [member.lastActive, seen?.firstClaim, seen?.lastDateActive].filter((sign) => sign != null);
  if (signs.some((sign) => sign >= limit)) return null;
  // The queue has forgotten what it once said, or does not say it: missing data never kills.
  if (seen === null && member.lastActive !== null) return null;
  if (seen === null || seen.firstClaim === null) {
    const [word, date] =
      member.registeredAt === null ? ['created', member.created] : ['registered', member.registeredAt];
    return `worker never claimed work: ${word}=${date.toISOString()}`;
  }
  if (seen.lastDateActive === null) return null;
  return `worker inactive: lastDateActive=${seen.lastDateActive.toISOString()}`;
}

function inactivityTimeoutMs(member: FleetMember): number {
  return member.queueInactivityTimeoutMs ?? defaultQueueInactivityTimeoutMs;
}

function startOf(member: FleetMember): Date {
  return member.registeredAt ?? member.created;
}
