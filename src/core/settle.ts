import type { LaunchOrder, LaunchOutcome, LaunchedWorker, StoredOutcome } from './launch.ts';
import type { Reason } from './reason.ts';
import { counted, lasting } from './wording.ts';

/** An outcome that is known for sure. */
export type SettledOutcome = Extract<LaunchOutcome, { kind: 'settled' }>;

/** What to do about an order that nobody works on any more. In any case the machines of the outcome become workers. */
export type SettleVerdict =
  /** Settle it. */
  | { kind: 'adopt'; outcome: SettledOutcome; reason: Reason<'found' | 'found-part'> }
  /** Leave it open and ask again then. `isTimeToTell`: people should know that it cannot be found out. */
  | {
      kind: 'wait';
      outcome: StoredOutcome;
      askAgainAt: Date;
      isTimeToTell: boolean;
      reason: Reason<'unreachable' | 'may-appear'>;
    }
  /** Settle it: nothing of it exists. */
  | { kind: 'lapse'; outcome: SettledOutcome; reason: Reason<'not-there'> };

/**
 * What an order does not show after this time it is believed not to have started: the longest launch call and then as long as a cloud may
 * hide a young machine (`youngForMs`). Should more appear, the sweep ends them (`core/orphan.ts`).
 */
export const showsWithinMs = 8 * 60_000;

const tellAfterMs = 30 * 60_000;
const soonestAskMs = 5_000;
const latestAskMs = 5 * 60_000;

/**
 * What to do about an abandoned order, given the cloud's answer to `Fleet.recover` (design.md 5.1) and the machines that are known besides: some may
 * be in both. An order with fewer machines than asked for stays open for a while, so that the others may appear and those who register early are
 * told to come again.
 */
export function settle(
  order: LaunchOrder,
  answer: LaunchOutcome,
  known: readonly LaunchedWorker[],
  now: Date,
): SettleVerdict {
  const ageMs = now.getTime() - order.placedAt.getTime();
  const launched = distinct([...answer.launched, ...known]);
  const wait = (code: 'unreachable' | 'may-appear', text: string): SettleVerdict => ({
    kind: 'wait',
    outcome: { kind: 'unknown', launched },
    // A quarter of its age: often while it is fresh, without end while the cloud is away.
    askAgainAt: new Date(now.getTime() + Math.min(latestAskMs, Math.max(soonestAskMs, ageMs / 4))),
    isTimeToTell: ageMs >= tellAfterMs,
    reason: { code, text: `${text}, ${lasting(ageMs)} after the order` },
  });
  if (answer.kind === 'unknown') return wait('unreachable', `the cloud does not say: ${answer.refusal.code}`);
  const outcome = { ...answer, launched };
  const found = `${launched.length} of ${counted(order.count, 'machine')}`;
  if (launched.length >= order.count) {
    return { kind: 'adopt', outcome, reason: { code: 'found', text: `${found} found` } };
  }
  if (ageMs < showsWithinMs) return wait('may-appear', `${found} shown`);
  return launched.length > 0
    ? { kind: 'adopt', outcome, reason: { code: 'found-part', text: `only ${found} found` } }
    : { kind: 'lapse', outcome, reason: { code: 'not-there', text: `${found} found` } };
}

function distinct(workers: readonly LaunchedWorker[]): readonly LaunchedWorker[] {
  return [...new Map(workers.map((worker) => [`${worker.workerGroup} ${worker.workerId}`, worker])).values()];
}
