import { describe, expect, test } from 'bun:test';
import { createIntake, INTAKE, type Intake, type IntakeLimits } from '../../../src/http/server/intake.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';

const KIB = 1024;
const LIMITS: IntakeLimits = { total: 1_000 * KIB, source: 600 * KIB, requests: 3, seconds: 10 };

function held(intake: Intake, source = '10.0.0.1') {
  const one = intake.open(source);
  if (!one) throw new Error('there are too many');
  return one;
}

/** A request whose body comes in pieces of so many KiB, and then in no more when it is to hang. */
function streamed(pieces: readonly number[], hangs = false, declared?: number): Request {
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = pieces[0];
      pieces = pieces.slice(1);
      if (next !== undefined) controller.enqueue(new Uint8Array(next * KIB));
      else if (hangs) await new Promise(() => undefined);
      else controller.close();
    },
  });
  const headers: Record<string, string> =
    declared === undefined ? {} : { 'content-length': String(declared * KIB) };
  return new Request('http://localhost/', { method: 'POST', body, headers });
}

function whole(kib: number): Request {
  const bytes = kib * KIB;
  const headers = { 'content-length': String(bytes) };
  return new Request('http://localhost/', { method: 'POST', body: 'x'.repeat(bytes), headers });
}

const sizeOf = (body: Uint8Array | string) => (typeof body === 'string' ? body : body.length / KIB);

