import { describe, expect, test } from 'bun:test';
import { type RetryPolicy, retryAfter } from '../../../../src/decide/promotion/retry.ts';
import { type Breaker, begun, createBreakers, failed, refusalOf } from '../../../../src/lib/async/breaker.ts';

const START = new Date('2026-11-21T12:00:00Z');

/** A breaker by a clock that is set in seconds. */
function clocked() {
  let seconds = 0;
  const breakers = createBreakers(() => new Date(START.getTime() + seconds * 1000));
  return {
    ...breakers,
    at(time: number) {
      seconds = time;
    },
    /** One request that fails, unless it is refused: then the seconds that it is told to wait. */
    fails(key = 'a'): number | undefined {
      const refusal = breakers.refusal(key);
      if (refusal) return refusal.seconds;
      breakers.begin(key);
      breakers.fail(key);
      return undefined;
    },
  };
}

function opened(key = 'a') {
  const breakers = clocked();
  for (let count = 0; count < 5; count++) breakers.fails(key);
  return breakers;
}

describe('a breaker', () => {
  test('lets four failures in a row pass, and opens at the fifth for five seconds', () => {
    const breakers = clocked();
    const reported = Array.from({ length: 7 }, () => breakers.fails());

    expect(reported).toEqual([undefined, undefined, undefined, undefined, undefined, 5, 5]);
    expect(breakers.refusal('a')).toEqual({ failures: 5, since: START, seconds: 5 });
    breakers.at(3.5);
    expect(breakers.refusal('a')?.seconds).toBe(2);
  });

  test('counts failures in a row alone', () => {
    const breakers = clocked();
    for (let count = 0; count < 20; count++) {
      breakers.fails();
      if (count % 4 === 3) breakers.succeed('a');
    }

    expect(breakers.refusal('a')).toBeUndefined();
  });

  test('lets one request try when its time is over, and makes the others wait for that one', () => {
    const breakers = opened();
    breakers.at(5);
    expect(breakers.refusal('a')).toBeUndefined();
    breakers.begin('a');

    expect(breakers.refusal('a')?.seconds).toBe(5);
  });

  test('closes at the first answer', () => {
    const breakers = opened();
    breakers.at(5);
    breakers.begin('a');
    breakers.succeed('a');

    expect(breakers.refusal('a')).toBeUndefined();
    expect(breakers.fails()).toBeUndefined();
    expect(breakers.refusal('a')).toBeUndefined();
  });

  test('opens for twice as long each time, and for a minute at most', () => {
    const breakers = opened();
    const lengths: (number | undefined)[] = [];
    let time = 0;
    for (let count = 0; count < 8; count++) {
      const seconds = breakers.refusal('a')?.seconds;
      lengths.push(seconds);
      time += seconds ?? 0;
      breakers.at(time);
      breakers.fails();
    }

    expect(lengths).toEqual([5, 10, 20, 40, 60, 60, 60, 60]);
    expect(breakers.refusal('a')).toMatchObject({ failures: 13, since: START });
  });

  test('is not opened for longer by requests that had set out before', () => {
    const breakers = opened();
    for (let count = 0; count < 20; count++) breakers.fail('a');

    expect(breakers.refusal('a')).toMatchObject({ failures: 25, seconds: 5 });
    breakers.at(5);
    breakers.fails();
    expect(breakers.refusal('a')?.seconds).toBe(10);
  });

  test('lets another one try when the first never came back', () => {
    const breakers = opened();
    breakers.at(5);
    breakers.begin('a');
    breakers.at(64);
    expect(breakers.refusal('a')?.seconds).toBe(1);
    breakers.at(65);

    expect(breakers.refusal('a')).toBeUndefined();
  });

  test('is one for each key', () => {
    const breakers = opened('a');

    expect(breakers.refusal('a')).toBeDefined();
    expect(breakers.refusal('b')).toBeUndefined();
  });

  test('is forgotten when 5,000 others have failed since', () => {
    const breakers = opened('a');
    for (let count = 0; count < 5_000; count++) breakers.fail(String(count));

    expect(breakers.refusal('a')).toBeUndefined();
  });
});

test('no breaker is changed by looking at it or by a request that sets out while it is closed', () => {
  const closed: Breaker = failed(undefined, 0);

  expect(refusalOf(closed, 0)).toBeUndefined();
  expect(begun(closed, 0)).toEqual({ kind: 'closed', failures: 1, since: 0 });
  expect(begun(undefined, 0)).toBeUndefined();
});

describe('the breaker and the delays of the reconciler', () => {
  const POLICY: RetryPolicy = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };

  /** When the last of so many promotions succeeds that begin together, with a forge that is away until then. */
  function lastSuccess(promotions: number, awaySeconds: number): number {
    const breakers = clocked();
    const waiting = Array.from({ length: promotions }, () => ({ at: 0, attempts: 1 }));
    let last = 0;
    for (let next = waiting.shift(); next; next = waiting.sort((a, b) => a.at - b.at).shift()) {
      const { at, attempts } = next;
      last = at;
      breakers.at(at);
      if (!breakers.refusal('a') && at >= awaySeconds) {
        breakers.succeed('a');
        continue;
      }
      const reported = breakers.fails() ?? breakers.refusal('a')?.seconds;
      const retry = reported === undefined ? 'backoff' : { afterSeconds: reported };
      waiting.push({ at: at + retryAfter(attempts, retry, POLICY), attempts: attempts + 1 });
    }
    return last;
  }

  const OUTAGES = [1, 10, 60, 240, 900, 3600, 10_000];
  test.each(OUTAGES)('come back within a minute after %p seconds', (seconds) => {
    for (const promotions of [1, 2, 7, 50]) {
      expect(lastSuccess(promotions, seconds)).toBeWithin(seconds, seconds + 61);
    }
  });
});
