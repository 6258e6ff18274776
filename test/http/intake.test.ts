import { describe, expect, test } from 'bun:test';
import { createIntake, type Intake, type IntakeLimits } from '../../src/http/intake.ts';

const LIMITS: IntakeLimits = { total: 1_000, source: 600, requests: 3, seconds: 0.2 };

function held(intake: Intake, source = '10.0.0.1') {
  const one = intake.open(source);
  if (!one) throw new Error('there are too many');
  return one;
}

/** A request whose body comes in these pieces, and then in no more when it is to hang. */
function streamed(pieces: readonly number[], hangs = false): Request {
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = pieces[0];
      pieces = pieces.slice(1);
      if (next !== undefined) controller.enqueue(new Uint8Array(next));
      else if (hangs) await new Promise(() => undefined);
      else controller.close();
    },
  });
  return new Request('http://localhost/', { method: 'POST', body });
}

function whole(bytes: number): Request {
  const headers = { 'content-length': String(bytes) };
  return new Request('http://localhost/', { method: 'POST', body: 'x'.repeat(bytes), headers });
}

const sizeOf = (body: Uint8Array | string) => (typeof body === 'string' ? body : body.length);

describe('the bodies of requests under way', () => {
  test.each([
    ['declared', () => whole(300)],
    ['in pieces', () => streamed([100, 200])],
    ['none', () => new Request('http://localhost/', { method: 'POST' })],
  ])('are read as they are: %s', async (name, make) => {
    const body = await held(createIntake(LIMITS)).read(make(), 500);
    expect(sizeOf(body)).toBe(name === 'none' ? 0 : 300);
  });

  test.each([
    ['that says so', () => whole(501)],
    ['that does not say so', () => streamed([400, 101])],
  ])('are not read when one is too large, %s', async (_, make) => {
    expect(await held(createIntake(LIMITS)).read(make(), 500)).toBe('too-large');
  });

  test.each([
    ['declared', () => whole(400)],
    ['in pieces', () => streamed([200, 200])],
  ])('may be so large in all for a source, and go on once others are over: %s', async (_, make) => {
    const intake = createIntake(LIMITS);
    const first = held(intake);
    expect(sizeOf(await first.read(make(), 500))).toBe(400);
    const second = held(intake);
    expect(await second.read(make(), 500)).toBe('no-room');
    second.close();
    expect(sizeOf(await held(intake, '10.0.0.2').read(make(), 500))).toBe(400);
    first.close();
    expect(sizeOf(await held(intake).read(make(), 500))).toBe(400);
  });

  test('may be so large in all', async () => {
    const intake = createIntake(LIMITS);
    expect(sizeOf(await held(intake, 'a').read(whole(500), 500))).toBe(500);
    expect(sizeOf(await held(intake, 'b').read(whole(500), 500))).toBe(500);
    expect(await held(intake, 'c').read(whole(1), 500)).toBe('no-room');
  });

  test.each([
    ['nothing', [], 'too-slow'],
    ['some', [100], 'too-slow'],
  ] as const)('are given up when %s of them comes and no more', async (_, pieces, why) => {
    expect(await held(createIntake(LIMITS)).read(streamed(pieces, true), 500)).toBe(why);
  });

  test('are of so many requests of a source at most', () => {
    const intake = createIntake(LIMITS);
    const open = [held(intake), held(intake), held(intake)];
    expect(intake.open('10.0.0.1')).toBeUndefined();
    expect(intake.open('10.0.0.2')).toBeDefined();
    open[0]?.close();
    expect(intake.open('10.0.0.1')).toBeDefined();
  });

  test('that break off are told from those that are whole', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    const request = new Request('http://localhost/', { method: 'POST', body });
    expect(await held(createIntake(LIMITS)).read(request, 500)).toBe('broken-off');
  });
});
