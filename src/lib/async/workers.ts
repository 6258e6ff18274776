import { createSlots } from './slots.ts';
import type { Queue } from './work-queue.ts';

/** Work on the keys of a queue, so many at once. */
export interface Workers<K extends string> {
  /**
   * Runs what waits for somebody else's server. Meanwhile the key counts as none of those that are worked on, so
   * that others get on. Work that belongs to no key under way is run as it is.
   */
  outside<T>(key: K, work: () => Promise<T>): Promise<T>;
  /** Takes keys from now on; `run` must not reject. Once. */
  start(run: (key: K) => Promise<void>): void;
  /** Ends when what is under way has ended. Stop the queue first. */
  ended(): Promise<void>;
}

export interface WorkersOptions<K extends string> {
  readonly queue: Pick<Queue<K>, 'ready' | 'take' | 'done'>;
  readonly count: number;
}

/** The place of one key among the workers. */
interface Turn {
  giveBack: (() => void) | undefined;
  /** How much of it waits outside. */
  outside: number;
  isOver: boolean;
}

export function createWorkers<K extends string>({ queue, count }: WorkersOptions<K>): Workers<K> {
  const slots = createSlots(count);
  const patience = new AbortController().signal;
  const turns = new Map<K, Turn>();
  const underWay = new Set<Promise<void>>();
  let dispatched = Promise.resolve();

  async function work(key: K, giveBack: () => void, run: (key: K) => Promise<void>): Promise<void> {
    const turn: Turn = { giveBack, outside: 0, isOver: false };
    turns.set(key, turn);
    await run(key);
    turns.delete(key);
    turn.isOver = true;
    leave(turn);
    queue.done(key);
  }

  async function comeBack(turn: Turn): Promise<void> {
    const giveBack = await slots.take(patience);
    // Something else of it may have gone outside, or have come back, meanwhile.
    if (turn.giveBack || turn.outside > 0 || turn.isOver) giveBack();
    else turn.giveBack = giveBack;
  }

  async function dispatch(run: (key: K) => Promise<void>): Promise<void> {
    while (await queue.ready()) {
      const giveBack = await slots.take(patience);
      // It may have been removed while others worked.
      const key = queue.take();
      if (key === undefined) {
        giveBack();
        continue;
      }
      const working = work(key, giveBack, run);
      underWay.add(working);
      void working.finally(() => underWay.delete(working));
    }
  }

  return {
    start(run) {
      dispatched = dispatch(run);
    },
    async outside(key, waiting) {
      const turn = turns.get(key);
      if (!turn) return waiting();
      turn.outside += 1;
      leave(turn);
      try {
        return await waiting();
      } finally {
        turn.outside -= 1;
        if (turn.outside === 0) await comeBack(turn);
      }
    },
    async ended() {
      await dispatched;
      await Promise.all(underWay);
    },
  };
}

function leave(turn: Turn): void {
  turn.giveBack?.();
  turn.giveBack = undefined;
}
