import { describe, expect, test } from 'bun:test';
import { createCache, createSingleFlight } from '../../../../src/lib/async/index.ts';

function setUp(options: { max?: number; staleWhileLoading?: boolean } = {}) {
  let at = 0;
  const asked: string[] = [];
  const waiting: PromiseWithResolvers<string>[] = [];
  const cache = createCache<string>({ max: 10, ttlMs: 100, now: () => at, ...options });
  return {
    asked,
    pass(ms: number) {
      at += ms;
    },
    get: (key: string) =>
      cache.get(key, (last) => {
        asked.push(last === undefined ? key : `${key} after ${last}`);
        const answer = Promise.withResolvers<string>();
        waiting.push(answer);
        return answer.promise;
      }),
    answer: (text: string) => waiting.shift()?.resolve(text),
    fail: (message: string) => waiting.shift()?.reject(new Error(message)),
    delete: cache.delete,
  };
}

describe('a cache', () => {
  test('asks once for all who want an answer, and gives it without a promise from then on', async () => {
    const { get, answer, asked } = setUp();
    const both = [get('a'), get('a')];
    answer('yes');
    expect(await Promise.all(both)).toEqual(['yes', 'yes']);
    expect(get('a')).toBe('yes');
    expect(asked).toEqual(['a']);
  });

  test('asks again when the answer has had its time, and says what it was', async () => {
    const { get, answer, asked, pass } = setUp();
    const first = get('a');
    pass(50);
    answer('one');
    await first;
    pass(99);
    expect(get('a')).toBe('one');
    pass(1);
    const second = get('a');
    answer('two');
    expect(await second).toBe('two');
    expect(asked).toEqual(['a', 'a after one']);
  });

  test('has a time of its own for each answer', async () => {
    let at = 0;
    const cache = createCache<number>({ max: 10, ttlMs: (answer) => answer, now: () => at });
    await cache.get('long', async () => 1000);
    await cache.get('short', async () => 10);
    at = 10;
    expect(cache.get('long', async () => 0)).toBe(1000);
    expect(await cache.get('short', async () => 20)).toBe(20);
  });

  test('keeps no failure', async () => {
    const { get, answer, fail } = setUp();
    const first = get('a');
    fail('away');
    await expect(first).rejects.toThrow('away');
    const second = get('a');
    answer('back');
    expect(await second).toBe('back');
  });

  test('gives the last answer while the next one is on its way, where that is asked for', async () => {
    for (const staleWhileLoading of [true, false]) {
      const { get, answer, pass } = setUp({ staleWhileLoading });
      const first = get('a');
      answer('one');
      await first;
      pass(100);
      const second = get('a');
      const meanwhile = get('a');
      answer('two');
      expect(await second).toBe('two');
      expect(await meanwhile).toBe(staleWhileLoading ? 'one' : 'two');
    }
  });

  test('keeps neither what was known nor what is on its way when a key is deleted', async () => {
    const { get, answer, asked, ...cache } = setUp();
    const first = get('a');
    cache.delete('a');
    const second = get('a');
    answer('old');
    answer('new');
    expect([await first, await second]).toEqual(['old', 'new']);
    expect(get('a')).toBe('new');
    expect(asked).toEqual(['a', 'a']);
  });

  test('holds so many answers', async () => {
    const { get, answer, asked } = setUp({ max: 2 });
    for (const key of ['a', 'b', 'c']) {
      const got = get(key);
      answer(key);
      await got;
    }
    expect([get('b'), get('c')]).toEqual(['b', 'c']);
    void get('a');
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });
});

describe('a single flight', () => {
  test('counts the keys under way, and begins anew once one has ended or is forgotten', async () => {
    const flight = createSingleFlight<number>();
    const gate = Promise.withResolvers<number>();
    const first = flight.run('a', () => gate.promise);
    expect([flight.has('a'), flight.size()]).toEqual([true, 1]);
    flight.forget('a');
    expect(await flight.run('a', async () => 2)).toBe(2);
    gate.resolve(1);
    expect(await first).toBe(1);
    expect(flight.size()).toBe(0);
  });

  test('does not end the work that began after it was forgotten', async () => {
    const flight = createSingleFlight<number>();
    const gates = [Promise.withResolvers<number>(), Promise.withResolvers<number>()] as const;
    const first = flight.run('a', () => gates[0].promise);
    flight.forget('a');
    const second = flight.run('a', () => gates[1].promise);
    gates[0].resolve(1);
    await first;
    expect(flight.has('a')).toBe(true);
    gates[1].resolve(2);
    await second;
  });
});
