import { describe, expect, test } from 'bun:test';
import { createQueue } from '../../../../src/lib/async/work-queue.ts';
import { createWorkers, type Workers } from '../../../../src/lib/async/workers.ts';
import { settled } from '../../../fakes/schedule.ts';

/** Each key's work says what it does, and ends when the test says so. */
function setUp(count: number, work: (key: string, workers: Workers<string>) => Promise<void>) {
  const queue = createQueue<string>();
  const begun: string[] = [];
  const workers: Workers<string> = createWorkers({ queue, count });
  workers.start(async (key) => {
    begun.push(key);
    await work(key, workers);
  });
  return { queue, begun, workers };
}

describe('workers', () => {
  test('work on so many keys at once', async () => {
    const ends: (() => void)[] = [];
    const { queue, begun } = setUp(2, () => new Promise((resolve) => ends.push(resolve)));
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    await settled();
    expect(begun).toEqual(['a', 'b']);
    expect(queue.depth()).toBe(2);
    ends[0]?.();
    await settled();
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  test('are not held by a hundred keys that wait for servers which never answer', async () => {
    const never = new Promise<void>(() => {});
    const { queue, begun } = setUp(1, (key, workers) =>
      key === 'honest' ? Promise.resolve() : workers.outside(key, () => never),
    );
    for (let index = 0; index < 100; index += 1) queue.add(`slow ${index}`);
    queue.add('honest');
    await settled();
    expect(begun).toHaveLength(101);
    queue.add('honest');
    await settled();
    expect(begun).toHaveLength(102);
  });

  test('work on one key at a time, also where it waits outside', async () => {
    const waiting = Promise.withResolvers<void>();
    const { queue, begun } = setUp(4, (key, workers) => workers.outside(key, () => waiting.promise));
    queue.add('a');
    await settled();
    queue.add('a');
    await settled();
    expect(begun).toEqual(['a']);
    waiting.resolve();
    await settled();
    expect(begun).toEqual(['a', 'a']);
  });

  test('take a key back in only when there is room for it', async () => {
    const waiting = Promise.withResolvers<void>();
    const busy = Promise.withResolvers<void>();
    const back: string[] = [];
    const { queue, begun } = setUp(1, async (key, workers) => {
      if (key === 'busy') return busy.promise;
      await workers.outside(key, () => waiting.promise);
      back.push(key);
    });
    queue.add('outside');
    queue.add('busy');
    await settled();
    expect(begun).toEqual(['outside', 'busy']);
    waiting.resolve();
    await settled();
    expect(back).toEqual([]);
    busy.resolve();
    await settled();
    expect(back).toEqual(['outside']);
  });

  test('count a key once, however much of it waits outside', async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const ends: (() => void)[] = [];
    const { queue, begun } = setUp(1, async (key, workers) => {
      if (key !== 'both') return new Promise((resolve) => ends.push(resolve));
      const one = workers.outside(key, () => first.promise);
      const other = workers.outside(key, () => second.promise);
      await Promise.all([one, other]);
    });
    for (const key of ['both', 'x', 'y']) queue.add(key);
    await settled();
    expect(begun).toEqual(['both', 'x']);
    first.resolve();
    await settled();
    second.resolve();
    await settled();
    ends[0]?.();
    await settled();
    expect(begun).toEqual(['both', 'x', 'y']);
    ends[1]?.();
    queue.add('z');
    await settled();
    expect(begun).toEqual(['both', 'x', 'y', 'z']);
  });

  test('end when what is under way has ended', async () => {
    const waiting = Promise.withResolvers<void>();
    const { queue, workers } = setUp(1, (key, all) => all.outside(key, () => waiting.promise));
    queue.add('a');
    await settled();
    queue.stop();
    let isOver = false;
    const ended = workers.ended().then(() => {
      isOver = true;
    });
    await settled();
    expect(isOver).toBe(false);
    waiting.resolve();
    await ended;
    expect(isOver).toBe(true);
  });
});
