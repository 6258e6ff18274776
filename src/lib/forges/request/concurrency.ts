import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Limits how many requests with one token are under way, and puts a gap between those that write where the forge asks
 * for it. First come, first served.
 */
export interface Concurrency {
  /**
   * Resolves once there is a slot for the request; the result gives it back when the answer is there.
   *
   * @throws the signal's reason
   */
  acquire(key: string, options: SlotOptions): Promise<() => void>;
}

export interface SlotOptions {
  /** Milliseconds since the last request that had a gap; 0 for none. */
  readonly gapMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A clock that never goes back, and how to wait by it, in milliseconds. */
export interface Waits {
  readonly elapsed: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

export const REAL_WAITS: Waits = {
  elapsed: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};

/** The slots of one token. */
interface Slots {
  running: number;
  readonly waiting: (() => void)[];
  /** The time from which the next request with a gap may be sent. */
  nextAt: number;
}

const MAX_SLOTS = 8;
const MAX_KEYS = 1000;

export function createConcurrency(waits: Waits): Concurrency {
  const byKey = new Map<string, Slots>();

  function slotsOf(key: string): Slots {
    const known = byKey.get(key);
    if (known) return known;
    if (byKey.size >= MAX_KEYS) dropIdle(byKey, waits.elapsed());
    const slots = { running: 0, waiting: [], nextAt: 0 };
    byKey.set(key, slots);
    return slots;
  }

  return {
    async acquire(key, { gapMs, signal }) {
      signal?.throwIfAborted();
      const slots = slotsOf(key);
      const ms = gapMs === 0 ? 0 : reserve(slots, gapMs, waits.elapsed());
      if (ms > 0) await interruptible(waits.sleep(ms, signal), signal);
      await take(slots, signal);
      return () => release(slots);
    },
  };
}

/** Returns the milliseconds until the time that it reserves. */
function reserve(slots: Slots, gapMs: number, at: number): number {
  const time = Math.max(at, slots.nextAt);
  slots.nextAt = time + gapMs;
  return time - at;
}

async function interruptible(sleeping: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  try {
    await sleeping;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function take(slots: Slots, signal?: AbortSignal): Promise<void> {
  if (slots.running < MAX_SLOTS) {
    slots.running += 1;
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = () => {
    const index = slots.waiting.indexOf(resolve);
    if (index >= 0) slots.waiting.splice(index, 1);
    reject(signal?.reason);
  };
  slots.waiting.push(resolve);
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await promise;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** The slot goes to the one that has waited longest. */
function release(slots: Slots): void {
  const next = slots.waiting.shift();
  if (next) next();
  else slots.running -= 1;
}

function dropIdle(byKey: Map<string, Slots>, at: number): void {
  for (const [key, slots] of byKey) {
    if (slots.running === 0 && slots.nextAt <= at) byKey.delete(key);
  }
}
