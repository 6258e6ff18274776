import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Glob } from 'bun';
import type { Lab } from '../lab/lab.ts';

/** The administrator of the forge. */
export interface Administrator {
  /** Locks that were removed so far. */
  locks(): number;
  stop(): Promise<void>;
}

const LOCKS = ['*/*.git/packed-refs.lock', '*/*.git/refs/**/*.lock'];
const LOOK_EVERY_MS = 5_000;
/** Git holds a lock for milliseconds. */
const STALE_MS = 30_000;

/**
 * Removes locks that clients cannot: when a connection is cut, Gitea kills its Git, which may leave the
 * lock of a branch behind. Every push to that branch fails from then on.
 */
export function startAdministrator(
  { directory }: Pick<Lab, 'directory'>,
  note: (sentence: string) => void,
): Administrator {
  const repositories = join(directory, 'gitea', 'repositories');
  const ended = new AbortController();
  let locks = 0;

  async function look(): Promise<void> {
    for (const pattern of LOCKS) {
      for await (const path of new Glob(pattern).scan({ cwd: repositories, absolute: true })) {
        const modified = (await stat(path).catch(() => undefined))?.mtimeMs;
        if (modified === undefined || Date.now() - modified < STALE_MS) continue;
        await rm(path, { force: true });
        locks += 1;
      }
    }
  }

  async function watch(): Promise<void> {
    while (!ended.signal.aborted) {
      // Git removes directories while they are read; the next look sees the rest.
      await look().catch((error) => note(`The forge's locks cannot be looked at: ${error}`));
      await sleep(LOOK_EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  }

  const watching = watch();
  return {
    locks: () => locks,
    async stop() {
      ended.abort();
      await watching;
    },
  };
}
