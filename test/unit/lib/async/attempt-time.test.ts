import { describe, expect, test } from 'bun:test';
import { type AttemptTime, inAttemptTime } from '../../../../src/lib/async/attempt-time.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { createFakeSchedule, type FakeSchedule } from '../../../fakes/schedule.ts';

const LIMITS = { ms: 60, mostMs: 300, stepBytes: 1_000, stepMs: 60 };
const FOREVER = new AbortController().signal;

/** Milliseconds until the attempt is given up, while something happens to it every five. */
async function lifeOf(happens: (time: AttemptTime, clock: FakeSchedule) => void): Promise<number> {
  const clock = createFakeSchedule();
  let life = 0;
  async function work(time: AttemptTime) {
    function tick(): void {
      if (time.signal.aborted) return;
      happens(time, clock);
      clock.schedule(tick, 0.005);
    }
    clock.schedule(tick, 0.005);
    await new Promise((resolve) => time.signal.addEventListener('abort', resolve));
    life = clock.now();
    throw time.signal.reason;
  }
  const failure = failureOf(inAttemptTime(FOREVER, work, LIMITS, clock));
  await clock.pass(1);
  expect(await failure).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
  return life;
}

/** Waits for a turn that comes after 200 ms. */
function waitFor200(time: AttemptTime, { schedule }: FakeSchedule): void {
  void time.waiting(new Promise<void>((resolve) => schedule(resolve, 0.2)));
}

describe('the time of an attempt', () => {
  test('is up after a while', async () => {
    expect(await lifeOf(() => {})).toBe(60);
  });

  test('is longer while a fetch gets on, and has an end all the same', async () => {
    expect(await lifeOf((time) => time.received(1_000))).toBe(300);
  });

  test('is no longer for a fetch that drips', async () => {
    expect(await lifeOf((time) => time.received(1))).toBe(60);
  });

  test('stands still while it waits for its own turn, however many wait', async () => {
    const life = await lifeOf((time, clock) => {
      if (clock.now() <= 10) waitFor200(time, clock);
    });
    // Two of them, from 5 ms to 210 ms.
    expect(life).toBe(60 + 205);
  });

  test('stands still from the begin of the first wait to the end of the last one', async () => {
    const life = await lifeOf((time, clock) => {
      // One begins while the other one is still waiting.
      if (clock.now() === 5 || clock.now() === 100) waitFor200(time, clock);
    });
    expect(life).toBe(60 + 295);
  });

  test('ends with the process', async () => {
    const process = new AbortController();
    const given = inAttemptTime(process.signal, async ({ signal }) => {
      process.abort(new Error('stopping'));
      return [signal.aborted, signal.reason.message];
    });
    expect(await given).toEqual([true, 'stopping']);
  });
});
