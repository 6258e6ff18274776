import { TurnpikeError } from '../errors.ts';
import { type Clock, MONOTONIC } from './schedule.ts';

/** Waits for our own turn, which takes none of the time of the attempts that wait. */
export type Waiting = <T>(turn: Promise<T>) => Promise<T>;

/** The time of one attempt at something that others' servers take part in. */
export interface AttemptTime {
  /** Aborted when time is up, or when the process has to end. */
  readonly signal: AbortSignal;
  /** So many bytes of a fetch have come: one that gets on has more time. */
  received(bytes: number): void;
  readonly waiting: Waiting;
}

/** Waits for a turn of ours as `waiting` says, where somebody's time is counted. */
export function ownTurn<T>({ waiting }: { readonly waiting?: Waiting }, turn: Promise<T>): Promise<T> {
  return waiting ? waiting(turn) : turn;
}

/** The part of an attempt's time that Git uses. */
export function gitTime(time: AttemptTime | undefined) {
  return time && { signal: time.signal, received: time.received, waiting: time.waiting };
}

/** The part of an attempt's time that the forge uses. */
export function forgeTime(time: AttemptTime | undefined) {
  return time && { signal: time.signal, waiting: time.waiting };
}

export interface TimeLimits {
  readonly ms: number;
  /** With a fetch that gets on. */
  readonly mostMs: number;
  /** Each so many bytes there are `stepMs` from then on, at least. */
  readonly stepBytes: number;
  readonly stepMs: number;
}

/** A fetch has to bring 17 KiB/s to get on. */
export const ATTEMPT: TimeLimits = {
  ms: 90_000,
  mostMs: 600_000,
  stepBytes: 256 * 1024,
  stepMs: 15_000,
};

/** Runs the work as one attempt. */
export async function inAttemptTime<T>(
  ended: AbortSignal,
  work: (time: AttemptTime) => Promise<T>,
  limits: TimeLimits = ATTEMPT,
  clock: Clock = MONOTONIC,
): Promise<T> {
  const { end, ...time } = startTime(ended, limits, clock);
  try {
    return await work(time);
  } finally {
    end();
  }
}

function startTime(ended: AbortSignal, limits: TimeLimits, { now, schedule }: Clock) {
  const { ms, mostMs, stepBytes, stepMs } = limits;
  const controller = new AbortController();
  let begun = now();
  let end = begun + ms;
  let bytes = 0;
  let turns = 0;
  let waitingSince = begun;
  let isOver = false;
  let callOff = schedule(check, ms / 1000);

  function check(): void {
    if (isOver) return;
    const left = end - now();
    if (left > 0) callOff = schedule(check, left / 1000);
    else controller.abort(tooLong(Math.round((end - begun) / 1000)));
  }

  function received(count: number): void {
    bytes += count;
    if (bytes < stepBytes) return;
    bytes = 0;
    end = Math.min(begun + mostMs, Math.max(end, now() + stepMs));
  }

  async function waiting<T>(turn: Promise<T>): Promise<T> {
    if (turns === 0) {
      callOff();
      waitingSince = now();
    }
    turns += 1;
    try {
      return await turn;
    } finally {
      turns -= 1;
      if (turns === 0) goOn(now() - waitingSince);
    }
  }

  function goOn(waited: number): void {
    begun += waited;
    end += waited;
    check();
  }

  // Waits at the same time are counted once, from the first one's begin to the last one's end.
  return {
    signal: AbortSignal.any([ended, controller.signal]),
    received,
    waiting,
    end() {
      isOver = true;
      callOff();
    },
  };
}

function tooLong(seconds: number): TurnpikeError {
  const message = `The attempt was given up after ${seconds} s because the repository's host is too slow: it is tried again.`;
  return new TurnpikeError('GitUnavailable', message);
}
