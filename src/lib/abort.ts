const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `callback` once when the signal is aborted (at once when it already is), unless the returned function was called
 * before: call it when the abort no longer matters.
 *
 * The signal gets one listener however many callbacks there are: a signal's own list of listeners is searched from its
 * front at each addition and removal, which makes ten thousand waiters on one signal take seconds.
 */
export function whenAborted(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) {
    return () => {};
  }
  if (signal.aborted) {
    callback();
    return () => {};
  }
  // An own function for each call: the same callback given twice is called twice.
  const call = (): void => callback();
  const callbacks = callbacksOf.get(signal) ?? listenTo(signal);
  callbacks.add(call);
  return () => void callbacks.delete(call);
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  callbacksOf.set(signal, callbacks);
  signal.addEventListener(
    'abort',
    () => {
      callbacksOf.delete(signal);
      for (const call of callbacks) {
        call();
      }
    },
    { once: true },
  );
  return callbacks;
}
