import type { Schedule } from '../../src/lib/async/schedule.ts';

/** A clock that is moved by hand, for those who want to run something later. */
export interface FakeSchedule {
  readonly schedule: Schedule;
  /** Milliseconds that have passed. */
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Moves on, and runs all that follows from it. */
  pass(seconds: number): Promise<void>;
  /** The number of calls that are still to come. */
  pending(): number;
}

interface Planned {
  /** In whole milliseconds, as of timers: fractions would leave rests that never pass. */
  readonly at: number;
  readonly run: () => void;
}

export function createFakeSchedule(): FakeSchedule {
  const planned = new Set<Planned>();
  let now = 0;
  const schedule: Schedule = (run, seconds) => {
    const one = { at: now + Math.round(seconds * 1000), run };
    planned.add(one);
    return () => planned.delete(one);
  };
  return {
    schedule,
    wait(ms, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const callOff = schedule(resolve, ms / 1000);
        signal.addEventListener('abort', () => resolve(callOff()), { once: true });
      });
    },
    async pass(seconds) {
      const end = now + Math.round(seconds * 1000);
      await settled();
      for (;;) {
        const next = earliest(planned);
        if (!next || next.at > end) break;
        now = next.at;
        planned.delete(next);
        next.run();
        await settled();
      }
      now = end;
    },
    now: () => now,
    pending: () => planned.size,
  };
}

/** Of several at one time the one that was planned first. */
function earliest(planned: Iterable<Planned>): Planned | undefined {
  let first: Planned | undefined;
  for (const one of planned) if (!first || one.at < first.at) first = one;
  return first;
}

/** Ends when all that can go on by itself has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
