import { doubled } from './backoff.ts';
import { putBounded } from './bounded-map.ts';

/**
 * A circuit breaker: after several failures in a row nothing is asked any more until some time has passed, and
 * then one request tries for all. It knows no clock: times are milliseconds since 1970, given from outside.
 */
export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number; readonly since: number }
  /** `trips`: how often it opened in a row; it opens for longer each time. */
  | Opened<'open'>
  /** One request is under way; should it never come back, the next one tries after `until`. */
  | Opened<'trial'>;

interface Opened<Kind> {
  readonly kind: Kind;
  readonly failures: number;
  readonly since: number;
  readonly trips: number;
  readonly until: number;
}

/** A request that is refused. */
export interface Refusal {
  readonly failures: number;
  readonly since: Date;
  /** Until the next attempt makes sense. */
  readonly seconds: number;
}

const THRESHOLD = 5;
const FIRST_MS = 5_000;
const MAX_MS = 60_000;
/** Longer than any request takes. */
const TRIAL_MS = 60_000;
const MAX_BREAKERS = 5_000;

/** The refusal of a request now, if any. One that is refused because of a trial waits no longer than the trial takes. */
export function refusalOf(breaker: Breaker | undefined, at: number): Refusal | undefined {
  if (!breaker || breaker.kind === 'closed' || at >= breaker.until) return undefined;
  const { failures, since, until } = breaker;
  const ms = breaker.kind === 'trial' ? Math.min(FIRST_MS, until - at) : until - at;
  return { failures, since: new Date(since), seconds: Math.ceil(ms / 1000) };
}

/** A request that was not refused sets out. */
export function begun(breaker: Breaker | undefined, at: number): Breaker | undefined {
  if (!breaker || breaker.kind === 'closed') return breaker;
  return { ...breaker, kind: 'trial', until: at + TRIAL_MS };
}

export function failed(breaker: Breaker | undefined, at: number): Breaker {
  const { failures, since } = breaker ?? { failures: 0, since: at };
  const counted = { failures: failures + 1, since };
  const trips = breaker && breaker.kind !== 'closed' ? breaker.trips : 0;
  // It had set out before the breaker opened.
  if (breaker?.kind === 'open') return { ...breaker, ...counted };
  if (trips === 0 && counted.failures < THRESHOLD) return { kind: 'closed', ...counted };
  return { kind: 'open', ...counted, trips: trips + 1, until: at + doubled(FIRST_MS, MAX_MS, trips) };
}

/** The breakers by their keys; one answer closes one at once. */
export interface Breakers {
  refusal(key: string): Refusal | undefined;
  begin(key: string): void;
  succeed(key: string): void;
  fail(key: string): void;
}

export function createBreakers(now: () => Date): Breakers {
  const breakers = new Map<string, Breaker>();
  const put = (key: string, breaker: Breaker | undefined) => {
    if (breaker) putBounded(breakers, key, breaker, MAX_BREAKERS);
  };
  const at = () => now().getTime();
  return {
    refusal: (key) => refusalOf(breakers.get(key), at()),
    begin: (key) => put(key, begun(breakers.get(key), at())),
    succeed: (key) => breakers.delete(key),
    fail: (key) => put(key, failed(breakers.get(key), at())),
  };
}
