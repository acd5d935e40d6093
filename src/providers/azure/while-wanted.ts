import { whenAborted } from '#lib/abort.ts';

/** What a promise comes to that others wait for, too: rejects with the signal's reason when aborted first, and leaves the others alone. */
export function whileWanted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const ignoreAbort = whenAborted(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(ignoreAbort);
  });
}
