import { errorMessage } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** Listeners to something: functions, or objects with several. */
export interface Listeners<L> {
  /** Adds a listener; the function that it gives removes it. */
  add(listener: L): () => void;
  /** Calls all who are there now. One that throws is logged with these fields, and keeps no other from hearing. */
  notify(call: (listener: L) => void, fields?: () => object): void;
  clear(): void;
}

export function createListeners<L>(log: Logger): Listeners<L> {
  const listeners = new Set<L>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    notify(call, fields) {
      for (const listener of [...listeners]) {
        try {
          call(listener);
        } catch (error) {
          log.error({ ...fields?.(), error: errorMessage(error) }, 'a listener failed');
        }
      }
    },
    clear: () => listeners.clear(),
  };
}
