import { Database } from 'bun:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  /** A file that exists for this alone. */
  readonly file: string;
  /** Called once when someone else holds the lock. */
  readonly onWait: () => void;
}

/**
 * Runs `work` while no other process holds the same lock. The lock is SQLite's lock on a database file:
 * the system gives it back when its holder dies, so it never goes stale.
 */
export async function withLock<T>({ file, onWait }: LockOptions, work: () => Promise<T>): Promise<T> {
  const database = new Database(file, { create: true });
  try {
    if (!tryLock(database)) {
      onWait();
      while (!tryLock(database)) await sleep(250);
    }
    return await work();
  } finally {
    database.close();
  }
}

function tryLock(database: Database): boolean {
  try {
    database.run('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return false;
    throw error;
  }
}
