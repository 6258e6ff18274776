import { describe, expect, test } from 'bun:test';
import { createRateLimits } from '../../../../src/lib/forges/request/limits.ts';
import { budgetOf, rateLimitOf, restSeconds } from '../../../../src/lib/forges/request/rate.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;

describe('a rate limit', () => {
  /** `unnamed`: the forge names no time. */
  const ANSWERS: readonly [number, Record<string, string>, string, number | 'unnamed' | undefined][] = [
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
    [403, {}, 'You have exceeded a secondary rate limit.', 'unnamed'],
    [422, {}, 'Validation Failed; was submitted too quickly', 'unnamed'],
    [422, { 'x-ratelimit-remaining': '0' }, 'Validation Failed', undefined],
    [403, {}, 'You have triggered an abuse detection mechanism.', 'unnamed'],
    [429, {}, '', 'unnamed'],
    [429, { 'retry-after': '0' }, '', 1],
    [429, { 'retry-after': '999999999' }, '', 3600],
    [429, { 'retry-after': 'Sat, 21 Nov 2026 12:00:45 GMT' }, '', 45],
    [429, { 'retry-after': '-3' }, '', 'unnamed'],
    [429, { 'ratelimit-remaining': '0', 'ratelimit-reset': `${SECONDS + 30}` }, '', 30],
    [429, { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': `${SECONDS + 90}` }, '', 'unnamed'],
    [500, { 'retry-after': '7' }, 'rate limit', undefined],
    [200, { 'x-ratelimit-remaining': '0' }, '', undefined],
  ];
  for (const [status, headers, words, seconds] of ANSWERS) {
    test(`of ${status} ${JSON.stringify(headers)} ${words} lasts ${seconds ?? 'no'} seconds`, () => {
      const answer = { status, headers: new Headers(headers), data: undefined };

      const limit = rateLimitOf(answer, words, NOW);
      expect(limit && (limit.seconds ?? 'unnamed')).toBe(seconds);
    });
  }

  test.each<[string, Record<string, string>, boolean]>([
    ['of a spent budget is for that budget', { 'x-ratelimit-remaining': '0' }, true],
    ['of another kind is for all requests', { 'x-ratelimit-remaining': '4000', 'retry-after': '30' }, false],
    ['without a word of a budget is for all requests', {}, false],
  ])('%s', (_, headers, isSpent) => {
    const answer = { status: 429, headers: new Headers(headers), data: undefined };

    expect(rateLimitOf(answer, '', NOW)).toMatchObject({ isSpent });
  });

  test('without a named time doubles while the forge refuses again and again', () => {
    let now = NOW.getTime();
    const limits = createRateLimits(() => new Date(now));
    const refusals = Array.from({ length: 8 }, () => {
      const seconds = limits.hold('a', undefined);
      now += seconds * 1000;
      return seconds;
    });

    expect(refusals).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600]);
    now += 3_600_000;
    expect(limits.hold('a', undefined)).toBe(60);
  });

  test('without a named time is one for all requests that were under way together', () => {
    let now = NOW.getTime();
    const limits = createRateLimits(() => new Date(now));
    const refusals = Array.from({ length: 8 }, () => limits.hold('a', undefined));
    now += 10_000;

    expect([...refusals, limits.hold('a', undefined)]).toEqual([...Array(8).fill(60), 50]);
  });

  test('is not cut short by the refusal of a request that was under way', () => {
    const limits = createRateLimits(() => NOW);
    limits.hold('a', 600);

    expect([limits.hold('a', undefined), limits.hold('a', 5)]).toEqual([600, 600]);
    expect(limits.heldFor('a', 'interactive')).toBe(600);
  });

  test('is remembered until its time has passed', () => {
    let now = NOW;
    const limits = createRateLimits(() => now);
    limits.hold('a', 10);

    expect([limits.heldFor('a', 'interactive'), limits.heldFor('b', 'interactive')]).toEqual([10, undefined]);
    now = new Date(NOW.getTime() + 9_500);
    expect(limits.heldFor('a', 'interactive')).toBe(1);
    now = new Date(NOW.getTime() + 10_000);
    expect(limits.heldFor('a', 'interactive')).toBeUndefined();
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
    ['half of it left at its begin', 0, budget('x-ratelimit', 5000, 2500, 3600)],
    ['less than half of it left at its begin', 8, budget('x-ratelimit', 5000, 2495, 3600)],
    ['a tenth of it left for half an hour', 1080, budget('x-ratelimit', 5000, 500, 1800)],
    ['a tenth of it left for ten minutes', 0, budget('x-ratelimit', 5000, 500, 600)],
    ['nonsense', undefined, { 'x-ratelimit-remaining': '-1', 'x-ratelimit-limit': 'many' }],
  ];
  test.each(REST)('with %s makes polls wait for %p seconds', (_, seconds, headers) => {
    expect(restSeconds(new Headers(headers), NOW)).toBe(seconds);
  });

  test('is reported to the metrics', () => {
    const headers = new Headers(budget('x-ratelimit', 5000, 4321));

    expect(budgetOf(headers, NOW)).toEqual({ remaining: 4321, limit: 5000, resetSeconds: 90 });
    expect(budgetOf(new Headers(), NOW)).toBeUndefined();
  });

  test('that is low holds polls alone, until an answer says that there is enough again', () => {
    let now = NOW;
    const limits = createRateLimits(() => now);
    const held = () => [limits.heldFor('a', 'background'), limits.heldFor('a', 'interactive')];
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

  test('of which polls cost one each time lasts for promotions, and polls go on to its end', () => {
    // 1,000 open pull requests whose entity tags change with every push, asked for 30 times an hour each, and a
    // promotion of six requests every ten seconds.
    let second = 0;
    let remaining = 5000;
    const limits = createRateLimits(() => new Date(NOW.getTime() + second * 1000));
    const ask = (priority: 'background' | 'interactive') => {
      if (limits.heldFor('a', priority) !== undefined || remaining === 0) return 0;
      remaining -= 1;
      limits.learn('a', new Headers(budget('x-ratelimit', 5000, remaining, 3600)));
      return 1;
    };
    let promoted = 0;
    const polled: number[] = [];
    for (; second < 3600; second++) {
      if (second % 10 === 0) for (let index = 0; index < 6; index++) promoted += ask('interactive');
      for (let index = 0; index < 8; index++) polled.push(...Array(ask('background')).fill(second));
    }

    expect(promoted).toBe(6 * 360);
    expect(polled.length).toBeGreaterThan(2500);
    // The longest time without any poll.
    const gaps = polled.map((at, index) => at - (polled[index - 1] ?? 0));
    expect(Math.max(...gaps, 3600 - (polled.at(-1) ?? 0))).toBeLessThan(180);
    // Most of them come early: what is left is less than one for each pull request.
    expect(polled.filter((at) => at > 600).length).toBeLessThan(500);
  });

  test('is remembered of 1,000 tokens', () => {
    const limits = createRateLimits(() => NOW);
    for (let count = 0; count < 1_500; count++) limits.hold(String(count), 10);

    expect(limits.heldFor('0', 'interactive')).toBeUndefined();
    expect(limits.heldFor('1499', 'interactive')).toBe(10);
  });
});

function budget(prefix: string, limit: number, remaining: number, seconds = 90): Record<string, string> {
  return {
    [`${prefix}-limit`]: String(limit),
    [`${prefix}-remaining`]: String(remaining),
    [`${prefix}-reset`]: String(SECONDS + seconds),
  };
}
