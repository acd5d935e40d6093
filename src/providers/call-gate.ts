import type { Clock, Random } from '#core/clock.ts';
import { DeadlineExceeded, withDeadline } from '#lib/deadline.ts';
import { TokenBucket } from '#lib/rate-limit.ts';
import { backOffMs, retry } from '#lib/retry.ts';
import type { RetryVerdict } from '#lib/retry.ts';
import type { CloudPause, ProviderSurroundings } from './module.ts';
import { SlowStart } from './slow-start.ts';

/** What an error of a call means for calls of its kind. */
export interface CallFailure {
  /**
   * `throttled`: the cloud wants fewer calls of this kind; all of them stand still for a while, then this one is
   * repeated. `passing`: worth another try soon. `final`: no use asking again.
   */
  kind: 'throttled' | 'passing' | 'final';
  /** The cloud's or the network's code. */
  code: string;
  /** How long the cloud asked us to wait, if it did. */
  retryAfterMs: number | null;
}

/** How many calls may start: `cap` at once, and then `cap` in every `intervalMs`. */
export interface CallLimit {
  intervalMs: number;
  cap: number;
}

export interface CallGateOptions {
  providerId: string;
  scope: string;
  kind: string;
  limit: CallLimit;
  /** The first pause after being throttled; doubled each time until a call succeeds again. */
  throttleBackOffMs: number;
  /** For one attempt, from its start. */
  timeoutMs: number;
  /** For all the waiting of a call for its turn: then it ends with `NotStarted`. */
  longestWaitMs: number;
  readFailure: (error: unknown) => CallFailure;
}

/** Too many calls wait for their turn. The attempt that waited was not made. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';

  constructor(waitedMs: number) {
    super(`not sent within ${waitedMs} ms: too many calls wait for their turn`);
  }
}

/** Attempts at a call that is throttled: with the usual 2 s, pauses of 2, 4 and 8 s; longer ones are the loops' affair. */
const attempts = 4;
/** Of these, attempts at a call that fails in passing. */
const passingAttempts = 3;
const passingBackOff = { firstDelayMs: 500, maxDelayMs: 4000 };
/** Neither our own back-off nor a cloud's wish may stop a kind of call for longer. */
const longestPauseMs = 120_000;

/**
 * The way out to a cloud for calls of one kind in one scope: paces them, repeats what is worth repeating, stands still
 * when the cloud says so, measures each attempt. It is the only place where calls are repeated (P-08), and what one kind
 * of call in one region suffers delays no other.
 */
export class CallGate {
  readonly #options: CallGateOptions;
  readonly #surroundings: Pick<ProviderSurroundings, 'clock' | 'random' | 'watch' | 'signal'>;
  readonly #bucket: TokenBucket;
  readonly #slowStart = new SlowStart();
  /** Pauses since the last success. */
  #pauses = 0;
  #pausedUntilMs = 0;

  constructor(
    options: CallGateOptions,
    surroundings: Pick<ProviderSurroundings, 'clock' | 'random' | 'watch' | 'signal'>,
  ) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#bucket = new TokenBucket({
      clock: surroundings.clock,
      capacity: Math.max(1, options.limit.cap),
      refillPerSecond: options.limit.cap / (options.limit.intervalMs / 1000),
    });
  }

  /**
   * Makes a call. `run` is called once per attempt, with a signal that is aborted at the time limit or with `signal`.
   * Rejects with the last error as `run` threw it, with `DeadlineExceeded` or `NotStarted`, or with the signal's reason,
   * also while waiting for its turn.
   */
  call<T>(operation: string, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const clock = this.#clock;
    let waitedMs = 0;
    let passing = 0;
    const classify = (error: unknown): RetryVerdict => {
      if (signal.aborted || error instanceof NotStarted) {
        return 'stop';
      }
      const failure = this.#options.readFailure(error);
      if (failure.kind === 'throttled') {
        // Not a wait of its own: nothing is let through until the pause is over.
        return { afterMs: 0 };
      }
      passing += 1;
      return failure.kind === 'passing' && passing < passingAttempts ? 'retry' : 'stop';
    };
    return retry({ attempts, ...passingBackOff, clock, random: this.#random, classify, signal }, async (attempt) => {
      const askedMs = clock.now().getTime();
      await this.#turn(waitedMs, signal);
      waitedMs += clock.now().getTime() - askedMs;
      return this.#attempt(operation, attempt, signal, run);
    });
  }

  /** Waits until an attempt may start, which then must leave the slow start. */
  async #turn(waitedMs: number, signal: AbortSignal): Promise<void> {
    const { longestWaitMs } = this.#options;
    const limits = { clock: this.#clock, limitMs: Math.max(0, longestWaitMs - waitedMs), signals: [signal] };
    try {
      await withDeadline(limits, async (ended) => {
        await this.#slowStart.enter(ended);
        try {
          await this.#bucket.take(1, ended);
        } catch (error) {
          this.#slowStart.leave('other');
          throw error;
        }
      });
    } catch (error) {
      throw error instanceof DeadlineExceeded ? new NotStarted(longestWaitMs) : error;
    }
  }

  async #attempt<T>(
    operation: string,
    attempt: number,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { providerId, scope, kind, timeoutMs } = this.#options;
    const startedMs = this.#clock.now().getTime();
    const tell = (outcome: string): void => {
      const durationMs = this.#clock.now().getTime() - startedMs;
      this.#surroundings.watch.onCall({ providerId, scope, kind, operation, outcome, durationMs, attempt });
    };
    try {
      const result = await withDeadline({ clock: this.#clock, limitMs: timeoutMs, signals: [signal] }, run);
      this.#pauses = this.#isPaused() ? this.#pauses : 0;
      tell('ok');
      this.#slowStart.leave('success');
      return result;
    } catch (error) {
      const failure = this.#options.readFailure(error);
      tell(signal.aborted ? 'aborted' : failure.code);
      const isThrottled = failure.kind === 'throttled';
      if (isThrottled && !this.#isPaused()) {
        this.#pause(failure);
      }
      this.#slowStart.leave(isThrottled ? 'throttled' : 'other');
      throw error;
    }
  }

  #pause(failure: CallFailure): void {
    this.#pauses += 1;
    const backOff = { firstDelayMs: this.#options.throttleBackOffMs, maxDelayMs: longestPauseMs };
    const wantedMs = failure.retryAfterMs ?? backOffMs(this.#pauses, backOff, this.#random);
    const durationMs = Math.ceil(Math.min(wantedMs, longestPauseMs));
    this.#pausedUntilMs = this.#clock.now().getTime() + durationMs;
    this.#bucket.pauseUntil(new Date(this.#pausedUntilMs));
    const { providerId, scope, kind } = this.#options;
    const waiting = this.#waiting;
    const pause: CloudPause = { providerId, scope, kind, reason: failure.code, durationMs, waiting };
    this.#surroundings.watch.onPause(pause);
    this.#clock.sleep(durationMs, this.#surroundings.signal).then(
      () => this.#surroundings.watch.onResume({ ...pause, waiting: this.#waiting }),
      () => {}, // The program stops; nobody waits for the end of the pause.
    );
  }

  get #waiting(): number {
    return this.#slowStart.waiting + this.#bucket.state().waiting;
  }

  #isPaused(): boolean {
    return this.#clock.now().getTime() < this.#pausedUntilMs;
  }

  get #clock(): Clock {
    return this.#surroundings.clock;
  }

  get #random(): Random {
    return this.#surroundings.random;
  }
}
