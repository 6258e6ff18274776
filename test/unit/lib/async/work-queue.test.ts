import { describe, expect, test } from 'bun:test';
import { createQueue, type Queue } from '../../../../src/lib/async/work-queue.ts';
import { createFakeSchedule } from '../../../fakes/schedule.ts';

async function next(queue: Queue<string>): Promise<string | undefined> {
  return (await queue.ready()) ? queue.take() : undefined;
}

/** A queue with a clock that is moved by hand, and the seconds of each delay. */
function setUp() {
  const { schedule, now, pass } = createFakeSchedule();
  const delays: number[] = [];
  const queue = createQueue<string>({
    now,
    schedule(run, seconds) {
      delays.push(seconds);
      return schedule(run, seconds);
    },
  });
  return { queue, pass, delays };
}

describe('the work queue', () => {
  test('holds a key once, however often it is added', async () => {
    const queue = createQueue<string>();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(queue.depth()).toBe(2);
    expect(await next(queue)).toBe('a');
    expect(await next(queue)).toBe('b');
    expect(queue.depth()).toBe(0);
  });

  test('gives a key to one worker at a time, and again when it was added meanwhile', async () => {
    const queue = createQueue<string>();
    queue.add('a');
    await next(queue);
    queue.add('a');
    expect(queue.depth()).toBe(0);
    queue.done('a');
    expect(await next(queue)).toBe('a');
    queue.done('a');
    expect(queue.depth()).toBe(0);
  });

  test('hands work to a worker that waits', async () => {
    const queue = createQueue<string>();
    const waiting = next(queue);
    queue.add('a');
    expect(await waiting).toBe('a');
  });

  test('keeps the earliest of several times', async () => {
    const { queue, pass } = setUp();
    queue.addAfter('a', 60);
    queue.addAfter('a', 20);
    queue.addAfter('a', 90);
    await pass(19.9);
    expect(queue.take()).toBeUndefined();
    await pass(0.1);
    expect(queue.take()).toBe('a');
    queue.done('a');
    await pass(100);
    expect(queue.take()).toBeUndefined();
  });

  test('delays retries ever more, and starts anew after a success', async () => {
    const { queue, pass, delays } = setUp();
    const retried = async () => {
      queue.retry('a');
      expect(queue.take()).toBeUndefined();
      await pass(delays.at(-1) ?? 0);
      expect(queue.take()).toBe('a');
      queue.done('a');
    };
    for (let attempt = 0; attempt < 12; attempt += 1) await retried();
    expect(delays).toEqual([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60]);
    queue.forget('a');
    await retried();
    expect(delays.at(-1)).toBe(0.1);
  });

  test('drops what is removed', async () => {
    const { queue, pass } = setUp();
    queue.addAfter('gone', 10);
    queue.remove('gone');
    queue.addAfter('here', 50);
    await pass(60);
    expect([queue.take(), queue.take()]).toEqual(['here', undefined]);
  });

  test('has timers of its own, also for delays that are longer than a timer can be', async () => {
    const queue = createQueue<string>();
    queue.addAfter('later', 0.01);
    queue.addAfter('in 25 days', 25 * 24 * 3600);
    expect(await next(queue)).toBe('later');
    expect(queue.depth()).toBe(0);
    queue.stop();
  });

  test('ends its workers when it is stopped', async () => {
    const queue = createQueue<string>();
    const waiting = next(queue);
    queue.stop();
    expect(await waiting).toBeUndefined();
    expect(await next(queue)).toBeUndefined();
  });
});

describe('what a queue counts', () => {
  function observed() {
    const clock = { ms: 0 };
    const { schedule, pass } = createFakeSchedule();
    const seen: string[] = [];
    const queue = createQueue<string>({
      now: () => clock.ms,
      schedule,
      observer: {
        added: () => seen.push('added'),
        retried: () => seen.push('retried'),
        started: (seconds) => seen.push(`started after ${seconds}`),
        ended: (seconds) => seen.push(`ended after ${seconds}`),
      },
    });
    return { queue, clock, seen, pass };
  }

  test('is each key that comes in, once while it waits', async () => {
    const { queue, clock, seen } = observed();
    queue.add('a');
    queue.add('a');
    clock.ms = 2000;
    await next(queue);
    clock.ms = 5000;
    queue.done('a');
    expect(seen).toEqual(['added', 'started after 2', 'ended after 3']);
  });

  test('is a key that comes in while it is worked on, once, from then on', async () => {
    const { queue, clock, seen } = observed();
    queue.add('a');
    await next(queue);
    clock.ms = 1000;
    queue.add('a');
    queue.add('a');
    clock.ms = 4000;
    queue.done('a');
    await next(queue);
    expect(seen).toEqual(['added', 'started after 0', 'added', 'ended after 4', 'started after 3']);
  });

  test('is a delayed key when it becomes due, not before', async () => {
    const { queue, seen, pass } = observed();
    queue.addAfter('a', 0.01);
    queue.retry('b');
    expect(seen).toEqual(['retried']);
    await pass(0.01);
    await next(queue);
    expect(seen).toEqual(['retried', 'added', 'started after 0']);
  });

  test('is the time that the work under way has taken', async () => {
    const { queue, clock } = observed();
    queue.add('a');
    queue.add('b');
    await next(queue);
    clock.ms = 1000;
    await next(queue);
    clock.ms = 3000;
    expect(queue.unfinished()).toEqual({ total: 5, longest: 3 });
    queue.done('a');
    queue.done('b');
    expect(queue.unfinished()).toEqual({ total: 0, longest: 0 });
  });

  test('is nothing once the queue is stopped', () => {
    const { queue, seen } = observed();
    queue.stop();
    queue.add('a');
    expect(seen).toEqual([]);
  });
});
