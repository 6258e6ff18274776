import { describe, expect, test } from 'bun:test';
import { createRateLimits, rateLimitSeconds } from '../../src/promote/forges/rate.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;

describe('a rate limit', () => {
  const ANSWERS: readonly [number, Record<string, string>, string, number | undefined][] = [
    [403, {}, 'Forbidden', undefined],
    [403, { 'x-ratelimit-remaining': '17' }, 'Forbidden', undefined],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${SECONDS + 90}` }, '', 90],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${SECONDS - 5}` }, '', 1],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }, '', 60],
    [
      403,
      { 'retry-after': '7', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${SECONDS + 90}` },
      '',
      7,
    ],
    [403, {}, 'You have exceeded a secondary rate limit.', 60],
    [403, {}, 'You have triggered an abuse detection mechanism.', 60],
    [429, {}, '', 60],
    [429, { 'retry-after': '0' }, '', 1],
    [429, { 'retry-after': '999999999' }, '', 3600],
    [429, { 'retry-after': 'Sat, 21 Nov 2026 12:00:45 GMT' }, '', 45],
    [429, { 'retry-after': '-3' }, '', 60],
    [429, { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': `${SECONDS + 90}` }, '', 60],
    [500, { 'retry-after': '7' }, 'rate limit', undefined],
    [200, { 'x-ratelimit-remaining': '0' }, '', undefined],
  ];
  for (const [status, headers, words, seconds] of ANSWERS) {
    test(`of ${status} ${JSON.stringify(headers)} ${words} lasts ${seconds ?? 'no'} seconds`, () => {
      const answer = { status, headers: new Headers(headers), data: undefined };

      expect(rateLimitSeconds(answer, words, NOW)).toBe(seconds);
    });
  }

  test('is remembered until its time has passed', () => {
    let now = NOW;
    const limits = createRateLimits(() => now);
    limits.hold('a', 10);

    expect([limits.heldFor('a'), limits.heldFor('b')]).toEqual([10, undefined]);
    now = new Date(NOW.getTime() + 9_500);
    expect(limits.heldFor('a')).toBe(1);
    now = new Date(NOW.getTime() + 10_000);
    expect(limits.heldFor('a')).toBeUndefined();
  });
});
