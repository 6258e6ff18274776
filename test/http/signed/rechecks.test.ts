import { describe, expect, test } from 'bun:test';
import { createRechecks, RECHECKS, type RecheckLimits } from '../../../src/http/signed/rechecks.ts';
import { settled } from '../../fakes/schedule.ts';

/** Rechecks on a clock that goes by hand; `reads` are the milliseconds of the last reads. */
function setUp({ reads = [] as number[], random = 0, limits = RECHECKS as RecheckLimits } = {}) {
  let milliseconds = 5_000;
  const asleep: { until: number; wake: () => void }[] = [];
  const rechecks = createRechecks<string>({
    now: () => milliseconds,
    sleep: (ms) => new Promise((wake) => asleep.push({ until: milliseconds + ms, wake })),
    random: () => random,
    reads: () => reads,
    limits,
  });
  async function pass(ms: number): Promise<void> {
    milliseconds += ms;
    for (const { until, wake } of asleep) if (until <= milliseconds) wake();
    await settled();
  }
  const open = (
    path: string,
    refresh?: () => Promise<string>,
    { source = '10.0.0.1', isReading = false } = {},
  ) => rechecks.open({ path, source, isReading }, refresh);
  return { open, pass, now: () => milliseconds };
}

function running<T>(recheck: { kind: string } | T) {
  if ((recheck as { kind: string }).kind !== 'running') throw new Error('it is not running');
  return recheck as Extract<T, { kind: 'running' }>;
}

