/** Resolves after `ms` milliseconds, or at once when the signal fires. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Bounds of a delay that doubles with each failure, in milliseconds. */
export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

/**
 * The delay before attempt `failures + 1`: doubling from `initialMs` to `maxMs`, with up to half of it
 * taken off at random so that many clients of a server that came back do not call at the same moment.
 */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  const full = Math.min(backoff.maxMs, backoff.initialMs * 2 ** Math.min(failures, 30));
  return full * (1 - random() / 2);
}
