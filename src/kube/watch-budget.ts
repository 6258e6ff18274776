/** How many watches there may be in all, whatever the cluster. */
export interface WatchBudget {
  /** False: there is no room for another one. */
  take(): boolean;
  giveBack(): void;
}

/**
 * Each watch holds a connection, and Bun has 256 at once for the whole process: a request beyond them waits
 * until one ends. Pipelines name kinds and namespaces as they like, so something has to bound their watches.
 */
export function createWatchBudget(max = 100): WatchBudget {
  let left = max;
  return {
    take() {
      if (left === 0) return false;
      left -= 1;
      return true;
    },
    giveBack() {
      left += 1;
    },
  };
}
