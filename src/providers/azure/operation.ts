import { stringMember } from '#core/provider.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import type { Arm, ArmAnswer } from './arm.ts';
import { ArmError, classOf, innermost, ownCodes, retryAfterMs } from './errors.ts';
import { asObject } from './members.ts';
import type { AzureParts } from './parts.ts';

/** How soon the end of an operation must be noticed, and how many reads that may cost. */
export interface Haste {
  /** The longest wait between two looks, in milliseconds. */
  longestMs: number;
  /** At all operations of this haste together. Azure lets a subscription read 25 times a second: most of it is for the rest. */
  looksPerSecond: number;
}

/** The steps of a launch, which has a minute in all. */
export const launching: Haste = { longestMs: 750, looksPerSecond: 10 };
/** The steps of a teardown: the machine itself, which takes longest, and what it held. */
export const removingMachine: Haste = { longestMs: 1_500, looksPerSecond: 6 };
export const removing: Haste = { longestMs: 500, looksPerSecond: 3 };
/** The loops look by themselves, too. */
export const inBackground: Haste = { longestMs: 5_000, looksPerSecond: 2 };

/** The first look at an operation of which nobody knows how long it takes. */
const firstLookMs = 250;
/** How fast the shortest time of a kind is forgotten, when all take longer. */
const forgetting = 0.1;

/**
 * How often operations are looked at: as often as Azure says, but not so rarely that the next step waits for it; first when it could have ended,
 * going by others of its kind; and never so often that many operations together use up the reads that others need.
 */
export class PollPace {
  readonly #followed = new Map<Haste, number>();
  /** The shortest that operations of a kind took lately, in milliseconds. */
  readonly #shortest = new Map<string, number>();

  enter(haste: Haste): void {
    this.#followed.set(haste, this.#countOf(haste) + 1);
  }

  /** @param tookMs null unless it ended well. */
  leave(haste: Haste, what: string, tookMs: number | null): void {
    this.#followed.set(haste, this.#countOf(haste) - 1);
    if (tookMs === null) return;
    const known = this.#shortest.get(what) ?? tookMs;
    this.#shortest.set(what, tookMs < known ? tookMs : known + forgetting * (tookMs - known));
  }

  /** The wait before look number `look` (1, 2, …). */
  waitMs(what: string, look: number, wishMs: number | null, haste: Haste): number {
    const wantedMs = Math.min(wishMs ?? firstLookMs * look, haste.longestMs);
    const possibleMs = look === 1 ? 0.9 * (this.#shortest.get(what) ?? 0) : 0;
    return Math.max(wantedMs, possibleMs, (this.#countOf(haste) / haste.looksPerSecond) * 1000);
  }

  #countOf(haste: Haste): number {
    return this.#followed.get(haste) ?? 0;
  }
}

/** Where to look how far what a call began has got; null: it was done with the answer. */
export interface Operation {
  url: string;
  /** An address that answers with the state in its body, or one that answers 202 until the end. */
  kind: 'status' | 'location';
  wishMs: number | null;
}

/** What a call began (https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations). */
export function operationOf(answer: ArmAnswer): Operation | null {
  const wishMs = retryAfterMs(answer);
  const state = stringMember(asObject(answer.body['properties']), 'provisioningState');
  // Networks often answer that they are done, and name an operation all the same.
  if (state !== null && isFinal(state)) return null;
  const statusUrl = answer.header('azure-asyncoperation');
  if (statusUrl !== null) return { url: statusUrl, kind: 'status', wishMs };
  const url = answer.header('location');
  return url !== null && answer.status !== 200 ? { url, kind: 'location', wishMs } : null;
}

/** Whether nothing changes any more by itself. */
export function isFinal(provisioningState: string): boolean {
  return /^(succeeded|failed|canceled)$/i.test(provisioningState);
}

/** How an operation ended. `expired`: Azure does not know it (any more); only a look at the resource tells. */
export type Ending = 'succeeded' | 'expired';

/**
 * Waits for the end of an operation. `what` names its kind, e.g. `vm.delete`. Looks that get no answer change nothing: the operation goes on.
 * @throws ArmError when it failed, DeadlineExceeded after `limitMs`, or the signal's reason.
 */
export async function ended(
  { arm, pace, surroundings: { clock } }: AzureParts,
  operation: Operation,
  { what, haste, limitMs }: { what: string; haste: Haste; limitMs: number },
  signal: AbortSignal,
): Promise<Ending> {
  const startedMs = clock.now().getTime();
  let { wishMs } = operation;
  let tookMs: number | null = null;
  pace.enter(haste);
  try {
    for (let look = 1; ; look++) {
      if (clock.now().getTime() - startedMs > limitMs) throw new DeadlineExceeded(limitMs);
      await clock.sleep(pace.waitMs(what, look, wishMs, haste), signal);
      const seen = await lookAt(arm, operation, signal);
      if (seen.ending !== null) {
        tookMs = clock.now().getTime() - startedMs;
        return seen.ending;
      }
      ({ wishMs } = seen);
    }
  } finally {
    pace.leave(haste, what, tookMs);
  }
}

async function lookAt(
  arm: Arm,
  { url, kind, wishMs }: Operation,
  signal: AbortSignal,
): Promise<{ ending: Ending | null; wishMs: number | null }> {
  let answer: ArmAnswer;
  try {
    answer = await arm.send({ method: 'GET', url, kind: 'opRead', operation: 'operations.get' }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ArmError && error.status === 404) return { ending: 'expired', wishMs };
    const refusalClass = classOf(error);
    if (refusalClass === 'transient' || refusalClass === 'throttle' || refusalClass === 'auth')
      return { ending: null, wishMs };
    // Asked for its end, an address of the older kind answers with the operation's own error.
    throw error;
  }
  return { ending: endingOf(answer, kind), wishMs: retryAfterMs(answer) ?? wishMs };
}

function endingOf(answer: ArmAnswer, kind: Operation['kind']): Ending | null {
  if (kind === 'location') return answer.status === 202 ? null : 'succeeded';
  const status = stringMember(answer.body, 'status');
  if (status === null || !isFinal(status)) return null;
  if (/^succeeded$/i.test(status)) return 'succeeded';
  const error = innermost(asObject(answer.body['error']));
  const code = error.code === 'Unknown' ? ownCodes.operationFailed : error.code;
  throw new ArmError(code, error.message || `the operation ended as ${status}`, { answer, isOperation: true });
}
