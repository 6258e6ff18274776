import { createSlots, ownTurn, type Settle, untilAborted } from '../../lib/async/index.ts';
import type { BatchedUpdate } from './batched.ts';

/** Runs updates apart from each other, some at once, so that one that hangs holds up few others. */
export interface Alone<Result> {
  /** Updates of one branch run one after the other. Each is settled as soon as it is over. */
  run(update: BatchedUpdate, work: () => Promise<Result>): void;
  ended(): Promise<void>;
}

const AT_ONCE = 4;

export function createAlone<Result>(settle: Settle<BatchedUpdate, Result>): Alone<Result> {
  const slots = createSlots(AT_ONCE);
  /** All runs so far, by branch. */
  const runs = new Map<string, Promise<unknown>>();

  async function runAfter(
    before: Promise<unknown> | undefined,
    update: BatchedUpdate,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { signal } = update;
    const take = async () => {
      await untilAborted(Promise.resolve(before), signal);
      return slots.take(signal);
    };
    const giveBack = await ownTurn(update, take());
    try {
      return await work();
    } finally {
      giveBack();
    }
  }

  return {
    run(update, work) {
      const before = runs.get(update.branch);
      const run = Promise.allSettled([runAfter(before, update, work)]);
      const settled = run.then(([outcome]) => settle(update, outcome));
      // An update that is given up ends before the one that it waits for.
      runs.set(update.branch, Promise.all([before, settled]));
    },
    async ended() {
      await Promise.all(runs.values());
    },
  };
}
