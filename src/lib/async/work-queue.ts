import { doubled } from './backoff.ts';
import { createKeyQueue, type QueueObserver } from './key-queue.ts';
import { onTimer, type Schedule } from './schedule.ts';

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

export interface QueueOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Default: a timer. */
  readonly schedule?: Schedule;
  readonly observer?: QueueObserver;
}

const FIRST_RETRY_SECONDS = 0.1;
const LAST_RETRY_SECONDS = 60;
const UNOBSERVED: QueueObserver = { added() {}, retried() {}, started() {}, ended() {} };

export function createQueue<K extends string>(options: QueueOptions = {}): Queue<K> {
  const { now = () => performance.now(), schedule = onTimer, observer = UNOBSERVED } = options;
  const keys = createKeyQueue<K>({ now, observer });
  const delays = createDelays<K>({ now, schedule, add });
  const failures = new Map<K, number>();

  function add(key: K): void {
    delays.cancel(key);
    keys.add(key);
  }

  return {
    add,
    addAfter: delays.add,
    retry(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      observer.retried();
      delays.add(key, doubled(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS, count));
    },
    forget: (key) => failures.delete(key),
    remove(key) {
      delays.cancel(key);
      keys.remove(key);
      failures.delete(key);
    },
    take: keys.take,
    ready: keys.ready,
    done(key) {
      if (keys.done(key)) delays.cancel(key);
    },
    depth: keys.depth,
    unfinished: keys.unfinished,
    stop() {
      keys.stop();
      delays.stop();
    },
  };
}

interface Delayed {
  readonly at: number;
  readonly callOff: () => void;
}

interface DelaysDeps<K> {
  readonly now: () => number;
  readonly schedule: Schedule;
  readonly add: (key: K) => void;
}

function createDelays<K>({ now, schedule, add }: DelaysDeps<K>) {
  const delayed = new Map<K, Delayed>();
  let stopped = false;

  function cancel(key: K): void {
    delayed.get(key)?.callOff();
    delayed.delete(key);
  }

  return {
    cancel,
    add(key: K, seconds: number): void {
      if (stopped) return;
      const at = now() + seconds * 1000;
      const set = delayed.get(key);
      if (set && set.at <= at) return;
      cancel(key);
      delayed.set(key, { at, callOff: schedule(() => add(key), seconds) });
    },
    stop(): void {
      stopped = true;
      for (const key of [...delayed.keys()]) cancel(key);
    },
  };
}
