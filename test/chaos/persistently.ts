import { setTimeout as sleep } from 'node:timers/promises';

/** Tries until the API server takes it. */
export async function persistently<T>(act: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried += 1) {
    try {
      return await act();
    } catch (error) {
      if (tried > 600) throw error;
      await sleep(200);
    }
  }
}
