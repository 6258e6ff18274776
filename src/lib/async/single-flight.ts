/** Work that many ask for at the same time is done once for each key. */
export interface SingleFlight<T> {
  /** Joins the work under way, or begins it. `isCurrent` is false once `forget` was called meanwhile. */
  run(key: string, work: (isCurrent: () => boolean) => Promise<T>): Promise<T>;
  has(key: string): boolean;
  /** The next one who asks begins anew; who waits already gets what was begun. */
  forget(key: string): void;
  /** Keys under way. */
  size(): number;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run(key, work) {
      const known = running.get(key);
      if (known) return known;
      const isCurrent = () => running.get(key) === started;
      const started: Promise<T> = work(isCurrent).finally(() => {
        if (isCurrent()) running.delete(key);
      });
      running.set(key, started);
      return started;
    },
    has: (key) => running.has(key),
    forget: (key) => void running.delete(key),
    size: () => running.size,
  };
}
