import { describe, expect, test } from 'bun:test';
import { createRateLimiter } from '../../../src/http/signed/rate.ts';

const APP = { source: '10.0.0.1', pipeline: 'apps/app' };
const OTHER = { source: '10.0.0.1', pipeline: 'apps/other' };
const ELSEWHERE = { source: '10.0.0.2', pipeline: 'apps/app' };

/** So many requests in 30 seconds, on a clock that goes by hand. */
function setUp(limit: number) {
  let milliseconds = 5_000;
  const limiter = createRateLimiter({ limit, intervalSeconds: 30 }, () => milliseconds);
  const pass = (seconds: number) => {
    milliseconds += seconds * 1000;
  };
  return { limiter, pass };
}

describe('the requests of a source for a Pipeline', () => {
  test('are so many in an interval, and others again after the seconds that the answer names', () => {
    const { limiter, pass } = setUp(2);
    for (let interval = 0; interval < 3; interval += 1) {
      expect([1, 2, 3].map(() => limiter.taken(APP))).toEqual([undefined, undefined, 30]);
      pass(30);
    }
  });

  test('have to wait for the rest of the interval, in whole seconds, and for one at least', () => {
    const { limiter, pass } = setUp(0);
    expect(limiter.taken(APP)).toBe(30);
    pass(12.5);
    expect(limiter.taken(APP)).toBe(18);
    pass(17.499);
    expect(limiter.taken(APP)).toBe(1);
  });

  test('are counted apart from those for another one, and from those of another source', () => {
    const { limiter } = setUp(1);
    for (const caller of [APP, OTHER, ELSEWHERE]) {
      expect([limiter.taken(caller), limiter.taken(caller)]).toEqual([undefined, 30]);
    }
  });

  test('are not counted by asking', () => {
    const { limiter } = setUp(2);
    for (const ask of [limiter.wait, limiter.waitWithLargeBody]) {
      expect([1, 2, 3].map(() => ask(APP))).toEqual([undefined, undefined, undefined]);
    }
    limiter.taken(APP);
    expect([limiter.wait(APP), limiter.waitWithLargeBody(APP)]).toEqual([undefined, undefined]);
    limiter.taken(APP);
    expect([limiter.wait(APP), limiter.waitWithLargeBody(APP)]).toEqual([30, 30]);
  });

  test('that are refused use up nothing of those that are right', () => {
    const { limiter } = setUp(1);
    expect([1, 2].map(() => limiter.rejected(APP))).toEqual([undefined, 30]);
    expect([limiter.wait(APP), limiter.taken(APP)]).toEqual([undefined, undefined]);
  });

  test('with large bodies wait where too many of the source were refused, whatever they were for', () => {
    const { limiter } = setUp(2);
    limiter.rejected(APP);
    expect(limiter.waitWithLargeBody(OTHER)).toBeUndefined();
    limiter.rejected(OTHER);
    expect([APP, OTHER, ELSEWHERE].map(limiter.waitWithLargeBody)).toEqual([30, 30, undefined]);
    expect(limiter.wait(OTHER)).toBeUndefined();
  });
});
