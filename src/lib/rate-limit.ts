import { whenAborted } from './abort.ts';
import type { Clock } from './clock.ts';

/** What a token bucket is made of. */
export interface TokenBucketOptions {
  clock: Clock;
  /** How many tokens it holds at most, and at first: the burst. */
  capacity: number;
  refillPerSecond: number;
}

/** What a token bucket shows to metrics. */
export interface TokenBucketState {
  /** Whole and broken tokens at hand. */
  tokens: number;
  /** How many wait for tokens. */
  waiting: number;
  /** Until when nothing is handed out or filled up, or null. */
  pausedUntil: Date | null;
}

interface Waiter {
  tokens: number;
  grant(): void;
  previous: Waiter | undefined;
  next: Waiter | undefined;
}

/**
 * A token bucket: lets through at most `capacity + refillPerSecond × t` tokens in any `t` seconds, first come first
 * served. Each call costs the same, however many wait; those who wait are woken by a single timer.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #refillPerMs: number;
  #tokens: number;
  /** Up to when refill is counted; lies ahead while paused, so that a pause fills nothing up. */
  #filledUntilMs: number;
  #pausedUntilMs = -Infinity;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #waiting = 0;
  #alarm: AbortController | undefined;

  /** @throws RangeError unless capacity and refill are positive. */
  constructor(options: TokenBucketOptions) {
    if (!(options.capacity > 0) || !(options.refillPerSecond > 0)) {
      throw new RangeError(
        `a token bucket needs a positive capacity and refill, not ${options.capacity} and ${options.refillPerSecond}`,
      );
    }
    this.#clock = options.clock;
    this.#capacity = options.capacity;
    this.#refillPerMs = options.refillPerSecond / 1000;
    this.#tokens = options.capacity;
    this.#filledUntilMs = options.clock.now().getTime();
  }

  /**
   * Resolves when `count` tokens are taken; earlier callers come first, also when they want more. Rejects with the
   * signal's reason when aborted while waiting: then nothing is taken.
   * @throws RangeError when the bucket can never hold so many.
   */
  async take(count = 1, signal?: AbortSignal): Promise<void> {
    if (!(count >= 0 && count <= this.#capacity)) {
      throw new RangeError(`cannot take ${count} tokens from a bucket that holds ${this.#capacity}`);
    }
    signal?.throwIfAborted();
    if (this.#first === undefined && this.#waitMs(count) === 0) {
      this.#tokens -= count;
      return;
    }
    await this.#wait(count, signal);
  }

  /** Hands out nothing before `date`, and fills nothing up until then. An earlier date than one given before changes nothing. */
  pauseUntil(date: Date): void {
    if (date.getTime() > this.#pausedUntilMs) {
      this.#refill();
      this.#pausedUntilMs = date.getTime();
      this.#filledUntilMs = Math.max(this.#filledUntilMs, this.#pausedUntilMs);
      this.#serve();
    }
  }

  state(): TokenBucketState {
    this.#refill();
    const isPaused = this.#pausedUntilMs > this.#clock.now().getTime();
    return {
      tokens: this.#tokens,
      waiting: this.#waiting,
      pausedUntil: isPaused ? new Date(this.#pausedUntilMs) : null,
    };
  }

  #refill(): void {
    const nowMs = this.#clock.now().getTime();
    if (nowMs > this.#filledUntilMs) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#filledUntilMs) * this.#refillPerMs);
      this.#filledUntilMs = nowMs;
    }
  }

  /** How long until `count` tokens can be taken: 0 for now, else whole milliseconds. */
  #waitMs(count: number): number {
    this.#refill();
    const nowMs = this.#clock.now().getTime();
    if (this.#tokens >= count) {
      return Math.max(0, this.#pausedUntilMs - nowMs);
    }
    const filledInMs = this.#filledUntilMs - nowMs + (count - this.#tokens) / this.#refillPerMs;
    return Math.max(1, Math.ceil(filledInMs));
  }

  #wait(tokens: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        tokens,
        grant() {
          ignoreAbort();
          resolve();
        },
        previous: this.#last,
        next: undefined,
      };
      const ignoreAbort = whenAborted(signal, () => {
        const wasFirst = this.#first === waiter;
        this.#leave(waiter);
        reject(signal?.reason);
        if (wasFirst) {
          this.#serve();
        }
      });
      this.#join(waiter);
      if (this.#first === waiter) {
        this.#serve();
      }
    });
  }

  /** Hands out what can be handed out now, and sets the alarm for the one who is then first. */
  #serve(): void {
    this.#alarm?.abort();
    this.#alarm = undefined;
    for (let first = this.#first; first !== undefined; first = this.#first) {
      const waitMs = this.#waitMs(first.tokens);
      if (waitMs > 0) {
        this.#setAlarm(waitMs);
        return;
      }
      this.#tokens -= first.tokens;
      this.#leave(first);
      first.grant();
    }
  }

  #setAlarm(ms: number): void {
    const alarm = new AbortController();
    this.#alarm = alarm;
    this.#clock.sleep(ms, alarm.signal).then(
      () => {
        if (this.#alarm === alarm) {
          this.#serve();
        }
      },
      () => {}, // Only this bucket aborts its alarm, and then it has set another.
    );
  }

  // The queue is a linked list: leaving from its middle (an abort) costs no more than leaving from its front.
  #join(waiter: Waiter): void {
    if (this.#last === undefined) {
      this.#first = waiter;
    } else {
      this.#last.next = waiter;
    }
    this.#last = waiter;
    this.#waiting += 1;
  }

  #leave(waiter: Waiter): void {
    if (waiter.previous === undefined) {
      this.#first = waiter.next;
    } else {
      waiter.previous.next = waiter.next;
    }
    if (waiter.next === undefined) {
      this.#last = waiter.previous;
    } else {
      waiter.next.previous = waiter.previous;
    }
    this.#waiting -= 1;
  }
}
