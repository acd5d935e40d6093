import type { CallGate } from './call-gate.ts';

/** A launch that the cloud may have carried out although no answer says so; `cause` is the last thing that went wrong. */
export class LaunchUncertain extends Error {
  override readonly name = 'LaunchUncertain';

  constructor(cause: unknown) {
    super('no certain answer', { cause });
  }
}

/**
 * A call that starts machines, through a gate. One lost answer makes all that follows uncertain: a later refusal may be of the
 * repeat only. `mayHaveHappened` says of an error whether the machines may exist all the same.
 * @throws LaunchUncertain when any attempt may have had its effect; else what the gate throws.
 */
export async function launchCall<T>(
  gate: CallGate,
  operation: string,
  signal: AbortSignal,
  mayHaveHappened: (error: unknown) => boolean,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let isUncertain = false;
  try {
    return await gate.call(operation, signal, async (limited) => {
      try {
        return await run(limited);
      } catch (error) {
        isUncertain ||= limited.aborted || mayHaveHappened(error);
        throw error;
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    throw isUncertain || mayHaveHappened(error) ? new LaunchUncertain(error) : error;
  }
}
