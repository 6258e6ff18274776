import { putBounded } from '../../async/index.ts';
import { MAX_SECONDS, restSeconds, UNNAMED_SECONDS } from './rate.ts';

/** The priority of a request. A background request, such as a poll, has no one waiting for its answer. */
export type Priority = 'background' | 'interactive';

/**
 * Remembers each token's budget as forges report it: all promotions with that token keep to it. Background requests
 * wait while little remains; interactive ones may use up the rest.
 */
export interface RateLimits {
  /** Seconds for which such requests stay away, or undefined. */
  heldFor(key: string, priority: Priority): number | undefined;
  /**
   * Records that the forge asked us to stay away, for so many seconds where it named them. Returns the seconds: where
   * it names none, twice as many as the last time, when that is not long ago.
   */
  hold(key: string, named: number | undefined): number;
  /** Records the budget that an answer reports. */
  learn(key: string, headers: Headers): void;
}

const MAX_HELD = 1000;

export function createRateLimits(now: () => Date): RateLimits {
  const all = createHolds(now);
  const background = createHolds(now);
  const growing = createGrowing(now);
  return {
    heldFor(key, priority) {
      const seconds = Math.max(all.heldFor(key), priority === 'background' ? background.heldFor(key) : 0);
      return seconds > 0 ? seconds : undefined;
    },
    hold(key, named) {
      // The answer to a request that was under way may name less time, or none.
      const seconds = Math.max(named ?? growing.next(key), all.heldFor(key));
      all.hold(key, seconds);
      return seconds;
    },
    learn(key, headers) {
      const seconds = restSeconds(headers, now());
      if (seconds !== undefined) background.hold(key, seconds);
    },
  };
}

function createHolds(now: () => Date) {
  const until = new Map<string, number>();
  return {
    /** Whole seconds, 0 when it is not held. */
    heldFor: (key: string) => Math.max(0, Math.ceil(((until.get(key) ?? 0) - now().getTime()) / 1000)),
    hold(key: string, seconds: number) {
      if (seconds > 0) putBounded(until, key, now().getTime() + seconds * 1000, MAX_HELD);
      else until.delete(key);
    },
  };
}

/** The seconds to stay away from a forge that names no time, and refuses again and again. */
function createGrowing(now: () => Date) {
  const last = new Map<string, { readonly seconds: number; readonly until: number }>();
  return {
    next(key: string): number {
      const at = now().getTime();
      const before = last.get(key);
      // Several requests were under way when the first was refused.
      if (before && at < before.until) return Math.ceil((before.until - at) / 1000);
      const isAgain = before && at - before.until < before.seconds * 1000;
      const seconds = isAgain ? Math.min(before.seconds * 2, MAX_SECONDS) : UNNAMED_SECONDS;
      putBounded(last, key, { seconds, until: at + seconds * 1000 }, MAX_HELD);
      return seconds;
    },
  };
}
