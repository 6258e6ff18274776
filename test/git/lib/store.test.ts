import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { copyKey } from '../../../src/lib/git/copy-key.ts';
import type { NoteKind } from '../../../src/lib/git/notes.ts';
import type { Repository } from '../../../src/lib/git/repository.ts';
import { createRepositoryStore, type RepositoryStore } from '../../../src/lib/git/store.ts';
import { failureOf } from '../../fakes/failure.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { settled } from '../../fakes/schedule.ts';
import { waitFor } from '../../lab/wait.ts';

const URL = 'https://git.example/acme/apps';

let directory: string;
let store: RepositoryStore;
let lines: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-store-'));
  const logged = createFakeLog();
  lines = logged.lines;
  store = createRepositoryStore({
    directory,
    settings: { directory: '--git-cache-dir', maxBytes: '--git-cache-max-size' },
    maxBytes: 1024 ** 3,
    maxPackBytes: 64 * 1024 ** 2,
    log: logged.log,
  });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function addPackFiles({ gitdir }: Repository, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, number) => `pack-${crypto.randomUUID()}-${number}.keep`);
  await Promise.all(names.map((name) => writeFile(join(gitdir, 'objects', 'pack', name), 'x')));
}

const packFiles = ({ gitdir }: Repository) => readdir(join(gitdir, 'objects', 'pack'));

