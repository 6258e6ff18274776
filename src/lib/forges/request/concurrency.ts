import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How fast requests with one token may follow each other: so many at once, and those that write with a gap
 * between them where the forge asks for it. Who comes first goes first.
 */
export interface Pace {
  /**
   * Resolves when it is this request's turn; call the result when the answer is there.
   *
   * @throws the signal's reason
   */
  enter(key: string, turn: Turn): Promise<() => void>;
}

export interface Turn {
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

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
  /** When the next request with a gap may go. */
  nextAt: number;
}

const MAX_RUNNING = 8;
const MAX_LANES = 1000;

export function createPace(waits: Waits): Pace {
  const lanes = new Map<string, Lane>();

  function laneOf(key: string): Lane {
    const known = lanes.get(key);
    if (known) return known;
    if (lanes.size >= MAX_LANES) dropIdle(lanes, waits.elapsed());
    const lane = { running: 0, waiting: [], nextAt: 0 };
    lanes.set(key, lane);
    return lane;
  }

  return {
    async enter(key, { gapMs, signal }) {
      signal?.throwIfAborted();
      const lane = laneOf(key);
      const ms = gapMs === 0 ? 0 : turnIn(lane, gapMs, waits.elapsed());
      if (ms > 0) await interrupted(waits.sleep(ms, signal), signal);
      await placeIn(lane, signal);
      return () => leave(lane);
    },
  };
}

/** Milliseconds until the turn that is taken hereby. */
function turnIn(lane: Lane, gapMs: number, at: number): number {
  const turn = Math.max(at, lane.nextAt);
  lane.nextAt = turn + gapMs;
  return turn - at;
}

async function interrupted(sleeping: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  try {
    await sleeping;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function placeIn(lane: Lane, signal?: AbortSignal): Promise<void> {
  if (lane.running < MAX_RUNNING) {
    lane.running += 1;
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = () => {
    const index = lane.waiting.indexOf(resolve);
    if (index >= 0) lane.waiting.splice(index, 1);
    reject(signal?.reason);
  };
  lane.waiting.push(resolve);
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await promise;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** The place goes to who waits longest. */
function leave(lane: Lane): void {
  const next = lane.waiting.shift();
  if (next) next();
  else lane.running -= 1;
}

function dropIdle(lanes: Map<string, Lane>, at: number): void {
  for (const [key, lane] of lanes) {
    if (lane.running === 0 && lane.nextAt <= at) lanes.delete(key);
  }
}
