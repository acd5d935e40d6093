import { whenAborted } from './abort.ts';
import type { Clock } from './clock.ts';

/** Thrown when something took longer than it was given. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`not done within ${limitMs} ms`);
    this.limitMs = limitMs;
  }
}

/** How long something may take, and what else may end it. */
export interface Limits {
  clock: Clock;
  limitMs: number;
  /** Each of them ends it, too. */
  signals?: readonly (AbortSignal | undefined)[];
}

/**
 * Runs `run` with a signal that is aborted at the deadline, or as soon as one of the given signals is. Rejects then, with
 * `DeadlineExceeded` or that signal's reason, also when `run` does not heed the signal: what it still does is nobody's
 * concern any more. Leaves no timer and no listener behind.
 */
export async function withDeadline<T>(limits: Limits, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const timer = new AbortController();
  const ignoreAborts = (limits.signals ?? []).map((signal) => whenAborted(signal, () => ended.abort(signal?.reason)));
  try {
    ended.signal.throwIfAborted();
    limits.clock.sleep(limits.limitMs, timer.signal).then(
      () => ended.abort(new DeadlineExceeded(limits.limitMs)),
      () => {}, // The timer is aborted when the run is over.
    );
    return await Promise.race([rejectionOf(ended.signal), run(ended.signal)]);
  } finally {
    timer.abort();
    ignoreAborts.forEach((ignoreAbort) => ignoreAbort());
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => whenAborted(signal, () => reject(signal.reason)));
}
