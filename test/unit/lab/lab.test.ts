import { describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../lab/build/lock.ts';
import { createReporter, duration } from '../../lab/build/reporter.ts';
import { waitFor } from '../../lab/wait.ts';

describe('waiting', () => {
  test('ends with what the check was done with', async () => {
    let looks = 0;
    const check = () => (++looks < 3 ? { saw: looks } : { done: 'ready' });
    expect(await waitFor('readiness', check, { seconds: 5, everyMs: 1 })).toBe('ready');
  });

  test('fails with what was waited for and what was seen last', async () => {
    const waiting = waitFor('a pull request', () => ({ saw: { open: 0 } }), { seconds: 0, everyMs: 1 });
    await expect(waiting).rejects.toThrow('waited 0 s for a pull request; last seen: {"open":0}');
  });

  test('takes an error of the check as what was seen', async () => {
    const check = () => Promise.reject(new Error('connection refused'));
    const waiting = waitFor('the server', check, { seconds: 0, everyMs: 1 });
    await expect(waiting).rejects.toThrow('waited 0 s for the server; last seen: connection refused');
  });
});

describe('the progress of a build', () => {
  function record(terminal: boolean) {
    const written: string[] = [];
    const clock = { ms: 0 };
    const reporter = createReporter({ terminal, write: (text) => written.push(text), now: () => clock.ms });
    return { written, clock, reporter };
  }

  test('replaces its line on a terminal', () => {
    const { written, reporter } = record(true);
    reporter.progress('1 s');
    reporter.note('built');
    expect(written).toEqual(['\r\u001b[K1 s', '\r\u001b[Kbuilt\n']);
  });

  test('is a line now and then in a plain log', () => {
    const { written, clock, reporter } = record(false);
    for (clock.ms = 0; clock.ms <= 70_000; clock.ms += 1000) reporter.progress(`${clock.ms / 1000} s`);
    reporter.note('built');
    expect(written).toEqual(['30 s\n', '60 s\n', 'built\n']);
  });

  test.each([
    [8, '8 s'],
    [99.4, '99 s'],
    [180, '3 min'],
    [205, '3.5 min'],
  ])('shows %p seconds as %p', (seconds, shown) => {
    expect(duration(seconds)).toBe(shown);
  });
});

describe('the lock of a build', () => {
  test('lets one in after the other', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'turnpike-lock-'));
    const order: string[] = [];
    const waits = Promise.withResolvers<void>();
    const onWait = () => {
      order.push('waits');
      waits.resolve();
    };
    const lock = { file: join(directory, 'lock'), onWait };
    const first = withLock(lock, async () => {
      order.push('first enters');
      await waits.promise;
      order.push('first leaves');
    });
    const second = withLock(lock, async () => order.push('second enters'));
    await Promise.all([first, second]);
    expect(order).toEqual(['first enters', 'waits', 'first leaves', 'second enters']);
    await rm(directory, { recursive: true });
  });
});
