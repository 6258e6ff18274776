/**
 * Rate limits of forges. GitHub asks clients to stop for the time it names, or for a minute when it names
 * none, and may ban those that do not:
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
import type { ForgeAnswer } from './call.ts';

const UNNAMED_SECONDS = 60;
const MAX_SECONDS = 3600;
/** What polls leave of a budget to promotions: one part in so many, and never more than so many requests. */
const RESERVED_PART = 20;
const MAX_RESERVED = 100;
const UNKNOWN_LIMIT = 200;
/** Bigger numbers are seconds since 1970, smaller ones seconds from now. */
const FIRST_TIME = 1_000_000_000;

/** How many seconds the forge asks us to stay away, or undefined when the answer is no rate limit. */
export function rateLimitSeconds(answer: ForgeAnswer, words: string, now: Date): number | undefined {
  if (answer.status !== 429 && !(answer.status === 403 && isRateLimited(answer, words))) return undefined;
  const budget = budgetOf(answer.headers, now);
  const reset = budget?.remaining === 0 ? budget.resetSeconds : undefined;
  return bounded(retryAfterSeconds(answer.headers, now) ?? reset ?? UNNAMED_SECONDS);
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

/** What is left of a token's budget, and in how many seconds it is whole again. */
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
 * For how many seconds what is not urgent waits after this answer; 0 when enough remains, undefined when the
 * answer does not say. Azure names a time in a good answer already, before it refuses.
 */
export function restSeconds(headers: Headers, now: Date): number | undefined {
  const asked = retryAfterSeconds(headers, now);
  const budget = budgetOf(headers, now);
  if (!budget) return asked;
  const reserve = Math.min(MAX_RESERVED, Math.ceil(budget.limit / RESERVED_PART));
  return Math.max(asked ?? 0, budget.remaining < reserve ? budget.resetSeconds : 0);
}

function bounded(seconds: number): number {
  return Math.min(Math.max(Math.ceil(seconds), 1), MAX_SECONDS);
}
