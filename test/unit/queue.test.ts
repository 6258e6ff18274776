import { describe, expect, test } from 'bun:test';
import { createQueue } from '../../src/reconcile/queue.ts';

describe('the work queue', () => {
  test('holds a key once, however often it is added', async () => {
    const queue = createQueue<string>();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(queue.depth()).toBe(2);
    expect(await queue.next()).toBe('a');
    expect(await queue.next()).toBe('b');
    expect(queue.depth()).toBe(0);
  });

  test('gives a key to one worker at a time, and again when it was added meanwhile', async () => {
    const queue = createQueue<string>();
    queue.add('a');
    await queue.next();
    queue.add('a');
    expect(queue.depth()).toBe(0);
    queue.done('a');
    expect(await queue.next()).toBe('a');
    queue.done('a');
    expect(queue.depth()).toBe(0);
  });

  test('hands work to a worker that waits', async () => {
    const queue = createQueue<string>();
    const waiting = queue.next();
    queue.add('a');
    expect(await waiting).toBe('a');
  });

  test('keeps the earliest of several times', async () => {
    const queue = createQueue<string>();
    queue.addAfter('a', 0.02);
    queue.addAfter('a', 60);
    expect(await queue.next()).toBe('a');
    queue.stop();
  });

  test('delays retries ever more, and starts anew after a success', async () => {
    const queue = createQueue<string>();
    const started = performance.now();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      queue.retry('a');
      await queue.next();
      queue.done('a');
    }
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
    queue.forget('a');
    const again = performance.now();
    queue.retry('a');
    await queue.next();
    expect(performance.now() - again).toBeLessThan(2000);
  });

  test('drops what is removed', async () => {
    const queue = createQueue<string>();
    queue.addAfter('gone', 0.01);
    queue.remove('gone');
    queue.addAfter('here', 0.05);
    expect(await queue.next()).toBe('here');
    queue.stop();
  });

  test('ends its workers when it is stopped', async () => {
    const queue = createQueue<string>();
    const waiting = queue.next();
    queue.stop();
    expect(await waiting).toBeUndefined();
    expect(await queue.next()).toBeUndefined();
  });
});
