import { untilAborted } from './abort.ts';

/** A bound on how long one exchange may take as a whole, and how long it may be silent. */
export interface Deadline {
  /** Aborted when time is up or when the caller's own signal is. */
  readonly signal: AbortSignal;
  /** Call when bytes arrived: the silence starts anew. */
  progress(): void;
  /** The promise's outcome, or a rejection as soon as the signal is aborted. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Call in `finally`. */
  clear(): void;
}

export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
}

export function createDeadline({ timeoutMs, idleMs, signal }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const total = setTimeout(() => controller.abort(timedOut(timeoutMs)), timeoutMs);
  const silence = () => setTimeout(() => controller.abort(timedOut(idleMs)), idleMs);
  let idle = silence();
  const forward = () => controller.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    progress() {
      if (controller.signal.aborted) return;
      clearTimeout(idle);
      idle = silence();
    },
    race: (promise) => untilAborted(promise, controller.signal),
    clear() {
      clearTimeout(total);
      clearTimeout(idle);
      signal?.removeEventListener('abort', forward);
    },
  };
}

function timedOut(milliseconds: number): Error {
  return new Error(`it gave no answer within ${milliseconds / 1000} s.`);
}
