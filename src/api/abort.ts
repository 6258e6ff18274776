/**
 * The promise's outcome, or a rejection with the signal's reason as soon as it is aborted. What is only handed a signal
 * may miss it: a body whose connection broke off has been seen to neither end nor fail.
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Aborted with the last one's reason once all of them are; undefined where one has no end. */
export function allAborted(signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const ends = signals.filter((signal) => signal !== undefined);
  if (ends.length < signals.length) return undefined;
  const controller = new AbortController();
  let left = ends.length;
  const count = (signal: AbortSignal) => {
    left -= 1;
    if (left === 0) controller.abort(signal.reason);
  };
  for (const signal of ends) {
    if (signal.aborted) count(signal);
    else signal.addEventListener('abort', () => count(signal), { once: true });
  }
  return controller.signal;
}
