/** Runs something after so many seconds; what it gives calls that off. */
export type Schedule = (run: () => void, seconds: number) => () => void;

/** A timer with a longer delay would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Uses a timer; a delay of more than 24 days ends after 24. */
export const onTimer: Schedule = (run, seconds) => {
  const timer = setTimeout(run, Math.min(seconds * 1000, MAX_TIMER_MS));
  return () => clearTimeout(timer);
};

/** Uses a timer that keeps no process from its end. */
export const inBackground: Schedule = (run, seconds) => {
  const timer = setTimeout(run, Math.min(seconds * 1000, MAX_TIMER_MS)).unref();
  return () => clearTimeout(timer);
};

/** A time that passes, and what is to happen then. */
export interface Clock {
  /** In milliseconds, from any begin. */
  now(): number;
  readonly schedule: Schedule;
}

export const MONOTONIC: Clock = { now: () => performance.now(), schedule: onTimer };

/** The same, and it keeps no process from its end. */
export const BACKGROUND: Clock = { ...MONOTONIC, schedule: inBackground };