describe('the bodies of requests under way', () => {
  test.each([
    ['declared', () => whole(300)],
    ['in pieces', () => streamed([100, 200])],
    ['none', () => new Request('http://localhost/', { method: 'POST' })],
  ])('are read as they are: %s', async (name, make) => {
    const { schedule, pending } = createFakeSchedule();
    const body = await held(createIntake(LIMITS, schedule)).read(make(), 500 * KIB);
    expect(pending()).toBe(0);
    expect(sizeOf(body)).toBe(name === 'none' ? 0 : 300);
  });

  test.each([
    ['that says so', () => whole(501)],
    ['that says so and does not come', () => streamed([], true, 501)],
    ['that does not say so', () => streamed([400, 101])],
  ])('are not read when one is too large, %s', async (_, make) => {
    expect(await held(createIntake(LIMITS)).read(make(), 500 * KIB)).toBe('too-large');
  });

  test.each([
    ['declared', () => whole(400)],
    ['in pieces', () => streamed([200, 200])],
  ])('may be so large in all for a source, and go on once others are over: %s', async (_, make) => {
    const intake = createIntake(LIMITS);
    const first = held(intake);
    expect(sizeOf(await first.read(make(), 500 * KIB))).toBe(400);
    const second = held(intake);
    expect(await second.read(make(), 500 * KIB)).toBe('no-room');
    second.close();
    expect(sizeOf(await held(intake, '10.0.0.2').read(make(), 500 * KIB))).toBe(400);
    first.close();
    expect(sizeOf(await held(intake).read(make(), 500 * KIB))).toBe(400);
  });

  test('may be so large in all', async () => {
    const intake = createIntake(LIMITS);
    expect(sizeOf(await held(intake, 'a').read(whole(499), 500 * KIB))).toBe(499);
    expect(sizeOf(await held(intake, 'b').read(whole(500), 500 * KIB))).toBe(500);
    expect(await held(intake, 'c').read(whole(1), 500 * KIB)).toBe('no-room');
  });

  test('may fill what there is for a source, and for all, to the last byte', async () => {
    const intake = createIntake({ ...LIMITS, total: 24 * KIB, source: 16 * KIB });
    const read = async (source: string, kib: number) =>
      sizeOf(await held(intake, source).read(whole(kib), 500 * KIB));
    expect([await read('a', 8), await read('a', 8), await read('a', 1 / KIB)]).toEqual([8, 8, 'no-room']);
    expect([await read('b', 8), await read('c', 1 / KIB)]).toEqual([8, 'no-room']);
  });

  test('count for more than their bytes when they come byte by byte', async () => {
    const pieces = Array.from({ length: 4_000 }, () => 1 / KIB);
    expect(await held(createIntake(LIMITS)).read(streamed(pieces), 500 * KIB)).toBe('no-room');
  });

  test('that declare up to 8 KiB and do not come leave room for others of their source', async () => {
    const { schedule, pass } = createFakeSchedule();
    const intake = createIntake(INTAKE, schedule);
    const slow = Array.from({ length: INTAKE.requests - 1 }, () =>
      held(intake).read(streamed([], true, 8), 500 * KIB),
    );
    expect(sizeOf(await held(intake).read(whole(400), 500 * KIB))).toBe(400);
    await pass(10);
    expect(new Set(await Promise.all(slow))).toEqual(new Set(['too-slow']));
  });

  test('give their room back once nobody needs them, before the request is over', async () => {
    const intake = createIntake(LIMITS);
    const first = held(intake);
    await first.read(whole(500), 500 * KIB);
    first.release();
    expect(sizeOf(await held(intake).read(whole(500), 500 * KIB))).toBe(500);
    first.close();
    expect(await held(intake).read(whole(200), 500 * KIB)).toBe('no-room');
  });

  describe('that are not whole give way when there is no more room', () => {
    /** Two sources hold 500 KiB each, in bodies that go on. */
    async function crowded() {
      const { schedule, pass } = createFakeSchedule();
      const intake = createIntake({ ...LIMITS, total: 1_001 * KIB }, schedule);
      const [a, b] = ['a', 'b'].map((source) => {
        const one = held(intake, source);
        return one.read(streamed([400, 100], true), 600 * KIB);
      });
      await pass(0);
      return { intake, a, b, pass };
    }

    test('the oldest of the source that holds most, to one that holds less', async () => {
      const { intake, a, b, pass } = await crowded();
      expect(sizeOf(await held(intake, 'c').read(whole(300), 500 * KIB))).toBe(300);
      await pass(10);
      expect(await Promise.all([a, b])).toEqual(['no-room', 'too-slow']);
    });

    test('and not to one that holds as much itself', async () => {
      const { intake, a, b, pass } = await crowded();
      expect(await held(intake, 'a').read(whole(90), 500 * KIB)).toBe('no-room');
      await pass(10);
      expect(await Promise.all([a, b])).toEqual(['too-slow', 'too-slow']);
    });

    test('those that declare up to 8 KiB too: a few addresses could hold all of it so', async () => {
      const { schedule, pass } = createFakeSchedule();
      const intake = createIntake(INTAKE, schedule);
      const small = ['a', 'b', 'c', 'd'].flatMap((source) =>
        Array.from({ length: INTAKE.requests }, () =>
          held(intake, source).read(streamed([], true, 8), 500 * KIB),
        ),
      );
      expect(sizeOf(await held(intake, 'e').read(whole(4), 500 * KIB))).toBe(4);
      expect(sizeOf(await held(intake, 'f').read(whole(300), 500 * KIB))).toBe(300);
      await pass(10);
      const broken = (await Promise.all(small)).filter((why) => why === 'no-room');
      expect(broken.length * 8).toBeGreaterThanOrEqual(304);
      expect(broken.length * 8).toBeLessThan(304 + 2 * 8);
    });

    test('those that declare up to 8 KiB last: a source with many events may hold most', async () => {
      const { schedule, pass } = createFakeSchedule();
      const intake = createIntake({ ...LIMITS, requests: 100 }, schedule);
      const events = Array.from({ length: 60 }, () =>
        held(intake, 'a').read(streamed([], true, 8), 500 * KIB),
      );
      const large = held(intake, 'b').read(streamed([400], true), 500 * KIB);
      await pass(0);
      expect(sizeOf(await held(intake, 'c').read(whole(300), 500 * KIB))).toBe(300);
      expect(await large).toBe('no-room');
      await pass(10);
      expect(new Set(await Promise.all(events))).toEqual(new Set(['too-slow']));
    });

    test('and not those of which nothing has come: no room would be won', async () => {
      const { schedule, pass } = createFakeSchedule();
      const intake = createIntake({ ...LIMITS, requests: 10 }, schedule);
      const empty = Array.from({ length: 5 }, () => held(intake, 'a').read(streamed([], true), 500 * KIB));
      const [a, b] = ['a', 'b'].map((source) => held(intake, source).read(streamed([450], true), 500 * KIB));
      await pass(0);
      expect(sizeOf(await held(intake, 'c').read(whole(300), 500 * KIB))).toBe(300);
      await pass(10);
      expect([await a, await b].toSorted()).toEqual(['no-room', 'too-slow']);
      expect(new Set(await Promise.all(empty))).toEqual(new Set(['too-slow']));
    });
  });

  test.each([
    ['nothing', [], 'too-slow'],
    ['some', [100], 'too-slow'],
  ] as const)('are given up when %s of them comes and no more', async (_, pieces, why) => {
    const { schedule, pass, pending } = createFakeSchedule();
    const reading = held(createIntake(LIMITS, schedule)).read(streamed(pieces, true), 500 * KIB);
    await pass(9.999);
    expect(Bun.peek.status(reading)).toBe('pending');
    await pass(0.001);
    expect(await reading).toBe(why);
    expect(pending()).toBe(0);
  });

  test('are of so many requests of a source at most', () => {
    const intake = createIntake(LIMITS);
    const open = [held(intake), held(intake), held(intake)];
    expect(intake.open('10.0.0.1')).toBeUndefined();
    expect(intake.open('10.0.0.2')).toBeDefined();
    open[0]?.close();
    expect(intake.open('10.0.0.1')).toBeDefined();
    expect(intake.open('10.0.0.1')).toBeUndefined();
  });

  test('that break off differ from those that are whole', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    const request = new Request('http://localhost/', { method: 'POST', body });
    expect(await held(createIntake(LIMITS)).read(request, 500 * KIB)).toBe('broken-off');
  });
});
