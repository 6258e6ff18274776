import { restSeconds } from './rate.ts';

/** A poll can wait for its turn: what it asks has not been waited for by anyone. */
export type Urgency = 'urgent' | 'patient';

/**
 * Remembers what forges said of each token's budget, so that all promotions with that token keep to it. What
 * is patient waits while little remains; what is urgent may use up the rest.
 */
export interface RateLimits {
  /** Seconds for which such requests stay away, or undefined. */
  heldFor(key: string, urgency: Urgency): number | undefined;
  /** The forge asked us to stay away. */
  hold(key: string, seconds: number): void;
  /** What an answer says of the budget. */
  learn(key: string, headers: Headers): void;
}

const MAX_HELD = 1000;

export function createRateLimits(now: () => Date): RateLimits {
  const all = createHolds(now);
  const patient = createHolds(now);
  return {
    heldFor(key, urgency) {
      const seconds = Math.max(all.heldFor(key), urgency === 'patient' ? patient.heldFor(key) : 0);
      return seconds > 0 ? seconds : undefined;
    },
    hold: all.hold,
    learn(key, headers) {
      const seconds = restSeconds(headers, now());
      if (seconds !== undefined) patient.hold(key, seconds);
    },
  };
}

function createHolds(now: () => Date) {
  const until = new Map<string, number>();
  const drop = (at: number) => {
    for (const [key, time] of until) {
      if (time <= at || until.size >= MAX_HELD) until.delete(key);
    }
  };
  return {
    /** Whole seconds, 0 when it is not held. */
    heldFor: (key: string) => Math.max(0, Math.ceil(((until.get(key) ?? 0) - now().getTime()) / 1000)),
    hold(key: string, seconds: number) {
      const at = now().getTime();
      if (until.size >= MAX_HELD) drop(at);
      if (seconds > 0) until.set(key, at + seconds * 1000);
      else until.delete(key);
    },
  };
}
