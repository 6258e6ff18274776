import { describe, expect, test } from 'bun:test';
import { type AttemptTime, inAttemptTime } from '../../../../src/lib/async/attempt-time.ts';
import { failureOf } from '../../../fakes/failure.ts';

const LIMITS = { ms: 60, mostMs: 300, stepBytes: 1_000, stepMs: 60 };
const FOREVER = new AbortController().signal;

/** Milliseconds until the attempt is given up, while something happens to it. */
async function lifeOf(happens: (time: AttemptTime) => void, everyMs = 5): Promise<number> {
  const begun = performance.now();
  const failure = await failureOf(
    inAttemptTime(
      FOREVER,
      async (time) => {
        const timer = setInterval(() => happens(time), everyMs);
        await new Promise((resolve) => time.signal.addEventListener('abort', resolve));
        clearInterval(timer);
        throw time.signal.reason;
      },
      LIMITS,
    ),
  );
  expect(failure).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
  return performance.now() - begun;
}

describe('the time of an attempt', () => {
  test('is up after a while', async () => {
    const life = await lifeOf(() => {});
    expect(life).toBeGreaterThanOrEqual(55);
    expect(life).toBeLessThan(250);
  });

  test('is longer while a fetch gets on, and has an end all the same', async () => {
    const life = await lifeOf((time) => time.received(1_000));
    expect(life).toBeGreaterThanOrEqual(290);
    expect(life).toBeLessThan(900);
  });

  test('is no longer for a fetch that drips', async () => {
    expect(await lifeOf((time) => time.received(1))).toBeLessThan(250);
  });

  test('stands still while it waits for its own turn, however many wait', async () => {
    let waits = 0;
    const life = await lifeOf((time) => {
      waits += 1;
      if (waits <= 2) void time.waiting(Bun.sleep(200));
    });
    expect(life).toBeGreaterThanOrEqual(250);
    expect(life).toBeLessThan(900);
  });

  test('stands still from the begin of the first wait to the end of the last one', async () => {
    const life = await lifeOf(
      (() => {
        let waits = 0;
        return (time: AttemptTime) => {
          waits += 1;
          // One begins while the other one is still waiting.
          if (waits === 1 || waits === 20) void time.waiting(Bun.sleep(200));
        };
      })(),
    );
    expect(life).toBeGreaterThanOrEqual(345);
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
