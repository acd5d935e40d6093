import type { Clock } from '#core/clock.ts';
import { DeadlineExceeded, withDeadline } from '#lib/deadline.ts';
import { TokenBucket } from '#lib/rate-limit.ts';
import { NotStarted } from '#providers/call-gate.ts';
import type { CallLimit } from '#providers/call-gate.ts';
import type { ArmAnswer, CallKind } from './arm.ts';
import { ArmError, isThrottled, retryAfterMs } from './errors.ts';

/** Azure counts calls to a subscription in three buckets, whatever they are about. */
type Bucket = 'reads' | 'writes' | 'deletes';
const bucketOf: Readonly<Record<CallKind, Bucket>> = {
  write: 'writes',
  delete: 'deletes',
  get: 'reads',
  list: 'reads',
  opRead: 'reads',
};

/** Longer than this no bucket stands still, whatever Azure wishes (spec/provisioning.md 5.2). */
const longestPauseMs = 120_000;

/** The buckets of a subscription, which calls of all resource providers share. */
export class SubscriptionBuckets {
  readonly #clock: Clock;
  readonly #buckets: Readonly<Record<Bucket, TokenBucket>>;

  constructor(clock: Clock, limits: Readonly<Record<CallKind, CallLimit>>) {
    this.#clock = clock;
    const bucket = ({ cap, intervalMs }: CallLimit): TokenBucket =>
      new TokenBucket({ clock, capacity: Math.max(1, cap), refillPerSecond: cap / (intervalMs / 1000) });
    this.#buckets = { reads: bucket(limits.get), writes: bucket(limits.write), deletes: bucket(limits.delete) };
  }

  /** Resolves when a call of this kind may be sent. @throws NotStarted after `limitMs`, or the signal's reason. */
  async turn(kind: CallKind, limitMs: number, signal: AbortSignal): Promise<void> {
    const bucket = this.#buckets[bucketOf[kind]];
    try {
      await withDeadline({ clock: this.#clock, limitMs, signals: [signal] }, (ended) => bucket.take(1, ended));
    } catch (error) {
      throw error instanceof DeadlineExceeded ? new NotStarted(limitMs) : error;
    }
  }

  /** Stands still when the subscription's own bucket has run empty, rather than one of a resource provider. */
  noteFailure(kind: CallKind, error: unknown, otherwiseMs: number): void {
    const name = bucketOf[kind];
    if (!isEmptied(error, name)) return;
    const waitMs = Math.min(retryAfterMs(error.answer) ?? otherwiseMs, longestPauseMs);
    this.#buckets[name].pauseUntil(new Date(this.#clock.now().getTime() + waitMs));
  }
}

/** The header tells the two apart (https://learn.microsoft.com/troubleshoot/azure/virtual-machines/troubleshooting-throttling-errors). */
function isEmptied(error: unknown, bucket: Bucket): error is ArmError & { answer: ArmAnswer } {
  if (!(error instanceof ArmError) || !isThrottled(error) || error.answer === null) return false;
  return Number(error.answer.header(`x-ms-ratelimit-remaining-subscription-${bucket}`) ?? Infinity) <= 0;
}
