import { untilAborted } from './abort.ts';
import { onTimer, type Schedule } from './schedule.ts';

/** A bound on how long one exchange may take as a whole, and how long it may be silent. */
export interface Deadline {
  /** Aborted when time is up or when one of the caller's own signals is. */
  readonly signal: AbortSignal;
  /** Tells whether time was up before a signal of the caller was aborted. */
  expired(): boolean;
  /** Call when bytes arrived: the silence starts anew. */
  progress(): void;
  /** The promise's outcome, or a rejection as soon as the signal is aborted. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Call in `finally`: frees the timers and the listeners. */
  clear(): void;
}

export interface DeadlineOptions {
  /** Time of the whole. Default: as long as it takes. */
  readonly timeoutMs?: number;
  /** Time of silence. Default: as long as the whole. */
  readonly idleMs?: number;
  readonly signals?: readonly (AbortSignal | undefined)[];
  /** Default: a timer. */
  readonly schedule?: Schedule | undefined;
}

export function createDeadline(options: DeadlineOptions): Deadline {
  const { timeoutMs, idleMs, signals = [], schedule = onTimer } = options;
  const controller = new AbortController();
  const { signal } = controller;
  // A silence that may last as long as the whole ends nothing.
  const silenceMs =
    idleMs !== undefined && idleMs < (timeoutMs ?? Number.POSITIVE_INFINITY) ? idleMs : undefined;
  let isExpired = false;

  function start(ms: number | undefined) {
    return ms === undefined ? undefined : schedule(() => expire(ms), ms / 1000);
  }

  function expire(ms: number): void {
    if (signal.aborted) return;
    isExpired = true;
    controller.abort(new Error(`it gave no answer within ${ms / 1000} s.`));
  }

  function forward(): void {
    controller.abort(signals.find((one) => one?.aborted)?.reason);
  }

  const endTotal = start(timeoutMs);
  let endIdle = start(silenceMs);
  for (const one of signals) {
    if (one?.aborted) forward();
    else one?.addEventListener('abort', forward, { once: true });
  }

  return {
    signal,
    expired: () => isExpired,
    progress() {
      if (!endIdle || signal.aborted) return;
      endIdle();
      endIdle = start(silenceMs);
    },
    race: (promise) => untilAborted(promise, signal),
    clear() {
      endTotal?.();
      endIdle?.();
      for (const one of signals) one?.removeEventListener('abort', forward);
    },
  };
}
