import { setImmediate } from 'node:timers/promises';

/** Lets everything else have its turn first; then goes on, and nothing else that takes long at the same time. */
export type Turn = () => Promise<void>;

export function createTurn(): Turn {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.then(() => setImmediate());
    return last;
  };
}