describe('the copy of a repository', () => {
  test('is the same from one use to the next', async () => {
    const first = await store.use(URL, async (repository) => repository);
    expect(await store.use(URL, async (repository) => repository)).toBe(first);
  });

  test('is made anew when hundreds of packs have come together', async () => {
    const first = await store.use(URL, async (repository) => {
      await addPackFiles(repository, 300);
      return repository;
    });
    await store.use(URL, async (repository) => {
      expect(repository).not.toBe(first);
      expect(await packFiles(repository)).toEqual([]);
    });
  });

  test('is used by one at a time, in turn', async () => {
    const events: string[] = [];
    const work = (name: string) =>
      store.use(URL, async () => {
        events.push(`${name} begins`);
        await settled();
        events.push(`${name} ends`);
      });
    await Promise.all([work('one'), work('two'), work('three')]);
    expect(events).toEqual(['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  test('is used beside those of other repositories', async () => {
    const both = Promise.withResolvers<void>();
    const first = store.use(URL, () => both.promise);
    await store.use(`${URL}-2`, async () => both.resolve());
    await first;
  });

  test('is thrown away after an error that no one expected, and the work is done once more', async () => {
    const seen: Repository[] = [];
    const result = await store.use(URL, async (repository) => {
      seen.push(repository);
      if (seen.length === 1) {
        await addPackFiles(repository, 1);
        throw new Error('an object is broken');
      }
      return packFiles(repository);
    });
    expect(result).toEqual([]);
    expect(new Set(seen).size).toBe(2);
  });

  test('is called by its URL in the log, whatever proxy it came by', async () => {
    const key = copyKey({ url: URL, credentials: { proxy: 'http://me:hunter2@proxy.example.com:3128/' } });
    expect(key).not.toBe(URL);
    await expect(store.use(key, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const said = lines.map((line) => JSON.parse(line).repository);
    // A digest of the proxy's URL tells who guesses its password that the guess is right.
    expect(new Set(said)).toEqual(new Set([URL]));
  });

  test('is kept after an error that is none of its own', async () => {
    const refusal = new TurnpikeError('GitUnauthorized', 'no', { retry: 'backoff' });
    const first = await store.use(URL, async (repository) => repository);
    await expect(store.use(URL, () => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(await store.use(URL, async (repository) => repository)).toBe(first);
  });

  test('does not outlive the second error', async () => {
    let runs = 0;
    const work = () => {
      runs += 1;
      return Promise.reject(new Error(`broken ${runs}`));
    };
    await expect(store.use(URL, work)).rejects.toThrow('broken 2');
  });
});

/** Uses a repository as one whose packs have so many bytes. */
async function useOf(from: RepositoryStore, url: string, bytes = 0): Promise<void> {
  await from.use(url, async ({ gitdir }) => {
    if (bytes > 0) await writeFile(join(gitdir, 'objects', 'pack', 'pack-1.pack'), Buffer.alloc(bytes));
  });
}

/** The URLs of the copies that are on the disk once what is to be removed is gone. */
async function copiesOf(urls: readonly string[], count: number): Promise<string[]> {
  const nameOf = (url: string) => `${createHash('sha256').update(url).digest('hex')}.git`;
  return waitFor('the copies to be as many', async () => {
    const names = await readdir(directory);
    const left = urls.filter((url) => names.includes(nameOf(url)));
    return left.length === count ? { done: left } : { saw: left };
  });
}

describe('the room for copies', () => {
  const [one, two, three] = [`${URL}-1`, `${URL}-2`, `${URL}-3`];
  const all = [one, two, three];

  test('goes to those that were used last', async () => {
    const small = createRepositoryStore({
      directory,
      maxBytes: 2_500,
      maxPackBytes: 64 * 1024 ** 2,
      log: createFakeLog().log,
    });
    for (const url of [one, two]) await useOf(small, url, 1_000);
    await useOf(small, one);
    await useOf(small, three, 1_000);
    expect(await copiesOf(all, 2)).toEqual([one, three]);
    await useOf(small, two, 1_000);
    expect(await copiesOf(all, 2)).toEqual([two, three]);
    await small.close();
    expect(await readdir(directory)).toEqual([]);
  });

  test('is given back by a copy that is larger than all of it, once it was used', async () => {
    const small = createRepositoryStore({
      directory,
      maxBytes: 2_500,
      maxPackBytes: 64 * 1024 ** 2,
      log: createFakeLog().log,
    });
    await useOf(small, one, 10_000);
    expect(await copiesOf(all, 0)).toEqual([]);
    await small.close();
  });
});

describe('the memory of copies', () => {
  const FILES: NoteKind<{ count: number }> = { empty: () => ({ count: 0 }), names: ({ count }) => count };
  const note = (url: string, count: number) =>
    store.use(url, async (repository) => {
      repository.notes.of(FILES).count = count;
      return repository;
    });
  const read = (url: string) => store.use(url, async ({ notes }) => notes.of(FILES).count);

  test('keeps what was noted of them while all notes are few', async () => {
    await note(`${URL}-1`, 300_000);
    await note(`${URL}-2`, 300_000);
    expect(await read(`${URL}-1`)).toBe(300_000);
  });

  test('lets go of those used before that have noted too many names', async () => {
    const first = await note(`${URL}-1`, 600_001);
    await note(`${URL}-2`, 1);
    expect(await read(`${URL}-1`)).toBe(0);
    expect(first.notes.of(FILES).count).toBe(600_001);
  });
});

describe('a disk', () => {
  const FULL = (path: string) =>
    `The disk of ${path}, the directory of --git-cache-dir, is full: free some space there, or set --git-cache-max-size to what it can hold.`;
  const UNUSABLE = 'The directory of --git-cache-dir cannot be used: the words of the system';

  test.each([
    ['ENOSPC', FULL],
    ['EDQUOT', FULL],
    ['EROFS', () => UNUSABLE],
    ['EACCES', () => UNUSABLE],
    ['EPERM', () => UNUSABLE],
    ['EIO', () => UNUSABLE],
  ] as const)('that says %s is named, and nothing half written stays', async (code, sentence) => {
    const fault = Object.assign(new Error('the words of the system'), { code });
    const work = async (repository: Repository) => {
      await addPackFiles(repository, 1);
      throw fault;
    };
    const error = await failureOf(store.use(URL, work));
    expect(error).toMatchObject({ code: 'ConfigInvalid', retry: 'backoff', message: sentence(directory) });
    expect(await readdir(directory)).toEqual([]);
    expect(await store.use(URL, packFiles)).toEqual([]);
  });
});
