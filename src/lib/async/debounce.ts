import { type Clock, MONOTONIC } from './schedule.ts';

/** Work that is done once for many who ask for it. */
export interface Debounce {
  /** Does it once nobody has asked for `waitMs`, and not later than `maxWaitMs` after the first one did. */
  ask(): void;
  stop(): void;
}

export interface DebounceOptions {
  readonly waitMs: number;
  readonly maxWaitMs: number;
  readonly clock?: Clock | undefined;
}

export function createDebounce(work: () => void, options: DebounceOptions): Debounce {
  const { waitMs, maxWaitMs, clock = MONOTONIC } = options;
  let callOff: (() => void) | undefined;
  let latest = Number.POSITIVE_INFINITY;
  let stopped = false;

  function run(): void {
    latest = Number.POSITIVE_INFINITY;
    work();
  }

  return {
    ask() {
      if (stopped) return;
      const now = clock.now();
      latest = Math.min(latest, now + maxWaitMs);
      callOff?.();
      callOff = clock.schedule(run, Math.max(0, Math.min(waitMs, latest - now)) / 1000);
    },
    stop() {
      stopped = true;
      callOff?.();
    },
  };
}
