/**
 * Rate limits of forges. GitHub asks clients to stop for the time it names, or for a minute when it names
 * none, and may ban those that do not:
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
import type { ForgeAnswer } from './call.ts';

const UNNAMED_SECONDS = 60;
const MAX_SECONDS = 3600;
const MAX_HELD = 1000;

/** How many seconds the forge asks us to stay away, or undefined when the answer is no rate limit. */
export function rateLimitSeconds(answer: ForgeAnswer, words: string, now: Date): number | undefined {
  if (answer.status !== 429 && !(answer.status === 403 && isRateLimited(answer, words))) return undefined;
  return bounded(
    retryAfterSeconds(answer.headers, now) ?? resetSeconds(answer.headers, now) ?? UNNAMED_SECONDS,
  );
}

/** Whether a 403 is a limit and not a missing right. */
function isRateLimited(answer: ForgeAnswer, words: string): boolean {
  return (
    answer.headers.has('retry-after') ||
    answer.headers.get('x-ratelimit-remaining') === '0' ||
    /rate limit|abuse detection/i.test(words)
  );
}

/** `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. */
export function retryAfterSeconds(headers: Headers, now: Date): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return bounded(Number(value));
  // Date.parse takes much for a date; HTTP's begin with the day of the week.
  const until = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(until) ? undefined : bounded((until - now.getTime()) / 1000);
}

/** `x-ratelimit-reset`: seconds since 1970. It counts only when nothing remains. */
function resetSeconds(headers: Headers, now: Date): number | undefined {
  const reset = headers.get('x-ratelimit-reset')?.trim();
  if (headers.get('x-ratelimit-remaining') !== '0' || !reset || !/^\d{1,12}$/.test(reset)) return undefined;
  return Number(reset) - now.getTime() / 1000;
}

function bounded(seconds: number): number {
  return Math.min(Math.max(Math.ceil(seconds), 1), MAX_SECONDS);
}

/** Remembers who asked us to stay away, so that other promotions with the same token do not ask again. */
export interface RateLimits {
  /** Seconds that are left, or undefined. */
  heldFor(key: string): number | undefined;
  hold(key: string, seconds: number): void;
}

export function createRateLimits(now: () => Date): RateLimits {
  const until = new Map<string, number>();
  const drop = (at: number) => {
    for (const [key, time] of until) {
      if (time <= at || until.size >= MAX_HELD) until.delete(key);
    }
  };
  return {
    heldFor(key) {
      const left = (until.get(key) ?? 0) - now().getTime();
      return left > 0 ? bounded(left / 1000) : undefined;
    },
    hold(key, seconds) {
      const at = now().getTime();
      drop(at);
      until.set(key, at + seconds * 1000);
    },
  };
}
