import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownTurn, type Patience, type Turns, untilAborted } from '../async/index.ts';
import { errorMessage, TurnpikeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { copiedUrl } from './copy-key.ts';
import { type Disk, diskProblem, unusableDirectory } from './disk.ts';
import { MAX_OBJECTS_IN_ALL } from './fetch-pack.ts';
import { createShared, openRepository, type Repository, type Shared } from './repository.ts';

/** Warm copies of repositories, one directory each, bounded in number and size. */
export interface RepositoryStore {
  /**
   * Runs `work` with the copy of `url` and nothing else at the same time. When it throws anything but a `TurnpikeError`
   * the copy counts as damaged: it is thrown away and `work` runs once more with a new one. A caller that gives up
   * while others have the copy leaves at once, and nothing is done for it.
   */
  use<T>(url: string, work: (repository: Repository) => Promise<T>, patience?: Patience): Promise<T>;
  /** Waits for the work that is running and removes all copies. */
  close(): Promise<void>;
}

export interface StoreDeps extends Disk {
  readonly maxBytes: number;
  /** The bound of one pack that is fetched. */
  readonly maxPackBytes: number;
  /** The turns of work that takes long. */
  readonly turns?: Turns;
  readonly log: Logger;
}

interface Copy {
  /** The URL of the repository, or its URL and proxy. */
  readonly url: string;
  readonly gitdir: string;
  readonly maxPackBytes: number;
  readonly shared: Shared;
  /** Ends when all work that was asked of this copy is done. */
  queue: Promise<unknown>;
  pending: number;
  repository: Repository | undefined;
  bytes: number;
}

/** The most packs: every fetch adds a pack and its index, and all are looked through for an object. */
const MAX_PACK_FILES = 512;
const MAX_COPIES = 1_000;
/** Bounds of the copies in memory: how many, and how many names of objects and files they hold in all. */
const MAX_IN_MEMORY = 16;
const MAX_NAMES_IN_MEMORY = 600_000;
const OWN_NAME = /^[0-9a-f]{64}\.git$/;

export function createRepositoryStore(deps: StoreDeps): RepositoryStore {
  const { log } = deps;
  const copies = createCopies(deps);
  let ready: Promise<void> | undefined;
  return {
    async use(url, work, patience) {
      ready ??= prepare(deps);
      await ready.catch((error) => {
        ready = undefined;
        throw error;
      });
      const copy = copies.of(url);
      try {
        return await enqueue(copy, () => withRepository(copy, work, log), patience);
      } catch (error) {
        throw diskProblem(error, deps) ?? error;
      } finally {
        copies.trim();
      }
    },
    close: copies.close,
  };
}

/** The copies by URL, the least recently used one first. */
function createCopies({ directory, maxBytes, maxPackBytes, turns, log }: StoreDeps) {
  const copies = new Map<string, Copy>();
  const shared = createShared(turns);

  /** A copy that cannot be removed now is removed at the next start. */
  function left(error: unknown): void {
    log.error({ error: errorMessage(error) }, 'cannot remove a repository');
  }

  async function evict(copy: Copy): Promise<void> {
    log.info({ repository: copiedUrl(copy.url), bytes: copy.bytes }, 'removing a repository from the cache');
    copy.bytes = 0;
    await enqueue(copy, () => discard(copy));
    if (copy.pending === 0 && copies.get(copy.url) === copy) copies.delete(copy.url);
  }

  return {
    of(url: string): Copy {
      const copy = copies.get(url) ?? newCopy(url, { directory, maxPackBytes, shared });
      copies.delete(url);
      copies.set(url, copy);
      return copy;
    },
    /** Drops copies beyond the bounds of memory and disk. */
    trim(): void {
      const oldestFirst = [...copies.values()];
      forgetBeyond(oldestFirst.toReversed());
      let total = oldestFirst.reduce((sum, { bytes }) => sum + bytes, 0);
      let excess = oldestFirst.length - MAX_COPIES;
      for (const copy of oldestFirst) {
        if (total <= maxBytes && excess <= 0) return;
        total -= copy.bytes;
        excess -= 1;
        evict(copy).catch(left);
      }
    },
    async close(): Promise<void> {
      await Promise.all([...copies.values()].map((copy) => enqueue(copy, () => discard(copy)).catch(left)));
    },
  };
}

/** Drops copies from memory beyond its bounds, not from disk; the one that was used last stays. */
function forgetBeyond([, ...newestFirst]: readonly Copy[]): void {
  let names = 0;
  for (const [index, copy] of newestFirst.entries()) {
    names += copy.repository ? namesIn(copy.repository) : 0;
    if (index + 1 >= MAX_IN_MEMORY || names > MAX_NAMES_IN_MEMORY) copy.repository = undefined;
  }
}

function namesIn({ packs, notes }: Repository): number {
  return packs.objects() + notes.names();
}

function newCopy(
  url: string,
  { directory, maxPackBytes, shared }: Pick<Copy, 'maxPackBytes' | 'shared'> & Pick<StoreDeps, 'directory'>,
): Copy {
  const name = `${createHash('sha256').update(url).digest('hex')}.git`;
  const gitdir = join(directory, name);
  const queue = Promise.resolve();
  return { url, gitdir, maxPackBytes, shared, queue, pending: 0, repository: undefined, bytes: 0 };
}

async function prepare(disk: Disk): Promise<void> {
  try {
    await mkdir(disk.directory, { recursive: true, mode: 0o700 });
    await removeLeftOvers(disk.directory);
  } catch (error) {
    throw diskProblem(error, disk) ?? unusableDirectory(error, disk);
  }
}

/** Copies of an earlier process may be half written. Files that do not look like ours are left alone. */
async function removeLeftOvers(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => OWN_NAME.test(name));
  await Promise.all(names.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

/** Runs `task` after everything that is queued already, whatever the outcome of that. */
async function enqueue<T>(copy: Copy, task: () => Promise<T>, patience: Patience = {}): Promise<T> {
  const { queue } = copy;
  const { signal } = patience;
  const begin = () => {
    signal?.throwIfAborted();
    return task();
  };
  copy.pending += 1;
  const run = queue.then(begin).finally(() => {
    copy.pending -= 1;
  });
  copy.queue = run.catch(() => undefined); // The caller, who waits for `run`, gets the error.
  await ownTurn(patience, untilAborted(queue, signal));
  return run;
}

type Work<T> = (repository: Repository) => Promise<T>;

async function withRepository<T>(copy: Copy, work: Work<T>, log: Logger): Promise<T> {
  try {
    return await attempt(copy, work);
  } catch (error) {
    if (error instanceof TurnpikeError) throw error;
    log.warn(
      { repository: copiedUrl(copy.url), error: errorMessage(error) },
      'a repository in the cache is damaged',
    );
  }
  await discard(copy);
  try {
    return await attempt(copy, work);
  } catch (error) {
    // Half a pack on a full disk would take the room that others need.
    if (!(error instanceof TurnpikeError)) await discard(copy);
    throw error;
  }
}

async function attempt<T>(copy: Copy, work: Work<T>): Promise<T> {
  if (copy.repository && (await isFull(copy, copy.repository))) await discard(copy);
  const repository = copy.repository ?? (await openRepository(copy.gitdir, copy.maxPackBytes, copy.shared));
  copy.repository = repository;
  const result = await work(repository).finally(() => repository.packs.rest());
  copy.bytes = (await packsOf(copy.gitdir)).reduce((sum, bytes) => sum + bytes, 0);
  return result;
}

async function isFull({ gitdir }: Copy, { packs }: Repository): Promise<boolean> {
  return packs.objects() > MAX_OBJECTS_IN_ALL / 2 || (await packsOf(gitdir)).length > MAX_PACK_FILES;
}

async function discard(copy: Copy): Promise<void> {
  copy.repository = undefined;
  copy.bytes = 0;
  await rm(copy.gitdir, { recursive: true, force: true });
}

/** The sizes of the packs and their indexes; a copy of ours has nothing else of size. */
async function packsOf(gitdir: string): Promise<number[]> {
  const directory = join(gitdir, 'objects', 'pack');
  const names = await readdir(directory);
  return Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
}
