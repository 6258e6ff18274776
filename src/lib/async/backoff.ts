/** A delay that doubles with each failure, from `initial` up to `max`, in whatever unit they are. */
export function doubled(initial: number, max: number, failures: number): number {
  return Math.min(max, initial * 2 ** Math.min(failures, 30));
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
export function backoffDelay({ initialMs, maxMs }: Backoff, failures: number, random: () => number): number {
  return doubled(initialMs, maxMs, failures) * (1 - random() / 2);
}
