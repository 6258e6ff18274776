import { putBounded } from './bounded-map.ts';
import { createSingleFlight } from './single-flight.ts';
import type { Soon } from './soon.ts';

/** Answers that serve for a while, asked for once by however many want one at the same time. */
export interface Cache<T> {
  /** Gives what is known, at once, else what `load` brings. A failure is not kept. `last` is known, and too old. */
  get(key: string, load: (last: T | undefined) => Promise<T>): Soon<T>;
  /** Forgets what is known and what is being loaded: neither serves from now on. */
  delete(key: string): void;
}

export interface CacheOptions<T> {
  /** Bound of the answers: the one that came longest ago gives way. */
  readonly max: number;
  /** For how many milliseconds an answer serves from when it came. */
  readonly ttlMs: number | ((answer: T) => number);
  /** In milliseconds, of any clock. */
  readonly now: () => number;
  /** While an answer is asked for again, the last one serves. */
  readonly staleWhileLoading?: boolean;
}

export function createCache<T>(options: CacheOptions<T>): Cache<T> {
  const { max, ttlMs, now, staleWhileLoading = false } = options;
  const known = new Map<string, { readonly answer: T; readonly until: number }>();
  const loading = createSingleFlight<T>();

  function keep(key: string, answer: T): void {
    const until = now() + (typeof ttlMs === 'number' ? ttlMs : ttlMs(answer));
    putBounded(known, key, { answer, until }, max);
  }

  return {
    get(key, load) {
      const last = known.get(key);
      if (last && (now() < last.until || (staleWhileLoading && loading.has(key)))) return last.answer;
      return loading.run(key, async (isCurrent) => {
        const answer = await load(last?.answer);
        if (isCurrent()) keep(key, answer);
        return answer;
      });
    },
    delete(key) {
      known.delete(key);
      loading.forget(key);
    },
  };
}
