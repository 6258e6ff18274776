/** Work that is done once for many who ask for it. */
export interface Due {
  /** Does it this much after the last call, and not later than `latestMs` after the first one. */
  in(ms: number, latestMs: number): void;
  stop(): void;
}

export function createDue(work: () => void): Due {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = Number.POSITIVE_INFINITY;
  let stopped = false;

  function run(): void {
    latest = Number.POSITIVE_INFINITY;
    work();
  }

  return {
    in(ms, latestMs) {
      if (stopped) return;
      const now = performance.now();
      latest = Math.min(latest, now + latestMs);
      clearTimeout(timer);
      timer = setTimeout(run, Math.max(0, Math.min(ms, latest - now)));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
