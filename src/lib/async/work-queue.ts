import { doubled } from './backoff.ts';

/**
 * A keyed work queue with the semantics of client-go's: a key is worked on by one worker at a time, added
 * while it is worked on it comes again, added twice it comes once. Delays and retries are per key.
 */
export interface Queue<K extends string> {
  /** Now, or as soon as the work on it that is under way has ended. */
  add(key: K): void;
  /** Not before so many seconds have passed; an earlier time that is set already stays. */
  addAfter(key: K, seconds: number): void;
  /** After an error: with a delay that doubles from 0.1 to 60 seconds until `forget`. */
  retry(key: K): void;
  /** The key was worked on without an error. */
  forget(key: K): void;
  /** Drops all that is known of a key that is no more. */
  remove(key: K): void;
  /** The next key if one is there. Call `done` when its work has ended. */
  take(): K | undefined;
  /** Resolves when there is a key to take; false once the queue is stopped. */
  ready(): Promise<boolean>;
  done(key: K): void;
  /** Keys that wait for a worker. */
  depth(): number;
  /** Seconds that the work under way has taken so far. */
  unfinished(): { readonly total: number; readonly longest: number };
  stop(): void;
}

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

export interface QueueOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly observer?: QueueObserver;
}

const FIRST_RETRY_SECONDS = 0.1;
const LAST_RETRY_SECONDS = 60;
const UNOBSERVED: QueueObserver = { added() {}, retried() {}, started() {}, ended() {} };

interface Delayed {
  readonly at: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

export function createQueue<K extends string>(options: QueueOptions = {}): Queue<K> {
  const { now = () => performance.now(), observer = UNOBSERVED } = options;
  /** When each key was added or its work begun. */
  const ready = new Map<K, number>();
  const working = new Map<K, number>();
  const again = new Map<K, number>();
  const delayed = new Map<K, Delayed>();
  const failures = new Map<K, number>();
  const idle: ((isReady: boolean) => void)[] = [];
  let stopped = false;

  function add(key: K): void {
    if (stopped) return;
    cancel(key);
    if (ready.has(key) || again.has(key)) return;
    observer.added();
    if (working.has(key)) again.set(key, now());
    else offer(key, now());
  }

  function offer(key: K, addedAt: number): void {
    ready.set(key, addedAt);
    for (const wake of idle.splice(0)) wake(true);
  }

  function secondsSince(at: number): number {
    return (now() - at) / 1000;
  }

  function cancel(key: K): void {
    clearTimeout(delayed.get(key)?.timer);
    delayed.delete(key);
  }

  function addAfter(key: K, seconds: number): void {
    if (stopped) return;
    const at = now() + seconds * 1000;
    const set = delayed.get(key);
    if (set && set.at <= at) return;
    cancel(key);
    // A timer holds at most 2^31 ms; a key with a longer delay is looked at once in between.
    const timer = setTimeout(add, Math.min(seconds * 1000, 2 ** 31 - 1), key);
    delayed.set(key, { at, timer });
  }

  function retry(key: K): void {
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    observer.retried();
    addAfter(key, doubled(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS, count));
  }

  function take(): K | undefined {
    const [first] = ready;
    if (stopped || first === undefined) return undefined;
    const [key, addedAt] = first;
    ready.delete(key);
    working.set(key, now());
    observer.started(secondsSince(addedAt));
    return key;
  }

  function whenReady(): Promise<boolean> {
    if (stopped || ready.size > 0) return Promise.resolve(!stopped);
    return new Promise((resolve) => idle.push(resolve));
  }

  function done(key: K): void {
    const startedAt = working.get(key);
    working.delete(key);
    if (startedAt !== undefined) observer.ended(secondsSince(startedAt));
    const addedAt = again.get(key);
    again.delete(key);
    if (addedAt === undefined || stopped) return;
    cancel(key);
    offer(key, addedAt);
  }

  function unfinished() {
    const seconds = Array.from(working.values(), secondsSince);
    return { total: seconds.reduce((sum, one) => sum + one, 0), longest: Math.max(0, ...seconds) };
  }

  function remove(key: K): void {
    cancel(key);
    ready.delete(key);
    again.delete(key);
    failures.delete(key);
  }

  function stop(): void {
    stopped = true;
    for (const key of [...delayed.keys()]) cancel(key);
    for (const wake of idle.splice(0)) wake(false);
  }

  return {
    add,
    addAfter,
    retry,
    forget: (key) => failures.delete(key),
    remove,
    take,
    ready: whenReady,
    done,
    depth: () => ready.size,
    unfinished,
    stop,
  };
}
