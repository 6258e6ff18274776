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
interface WorkerSlot {
  giveBack: (() => void) | undefined;
  /** How much of it waits outside. */
  outside: number;
  isOver: boolean;
}

export function createWorkers<K extends string>({ queue, count }: WorkersOptions<K>): Workers<K> {
  const slots = createSlots(count);
  const held = new Map<K, WorkerSlot>();
  const underWay = new Set<Promise<void>>();
  let dispatched = Promise.resolve();

  async function work(key: K, giveBack: () => void, run: (key: K) => Promise<void>): Promise<void> {
    const slot: WorkerSlot = { giveBack, outside: 0, isOver: false };
    held.set(key, slot);
    await run(key);
    held.delete(key);
    slot.isOver = true;
    leave(slot);
    queue.done(key);
  }

  async function comeBack(slot: WorkerSlot): Promise<void> {
    const giveBack = await slots.take();
    // Something else of it may have gone outside, or have come back, meanwhile.
    if (slot.giveBack || slot.outside > 0 || slot.isOver) giveBack();
    else slot.giveBack = giveBack;
  }

  async function dispatch(run: (key: K) => Promise<void>): Promise<void> {
    while (await queue.ready()) {
      const giveBack = await slots.take();
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
      const slot = held.get(key);
      if (!slot) return waiting();
      slot.outside += 1;
      leave(slot);
      try {
        return await waiting();
      } finally {
        slot.outside -= 1;
        if (slot.outside === 0) await comeBack(slot);
      }
    },
    async ended() {
      await dispatched;
      await Promise.all(underWay);
    },
  };
}

function leave(slot: WorkerSlot): void {
  slot.giveBack?.();
  slot.giveBack = undefined;
}
