import { describe, expect, test } from 'bun:test';
import { createRateLimits } from '../../src/promote/forges/limits.ts';
import { budgetOf, rateLimitSeconds, restSeconds } from '../../src/promote/forges/rate.ts';

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
    [429, { 'ratelimit-remaining': '0', 'ratelimit-reset': `${SECONDS + 30}` }, '', 30],
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

    expect([limits.heldFor('a', 'urgent'), limits.heldFor('b', 'urgent')]).toEqual([10, undefined]);
    now = new Date(NOW.getTime() + 9_500);
    expect(limits.heldFor('a', 'urgent')).toBe(1);
    now = new Date(NOW.getTime() + 10_000);
    expect(limits.heldFor('a', 'urgent')).toBeUndefined();
  });
});

describe('a budget', () => {
  const REST: readonly [string, number | undefined, Record<string, string>][] = [
    ['no word of it', undefined, {}],
    ['enough', 0, budget('x-ratelimit', 5000, 100)],
    ["less than GitHub's reserve", 90, budget('x-ratelimit', 5000, 99)],
    ["less than GitLab's reserve", 90, budget('ratelimit', 600, 29)],
    ['enough for GitLab', 0, budget('ratelimit', 600, 30)],
    ["Azure's units at an end", 90, { ...budget('x-ratelimit', 200, 0), 'x-ratelimit-resource': 'Core' }],
    ["Azure's units with parts", 90, { ...budget('x-ratelimit', 200, 9), 'x-ratelimit-remaining': '9.5' }],
    ['a time in a good answer', 12, { 'retry-after': '12' }],
    ['both', 300, { ...budget('x-ratelimit', 200, 0), 'retry-after': '300' }],
    ['no limit', 90, { 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': `${SECONDS + 90}` }],
    ['no reset', 60, { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '9' }],
    ["a reset as the IETF's draft has it", 45, { ...budget('ratelimit', 100, 1), 'ratelimit-reset': '45' }],
    ['a reset that has passed', 1, { ...budget('ratelimit', 100, 1), 'ratelimit-reset': `${SECONDS - 9}` }],
    ['a reset in a year', 3600, { ...budget('ratelimit', 100, 1), 'ratelimit-reset': '999999999999' }],
    ['nonsense', undefined, { 'x-ratelimit-remaining': '-1', 'x-ratelimit-limit': 'many' }],
  ];
  test.each(REST)('with %s makes polls wait for %p seconds', (_, seconds, headers) => {
    expect(restSeconds(new Headers(headers), NOW)).toBe(seconds);
  });

  test('is told to whoever counts it', () => {
    const headers = new Headers(budget('x-ratelimit', 5000, 4321));

    expect(budgetOf(headers, NOW)).toEqual({ remaining: 4321, limit: 5000, resetSeconds: 90 });
    expect(budgetOf(new Headers(), NOW)).toBeUndefined();
  });

  test('that is low holds polls alone, until an answer says that there is enough again', () => {
    let now = NOW;
    const limits = createRateLimits(() => now);
    const held = () => [limits.heldFor('a', 'patient'), limits.heldFor('a', 'urgent')];
    limits.learn('a', new Headers(budget('x-ratelimit', 5000, 5)));

    expect(held()).toEqual([90, undefined]);
    limits.learn('a', new Headers());
    expect(held()).toEqual([90, undefined]);
    limits.learn('b', new Headers(budget('x-ratelimit', 5000, 4000)));
    expect(held()).toEqual([90, undefined]);
    limits.learn('a', new Headers(budget('x-ratelimit', 5000, 4000)));
    expect(held()).toEqual([undefined, undefined]);
    limits.learn('a', new Headers(budget('x-ratelimit', 5000, 5)));
    limits.hold('a', 20);
    expect(held()).toEqual([90, 20]);
    now = new Date(NOW.getTime() + 91_000);
    expect(held()).toEqual([undefined, undefined]);
  });

  test('is remembered of 1,000 tokens', () => {
    const limits = createRateLimits(() => NOW);
    for (let count = 0; count < 1_500; count++) limits.hold(String(count), 10);

    expect(limits.heldFor('0', 'urgent')).toBeUndefined();
    expect(limits.heldFor('1499', 'urgent')).toBe(10);
  });
});

function budget(prefix: string, limit: number, remaining: number): Record<string, string> {
  return {
    [`${prefix}-limit`]: String(limit),
    [`${prefix}-remaining`]: String(remaining),
    [`${prefix}-reset`]: String(SECONDS + 90),
  };
}
