import type { Presence } from './provider.ts';
import type { Reason } from './reason.ts';
import { lasting } from './wording.ts';
import type { MoveRequest } from './worker-store.ts';
import type { FleetMember } from './worker.ts';
import { looksLikeZombie } from './zombie.ts';

/**
 * What was seen of a worker: a presence, `absent` from a complete list of its scope, or what the second kind of question (`Fleet.inspect`)
 * confirmed: missing from its answer too, or `failed` in both.
 */
export type Seen = Presence | 'absent' | 'confirmed-absent' | 'confirmed-failed';

/** What the second kind of question answered. @param presence undefined: it does not know the worker. */
export function confirmed(presence: Presence | undefined): Seen {
  if (presence === undefined) return 'confirmed-absent';
  return presence === 'failed' ? 'confirmed-failed' : presence;
}

/** What to do about a worker. The loop carries it out; the store's guards and table of moves have the last word. */
export type Verdict =
  /** Nothing now. */
  | { kind: 'keep'; reason: Reason<'alive' | 'ending' | 'young'> }
  /** Ask the second kind of question before believing it is gone, or will never work. */
  | { kind: 'inspect'; reason: Reason<'absent' | 'failed'> }
  /** Ask the queue about this worker, then `zombie` (`core/zombie.ts`). */
  | { kind: 'ask-queue'; reason: Reason<'looks-idle'> }
  /** Move it with `remove`, under these guards, for this removal reason (spec/provisioning.md 1.5); then terminate it. */
  | {
      kind: 'remove';
      reason: Reason<'time-limit' | 'failed'>;
      guards: Pick<MoveRequest, 'ifTerminateAfterBefore' | 'ifUnregistered' | 'ifInactiveSince'>;
    }
  /** It is `stopping` and still there: call terminate again. `isTimeToTell`: report it to the pool as well. */
  | { kind: 'end-again'; isTimeToTell: boolean; reason: Reason<'still-there'> }
  /** Move it with `stop`; `mustDelete`: terminate it too, because something that costs money is left. */
  | { kind: 'stop'; mustDelete: boolean; reason: Reason<'gone' | 'dormant'> };

/**
 * A cloud may not show a machine for this long after it started, nor know it when asked by id (P-19). EC2 asks to allow up to five minutes, and
 * says that a terminate call answered with not found may have ended nothing
 * (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html).
 */
export const youngForMs = 5 * 60_000;

/**
 * A delete call that has not helped after so many looks (a minute and a half) is told to people, and again each time that number has doubled. One
 * that helps slowly is told after a quarter of an hour: a cloud that ends many machines at once takes minutes for it.
 */
const firstTellAfter = { ending: 16, other: 8 } as const;
/** A machine on its way out is left alone for so many looks; then the call is repeated, it may have been lost. */
const patientLooks = 8;

const removedByTime: Reason<'time-limit'> = { code: 'time-limit', text: 'terminateAfter time exceeded' };
const alive: Verdict = { kind: 'keep', reason: { code: 'alive', text: 'alive at the cloud' } };
const ending: Verdict = { kind: 'keep', reason: { code: 'ending', text: 'on its way out at the cloud' } };

/**
 * What to do about a non-stopped worker, given what was seen of it (spec/provisioning.md 1.10, 4, 6.5).
 *
 * Gone needs proof: a list without it is a reason to ask, and even the answer is not believed of a young machine. Time limits hold whatever
 * was seen, also of machines that are suspended or cannot be found (P-14, P-29). What looks like a zombie is first asked about.
 *
 * @param why the cloud's reason for what was seen, when it gave one: it stands in the verdict's.
 */
export function check(member: FleetMember, seen: Seen, now: Date, why: string | null = null): Verdict {
  const end = endOf(member, seen, now, why);
  if (end !== null) return end;
  if (member.state === 'stopping') return checkStopping(member, seen, now);
  if (seen === 'failed' || seen === 'confirmed-failed') return checkFailed(member, seen, why);
  if (isPast(member.terminateAfter, now)) {
    return { kind: 'remove', reason: removedByTime, guards: { ifTerminateAfterBefore: now } };
  }
  if (seen === 'absent' || seen === 'confirmed-absent') return checkAbsent(member, seen, now);
  if (looksLikeZombie(member, now)) return askQueue(member);
  return seen === 'ending' ? ending : alive;
}

function askQueue({ lastActive, registeredAt, created }: FleetMember): Verdict {
  const since = lastActive ?? registeredAt ?? created;
  return {
    kind: 'ask-queue',
    reason: { code: 'looks-idle', text: `no sign of work known since ${since.toISOString()}` },
  };
}

/** The end of a worker's life, where what was seen proves it. */
function endOf(member: FleetMember, seen: Seen, now: Date, why: string | null): Verdict | null {
  if (seen === 'gone') {
    return { kind: 'stop', mustDelete: false, reason: { code: 'gone', text: why ?? 'gone at the cloud' } };
  }
  if (seen === 'dormant') {
    return {
      kind: 'stop',
      mustDelete: true,
      reason: { code: 'dormant', text: why ?? 'stopped at the cloud, and deleted' },
    };
  }
  if (seen !== 'confirmed-absent' || isYoung(member, now)) return null;
  return { kind: 'stop', mustDelete: false, reason: { code: 'gone', text: 'unknown to the cloud, asked twice' } };
}

function checkFailed({ state }: FleetMember, seen: 'failed' | 'confirmed-failed', why: string | null): Verdict {
  const text = why ?? 'failed at the cloud';
  if (seen === 'failed') return { kind: 'inspect', reason: { code: 'failed', text } };
  return { kind: 'remove', reason: { code: 'failed', text }, guards: { ifUnregistered: state === 'requested' } };
}

function checkStopping(member: FleetMember, seen: Seen, now: Date): Verdict {
  if (seen === 'absent' || seen === 'confirmed-absent') return checkAbsent(member, seen, now);
  const { attempts } = member;
  if (seen === 'ending' && attempts < patientLooks) return ending;
  const text = `still there (${seen}) after ${attempts} looks`;
  const tellAfter = seen === 'ending' ? firstTellAfter.ending : firstTellAfter.other;
  return { kind: 'end-again', isTimeToTell: isTimeToTell(attempts, tellAfter), reason: { code: 'still-there', text } };
}

function checkAbsent(member: FleetMember, seen: 'absent' | 'confirmed-absent', now: Date): Verdict {
  // One that has registered was there: its cloud may know already how it ended, and somebody waits for its tasks.
  const isDoubtful = seen === 'absent' && member.state === 'running';
  if (isYoung(member, now) && !isDoubtful) {
    const age = lasting(now.getTime() - member.created.getTime());
    return {
      kind: 'keep',
      reason: { code: 'young', text: `not shown by the cloud ${age} after its start: may still appear` },
    };
  }
  return { kind: 'inspect', reason: { code: 'absent', text: 'not in the list of the cloud' } };
}

function isYoung(member: FleetMember, now: Date): boolean {
  const bornAt = Math.max(member.created.getTime(), member.registeredAt?.getTime() ?? 0);
  return now.getTime() - bornAt < youngForMs;
}

function isPast(limit: Date | null, now: Date): boolean {
  return limit !== null && limit.getTime() < now.getTime();
}

/** After so many looks, twice, four times, … so many. */
function isTimeToTell(attempts: number, first: number): boolean {
  return attempts >= first && Number.isInteger(Math.log2(attempts / first));
}
