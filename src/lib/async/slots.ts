/** Lets so many do something at once; of each key the first come first, and the keys take turns. */
export interface Slots {
  /**
   * Call what it gives when it is done. Rejects with the signal's reason; waits for as long as it takes without one. `key`
   * is the same for all unless given.
   */
  take(signal?: AbortSignal, key?: string): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  /** By key: who comes next is of the first one, which is the last one then. */
  const waiting = new Map<string, Set<() => void>>();

  function remember(key: string, enter: () => void): void {
    const there = waiting.get(key);
    if (there) there.add(enter);
    else waiting.set(key, new Set([enter]));
  }

  function forget(key: string, enter: () => void): void {
    const there = waiting.get(key);
    there?.delete(enter);
    if (there?.size === 0) waiting.delete(key);
  }

  function giveBack(): void {
    const [first] = waiting;
    if (first === undefined) {
      free += 1;
      return;
    }
    const [key, there] = first;
    const [next] = there;
    waiting.delete(key);
    waiting.set(key, there);
    if (next) forget(key, next);
    next?.();
  }

  /** Gives a slot back; a second call does nothing. */
  function taken(): () => void {
    let isDone = false;
    return () => {
      if (!isDone) giveBack();
      isDone = true;
    };
  }

  return {
    async take(signal, key = '') {
      signal?.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return taken();
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      remember(key, resolve);
      const giveUp = () => {
        // At once: what is given back in the same moment must not go to a caller that waits no more.
        forget(key, resolve);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      await promise.finally(() => signal?.removeEventListener('abort', giveUp));
      return taken();
    },
  };
}
