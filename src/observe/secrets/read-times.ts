import type { Secrets } from './secrets.ts';

/** The durations of the last reads of Secrets, in milliseconds. */
export interface ReadTimes {
  readonly secrets: Secrets;
  recent(): readonly number[];
}

const KEPT = 64;

/** The same Secrets, with a watch on the time that each read takes. */
export function timeReads(secrets: Secrets, now: () => number): ReadTimes {
  const times: number[] = [];
  let next = 0;

  async function read(...[namespace, name]: Parameters<Secrets['read']>) {
    const started = now();
    try {
      return await secrets.read(namespace, name);
    } finally {
      times[next] = now() - started;
      next = (next + 1) % KEPT;
    }
  }

  return { secrets: { read }, recent: () => times };
}
