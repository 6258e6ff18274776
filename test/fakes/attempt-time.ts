import type { AttemptTime } from '../../src/promote/attempt-time.ts';

/** The time of an attempt that ends with the signal and not before. */
export function attemptTime(signal: AbortSignal): AttemptTime {
  return { signal, received() {}, waiting: (turn) => turn };
}
