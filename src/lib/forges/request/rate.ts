import type { ForgeAnswer } from './types.ts';
/**
 * Rate limits of forges. GitHub asks clients to stop for the time it names, or when it names none for a minute and
 * then longer and longer, and may ban those that do not:
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */

/** The wait where the forge names no time. */
export const UNNAMED_SECONDS = 60;
export const MAX_SECONDS = 3600;
/** The part of a budget, and the most requests, that polls leave to promotions at its end. */
const RESERVED_PART = 20;
const MAX_RESERVED = 100;
/** Promotions have this part of a budget to themselves for as long as it lasts, an hour at most. */
const PROMOTIONS_PART = 1 / 2;
const LONGEST_SECONDS = 3600;
const UNKNOWN_LIMIT = 200;
/** Bigger numbers are seconds since 1970, smaller ones seconds from now. */
const FIRST_TIME = 1_000_000_000;

/**
 * `seconds`: for which the forge asks us to stay away, where it says so. `isSpent`: of a budget; else of all requests.
 */
export interface RateLimit {
  readonly seconds?: number;
  readonly isSpent: boolean;
}

/** Undefined when the answer is not a rate limit. */
export function rateLimitOf(answer: ForgeAnswer, words: string, now: Date): RateLimit | undefined {
  if (!isRateLimited(answer, words)) return undefined;
  const budget = budgetOf(answer.headers, now);
  const isSpent = budget?.remaining === 0;
  const seconds = retryAfterSeconds(answer.headers, now) ?? (isSpent ? budget.resetSeconds : undefined);
  return { isSpent, ...(seconds !== undefined && { seconds: bounded(seconds) }) };
}

/** A 403 may be a missing right, and a 422 a request that is not valid. */
function isRateLimited({ status, headers }: ForgeAnswer, words: string): boolean {
  if (status === 429) return true;
  if (status === 422) return TOO_FAST.test(words);
  if (status !== 403) return false;
  return headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0' || isRateLimitText(words);
}

/** GitHub's words for content that is created too fast: https://github.com/cli/cli/issues/4801 */
const TOO_FAST = /submitted too quickly/i;

/** GitHub's own words for its secondary limits. */
export function isRateLimitText(words: string): boolean {
  return /rate limit|abuse detection/i.test(words) || TOO_FAST.test(words);
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

/** The rest of a token's budget, and the seconds until it is whole again. */
export interface Budget {
  readonly remaining: number;
  readonly limit: number;
  readonly resetSeconds: number;
}

/**
 * GitHub's and Azure's `x-ratelimit-…`, where Azure counts its own units, and GitLab's `ratelimit-…`; undefined
 * for an answer without. All three give the reset in seconds since 1970; the IETF's draft has seconds from now.
 */
export function budgetOf(headers: Headers, now: Date): Budget | undefined {
  const read = (name: string) =>
    numberIn(headers.get(`x-ratelimit-${name}`) ?? headers.get(`ratelimit-${name}`));
  const [remaining, reset] = [read('remaining'), read('reset')];
  if (remaining === undefined) return undefined;
  const seconds = reset === undefined || reset < FIRST_TIME ? reset : reset - now.getTime() / 1000;
  return {
    remaining,
    limit: read('limit') ?? UNKNOWN_LIMIT,
    resetSeconds: bounded(seconds ?? UNNAMED_SECONDS),
  };
}

function numberIn(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}(\.\d{1,6})?$/.test(text.trim()) ? Number(text) : undefined;
}

/**
 * Seconds for which requests in the background wait after this answer; 0 when enough remains, undefined when the
 * answer does not say. Azure names a time in a good answer already, before it refuses.
 */
export function restSeconds(headers: Headers, now: Date): number | undefined {
  const asked = retryAfterSeconds(headers, now);
  const budget = budgetOf(headers, now);
  return budget ? Math.max(asked ?? 0, pauseOf(budget)) : asked;
}

/**
 * The pause that keeps half of a budget, spread over its time, and its last requests for promotions: polls whose entity
 * tags change with every push cost no more than the rest.
 */
function pauseOf({ remaining, limit, resetSeconds }: Budget): number {
  if (remaining < Math.min(MAX_RESERVED, Math.ceil(limit / RESERVED_PART))) return resetSeconds;
  const enoughAt = (remaining / (limit * PROMOTIONS_PART)) * LONGEST_SECONDS;
  return Math.max(0, Math.ceil(resetSeconds - enoughAt));
}

function bounded(seconds: number): number {
  return Math.min(Math.max(Math.ceil(seconds), 1), MAX_SECONDS);
}
