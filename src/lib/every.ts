import type { Clock } from './clock.ts';

/** How often something is done, by which clock, and until when. */
export interface Rhythm {
  clock: Clock;
  /** From one start to the next. A run that takes longer is followed at once by the next; missed ones are not made up for. */
  intervalMs: number;
  /** Ends the rhythm. */
  signal: AbortSignal;
  /** Told what a run threw; the next run comes at its usual time. Not told of a run that was ended by the signal. */
  onError: (error: unknown) => void;
}

/**
 * Runs `run` at once and then in the given rhythm, never twice at the same time. Resolves when the signal is aborted and
 * the run that was under way, which is handed the signal, has ended.
 */
export async function every(rhythm: Rhythm, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { clock, intervalMs, signal } = rhythm;
  while (!signal.aborted) {
    const nextMs = clock.now().getTime() + intervalMs;
    try {
      await run(signal);
    } catch (error) {
      if (!signal.aborted) {
        rhythm.onError(error);
      }
    }
    await sleepUnlessAborted(clock, nextMs - clock.now().getTime(), signal);
  }
}

async function sleepUnlessAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(Math.max(0, ms), signal);
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}
