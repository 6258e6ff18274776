import { describe, expect, test } from 'bun:test';
import { createConcurrency, REAL_WAITS, type Waits } from '../../../../src/lib/forges/request/concurrency.ts';
import { settled } from '../../../fakes/schedule.ts';

/** A clock that goes on when all wait: to the next time that somebody waits for. */
function fakeWaits() {
  let now = 0;
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  const waits: Waits = {
    elapsed: () => now,
    sleep(ms, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      sleepers.push({ until: now + ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
      return promise;
    },
  };
  async function advance(ms: number) {
    now += ms;
    for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake();
    await settled();
  }
  return { waits, advance };
}

describe('the concurrency of requests', () => {
  test('is eight at once with one token, and who waits longest is next', async () => {
    const concurrency = createConcurrency(fakeWaits().waits);
    const entered: number[] = [];
    const enter = async (index: number) => {
      const leave = await concurrency.acquire('a', { gapMs: 0 });
      entered.push(index);
      return leave;
    };
    const all = Array.from({ length: 12 }, (_, index) => enter(index));
    await settled();
    expect(entered).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);

    (await all[3])?.();
    (await all[0])?.();
    await settled();
    expect(entered.slice(8)).toEqual([8, 9]);
    await concurrency.acquire('b', { gapMs: 0 });
  });

  test('has a gap between two requests that want one, and none before others', async () => {
    const { waits, advance } = fakeWaits();
    const concurrency = createConcurrency(waits);
    const at: string[] = [];
    const enter = async (name: string, key: string, gapMs: number) => {
      const leave = await concurrency.acquire(key, { gapMs });
      at.push(`${name} ${waits.elapsed()}`);
      leave();
    };
    void enter('first', 'a', 1000);
    void enter('second', 'a', 1000);
    void enter('third', 'a', 1000);
    void enter('read', 'a', 0);
    void enter('other', 'b', 1000);
    await advance(0);
    for (let count = 0; count < 10; count++) await advance(250);
    void enter('late', 'a', 1000);
    for (let count = 0; count < 4; count++) await advance(250);
    void enter('later', 'a', 1000);
    await advance(0);

    expect(at).toEqual(['first 0', 'read 0', 'other 0', 'second 1000', 'third 2000', 'late 3000']);
    await advance(500);
    expect(at.at(-1)).toBe('later 4000');
  });

  test('releases a caller that is stopped while it waits, with the reason of the signal', async () => {
    const { waits } = fakeWaits();
    const concurrency = createConcurrency(waits);
    const leaves = await Promise.all(Array.from({ length: 8 }, () => concurrency.acquire('a', { gapMs: 0 })));
    const stopping = new AbortController();
    const place = concurrency.acquire('a', { gapMs: 0, signal: stopping.signal });
    await concurrency.acquire('b', { gapMs: 1000 });
    const turn = concurrency.acquire('b', { gapMs: 1000, signal: stopping.signal });
    const other = concurrency.acquire('a', { gapMs: 0 });
    const stopped = Promise.allSettled([place, turn]);
    const reason = new Error('the program stops');
    stopping.abort(reason);

    expect(await stopped).toMatchObject(Array(2).fill({ status: 'rejected', reason }));
    await expect(concurrency.acquire('a', { gapMs: 0, signal: stopping.signal })).rejects.toBe(reason);
    leaves[0]?.();
    await other;
  });

  test('is kept by the real clock too', async () => {
    const concurrency = createConcurrency(REAL_WAITS);
    // A real one: the waits of the other tests are made up.
    const started = performance.now();
    for (let count = 0; count < 3; count++) (await concurrency.acquire('a', { gapMs: 40 }))();

    expect(performance.now() - started).toBeWithin(75, 2_000);
  });
});
