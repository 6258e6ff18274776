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
  /** The next key, or undefined once the queue is stopped. Call `done` when its work has ended. */
  next(): Promise<K | undefined>;
  done(key: K): void;
  depth(): number;
  stop(): void;
}

const FIRST_RETRY_SECONDS = 0.1;
const LAST_RETRY_SECONDS = 60;

interface Delayed {
  readonly at: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

export function createQueue<K extends string>(now: () => number = () => performance.now()): Queue<K> {
  const ready = new Set<K>();
  const working = new Set<K>();
  const again = new Set<K>();
  const delayed = new Map<K, Delayed>();
  const failures = new Map<K, number>();
  const idle: ((key: K | undefined) => void)[] = [];
  let stopped = false;

  function add(key: K): void {
    if (stopped) return;
    cancel(key);
    if (working.has(key)) again.add(key);
    else if (!ready.has(key)) offer(key);
  }

  function offer(key: K): void {
    const worker = idle.shift();
    if (!worker) {
      ready.add(key);
      return;
    }
    working.add(key);
    worker(key);
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
    // A timer holds at most 2^31 ms; whoever waits longer looks again in between.
    const timer = setTimeout(add, Math.min(seconds * 1000, 2 ** 31 - 1), key);
    delayed.set(key, { at, timer });
  }

  function retry(key: K): void {
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    addAfter(key, Math.min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** Math.min(count, 20)));
  }

  function next(): Promise<K | undefined> {
    if (stopped) return Promise.resolve(undefined);
    const [first] = ready;
    if (first === undefined) return new Promise((resolve) => idle.push(resolve));
    ready.delete(first);
    working.add(first);
    return Promise.resolve(first);
  }

  function done(key: K): void {
    working.delete(key);
    if (again.delete(key)) add(key);
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
    for (const worker of idle.splice(0)) worker(undefined);
  }

  return {
    add,
    addAfter,
    retry,
    forget: (key) => failures.delete(key),
    remove,
    next,
    done,
    depth: () => ready.size,
    stop,
  };
}
