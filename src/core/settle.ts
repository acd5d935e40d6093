import type { LaunchOrder, LaunchOutcome } from './launch.ts';
import type { Reason } from './reason.ts';
import { counted, lasting } from './wording.ts';

/** An outcome that is known for sure. */
export type SettledOutcome = Extract<LaunchOutcome, { kind: 'settled' }>;

/** What to do about an order that nobody works on any more. */
export type SettleVerdict =
  /** Store the outcome: its machines become workers. */
  | { kind: 'adopt'; outcome: SettledOutcome; reason: Reason<'found' | 'found-part'> }
  /** Leave it open and ask again then. `isTimeToTell`: people should know that it cannot be found out. */
  | { kind: 'wait'; askAgainAt: Date; isTimeToTell: boolean; reason: Reason<'unreachable' | 'may-appear'> }
  /** Store the outcome: nothing of it exists. */
  | { kind: 'lapse'; outcome: SettledOutcome; reason: Reason<'not-there'> };

/**
 * An order that shows nothing is believed to have started nothing after this time: the longest launch call and then as long as a cloud may
 * hide a young machine (`youngForMs`).
 */
export const showsWithinMs = 8 * 60_000;
/**
 * An order that shows a part is believed to have started only that after this time. It is shorter because the machines found cannot register
 * before they are adopted; should more appear, the sweep ends them (`core/orphan.ts`).
 */
const showsWhollyWithinMs = 3 * 60_000;

const tellAfterMs = 30 * 60_000;
const soonestAskMs = 5_000;
const latestAskMs = 5 * 60_000;

/**
 * What to do about an abandoned order, given the cloud's answer to `Fleet.recover` (design.md 5.1). An order with fewer machines than asked for
 * stays open for a while, so that the others may appear and those who register early are told to come again.
 */
export function settle(order: LaunchOrder, answer: LaunchOutcome, now: Date): SettleVerdict {
  const ageMs = now.getTime() - order.placedAt.getTime();
  const wait = (code: 'unreachable' | 'may-appear', text: string): SettleVerdict => ({
    kind: 'wait',
    // A quarter of its age: often while it is fresh, without end while the cloud is away.
    askAgainAt: new Date(now.getTime() + Math.min(latestAskMs, Math.max(soonestAskMs, ageMs / 4))),
    isTimeToTell: ageMs >= tellAfterMs,
    reason: { code, text: `${text}, ${lasting(ageMs)} after the order` },
  });
  if (answer.kind === 'unknown') return wait('unreachable', `the cloud does not say: ${answer.refusal.code}`);
  const found = `${answer.launched.length} of ${counted(order.count, 'machine')}`;
  if (answer.launched.length >= order.count) {
    return { kind: 'adopt', outcome: answer, reason: { code: 'found', text: `${found} found` } };
  }
  const isPart = answer.launched.length > 0;
  if (ageMs < (isPart ? showsWhollyWithinMs : showsWithinMs)) return wait('may-appear', `${found} shown`);
  return isPart
    ? { kind: 'adopt', outcome: answer, reason: { code: 'found-part', text: `only ${found} found` } }
    : { kind: 'lapse', outcome: answer, reason: { code: 'not-there', text: `${found} found` } };
}
