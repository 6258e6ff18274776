import { setImmediate } from 'node:timers/promises';

/**
 * Lets everything else have its turn first; then goes on, and nothing else that takes long at the same time. `tokens`:
 * how many were parsed since.
 */
export type Turn = (tokens?: number) => Promise<void>;

/**
 * What a parser leaves behind grows to hundreds of megabytes before the engine collects it by itself: it is done after so
 * many tokens, which takes some milliseconds.
 */
const COLLECT_AFTER = 200_000;

export function createTurn(collect: () => void = () => Bun.gc(true)): Turn {
  let last: Promise<void> = Promise.resolve();
  let parsed = 0;
  return (tokens = 0) => {
    parsed += tokens;
    if (parsed >= COLLECT_AFTER) {
      parsed = 0;
      last = last.then(collect);
    }
    last = last.then(() => setImmediate());
    return last;
  };
}
