import type { AttemptTime } from '../../src/lib/async/attempt-time.ts';

/** The time of an attempt that ends with the signal and not before. */
export function attemptTime(signal: AbortSignal): AttemptTime {
  return { signal, received() {}, waiting: (turn) => turn };
}