describe('the second check of a signature', () => {
  test('comes once a second for each path, whether anything is there or not', async () => {
    const { open, pass } = setUp();
    for (const refresh of [undefined, async () => 'secret']) {
      const path = refresh ? 'there' : 'nowhere';
      expect(open(path, refresh).kind).toBe('running');
      await pass(20);
      expect(open(path, refresh).kind).toBe('recent');
      await pass(979);
      expect(open(path, refresh).kind).toBe('recent');
      await pass(1);
      expect(open(path, refresh).kind).toBe('running');
    }
  });

  test('is shared by all who come while it runs', async () => {
    const { open } = setUp();
    const reading = Promise.withResolvers<string>();
    let reads = 0;
    const refresh = () => {
      reads += 1;
      return reading.promise;
    };
    const all = [1, 2, 3].map(() => running(open('there', refresh)));
    reading.resolve('the new key');
    expect(await Promise.all(all.map(({ read }) => read))).toEqual(Array(3).fill('the new key'));
    expect(reads).toBe(1);
  });

  test('refuses as late as nearly all reads are over, with and without a Secret to read', async () => {
    const reads = [...Array.from({ length: 39 }, () => 3), 7];
    const { open, pass, now } = setUp({ reads: [...reads, ...reads] });
    const late: string[] = [];
    const there = Promise.withResolvers<string>();
    void running(open('there', () => there.promise))
      .due(now())
      .then(() => late.push('there'));
    void running(open('nowhere'))
      .due(now())
      .then(() => late.push('nowhere'));
    await pass(2);
    there.resolve('secret');
    await pass(0);
    expect(late).toEqual([]);
    await pass(1);
    expect(late.sort()).toEqual(['nowhere', 'there']);
  });

  test('is now and then as slow without a Secret as a slow read is', async () => {
    const { open, pass, now } = setUp({ reads: [...Array.from({ length: 63 }, () => 3), 90], random: 0.999 });
    let isOver = false;
    void running(open('nowhere'))
      .due(now())
      .then(() => {
        isOver = true;
      });
    await pass(0);
    await pass(89);
    expect(isOver).toBe(false);
    await pass(2);
    expect(isOver).toBe(true);
  });

  test('is no slower than nearly all reads where a Secret was read for it', async () => {
    const { open, pass, now } = setUp({ reads: [90, ...Array.from({ length: 63 }, () => 3)], random: 0.999 });
    const there = Promise.withResolvers<string>();
    let isOver = false;
    void running(open('there', () => there.promise))
      .due(now())
      .then(() => {
        isOver = true;
      });
    await pass(3);
    there.resolve('secret');
    await pass(0);
    expect(isOver).toBe(false);
    await pass(1);
    expect(isOver).toBe(true);
  });

  test('refuses a request that comes meanwhile as late after its own beginning', async () => {
    const { open, pass, now } = setUp({ reads: [3], random: 0.5 });
    open('there', async () => 'secret');
    await pass(2);
    let isOver = false;
    void running(open('there', async () => 'secret'))
      .due(now())
      .then(() => {
        isOver = true;
      });
    await pass(2);
    await pass(1);
    expect(isOver).toBe(false);
    await pass(1);
    expect(isOver).toBe(true);
  });

  test('is over when the read is, however long that takes', async () => {
    const { open, pass, now } = setUp({ reads: [3] });
    const slow = Promise.withResolvers<string>();
    let isOver = false;
    void running(open('there', () => slow.promise))
      .due(now())
      .then(() => {
        isOver = true;
      });
    await pass(2_000);
    expect(isOver).toBe(false);
    expect(open('there', () => slow.promise).kind).toBe('running');
    slow.resolve('secret');
    await pass(0);
    expect(isOver).toBe(true);
  });

  test('hands on why nothing could be read, and is over all the same', async () => {
    const { open, pass, now } = setUp({ reads: [3] });
    const recheck = running(open('there', () => Promise.reject(new Error('away'))));
    await expect(recheck.read).rejects.toThrow('away');
    await pass(10);
    expect(await recheck.due(now() - 10)).toBeUndefined();
  });

  test('is bounded for each source and in all, in number and so in memory', async () => {
    const { open, pass } = setUp({ limits: { intervalMs: 1_000, source: 2, total: 3 } });
    const kinds = ['a', 'b', 'c'].map((path) => open(path).kind);
    expect(kinds).toEqual(['running', 'running', 'busy']);
    const endless = () => new Promise<string>(() => undefined);
    expect(open('d', endless, { source: '10.0.0.2' }).kind).toBe('running');
    expect(open('e', undefined, { source: '10.0.0.3' }).kind).toBe('busy');
    await pass(1_000);
    expect(open('c', undefined, { source: '10.0.0.1' }).kind).toBe('running');
    expect(open('e', undefined, { source: '10.0.0.3' }).kind).toBe('running');
    // One that does not end counts on.
    expect(open('f', undefined, { source: '10.0.0.4' }).kind).toBe('busy');
  });

  describe('of which there are too many', () => {
    const reads = Array.from({ length: 63 }, () => 3).toSpliced(30, 0, 90);
    const limits = { intervalMs: 1_000, source: 0, total: 0 };

    async function lateness(isReading: boolean, random: number): Promise<number> {
      const { open, pass, now } = setUp({ reads, random, limits });
      const began = now();
      const recheck = open('a', async () => 'secret', { isReading });
      if (recheck.kind !== 'busy') throw new Error('there is room');
      let isOver = false;
      void recheck.due(began).then(() => {
        isOver = true;
      });
      while (!isOver) await pass(1);
      return now() - began;
    }

    test('refuses as late as nearly all reads are over', async () => {
      expect(await lateness(true, 0)).toBe(3);
      expect(await lateness(false, 0)).toBe(3);
    });

    test('is now and then as slow as a slow read where nothing is read', async () => {
      expect(await lateness(false, 0.999)).toBe(91);
    });
  });

  test('is now and then as slow as a slow read where the cache knows', async () => {
    const { open, pass, now } = setUp({ reads: [...Array.from({ length: 63 }, () => 3), 90], random: 0.999 });
    let isOver = false;
    void running(open('there', async () => 'secret'))
      .due(now())
      .then(() => {
        isOver = true;
      });
    await pass(0);
    await pass(89);
    expect(isOver).toBe(false);
    await pass(2);
    expect(isOver).toBe(true);
  });

  test('counts no more once the first one was right after all', () => {
    const { open } = setUp({ limits: { intervalMs: 1_000, source: 1, total: 1 } });
    const first = running(open('a'));
    running(open('a')).withdraw();
    expect(open('b').kind).toBe('busy');
    first.withdraw();
    expect(open('b').kind).toBe('running');
  });
});
