/** Hears of what client-go's queues count. */
export interface QueueObserver {
  /** A key came in that was not waiting already. */
  added(): void;
  retried(): void;
  /** Seconds since it was added. */
  started(waited: number): void;
  /** Seconds since it was started. */
  ended(worked: number): void;
}

/** The keys that wait and those that are worked on: each once, and by one worker at a time. */
export interface KeyQueue<K extends string> {
  /** Now, or as soon as the work on it that is under way has ended. */
  add(key: K): void;
  take(): K | undefined;
  ready(): Promise<boolean>;
  /** Ends the work on a key; true: the key comes again at once. */
  done(key: K): boolean;
  remove(key: K): void;
  depth(): number;
  unfinished(): { readonly total: number; readonly longest: number };
  stop(): void;
}

export interface KeyQueueDeps {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly observer: QueueObserver;
}

export function createKeyQueue<K extends string>({ now, observer }: KeyQueueDeps): KeyQueue<K> {
  /** Times at which each key was added, or its work begun. */
  const ready = new Map<K, number>();
  const working = new Map<K, number>();
  const again = new Map<K, number>();
  const idle: ((isReady: boolean) => void)[] = [];
  let stopped = false;
  const secondsSince = (at: number) => (now() - at) / 1000;

  function offer(key: K, addedAt: number): void {
    ready.set(key, addedAt);
    for (const wake of idle.splice(0)) wake(true);
  }

  return {
    add(key) {
      if (stopped || ready.has(key) || again.has(key)) return;
      observer.added();
      if (working.has(key)) again.set(key, now());
      else offer(key, now());
    },
    take() {
      const [first] = ready;
      if (stopped || first === undefined) return undefined;
      const [key, addedAt] = first;
      ready.delete(key);
      working.set(key, now());
      observer.started(secondsSince(addedAt));
      return key;
    },
    ready() {
      if (stopped || ready.size > 0) return Promise.resolve(!stopped);
      return new Promise((resolve) => idle.push(resolve));
    },
    done(key) {
      const startedAt = working.get(key);
      working.delete(key);
      if (startedAt !== undefined) observer.ended(secondsSince(startedAt));
      const addedAt = again.get(key);
      again.delete(key);
      if (addedAt === undefined || stopped) return false;
      offer(key, addedAt);
      return true;
    },
    remove(key) {
      ready.delete(key);
      again.delete(key);
    },
    depth: () => ready.size,
    unfinished() {
      const seconds = Array.from(working.values(), secondsSince);
      return { total: seconds.reduce((sum, one) => sum + one, 0), longest: Math.max(0, ...seconds) };
    },
    stop() {
      stopped = true;
      for (const wake of idle.splice(0)) wake(false);
    },
  };
}
