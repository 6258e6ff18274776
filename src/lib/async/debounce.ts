/** Work that is done once for many who ask for it. */
export interface Debounce {
  /** Does it once nobody has asked for `waitMs`, and not later than `maxWaitMs` after the first one did. */
  ask(): void;
  stop(): void;
}

export interface DebounceOptions {
  readonly waitMs: number;
  readonly maxWaitMs: number;
}

export function createDebounce(work: () => void, { waitMs, maxWaitMs }: DebounceOptions): Debounce {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = Number.POSITIVE_INFINITY;
  let stopped = false;

  function run(): void {
    latest = Number.POSITIVE_INFINITY;
    work();
  }

  return {
    ask() {
      if (stopped) return;
      const now = performance.now();
      latest = Math.min(latest, now + maxWaitMs);
      clearTimeout(timer);
      timer = setTimeout(run, Math.max(0, Math.min(waitMs, latest - now)));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
