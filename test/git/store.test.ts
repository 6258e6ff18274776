import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TurnpikeError } from '../../src/api/errors.ts';
import type { Repository } from '../../src/promote/git/repository.ts';
import { createRepositoryStore, type RepositoryStore } from '../../src/promote/git/store.ts';
import { createFakeLog } from '../fakes/log.ts';

const URL = 'https://git.example/acme/apps';

let directory: string;
let store: RepositoryStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-store-'));
  store = createRepositoryStore({ directory, maxBytes: 1024 ** 3, log: createFakeLog().log });
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
        await Bun.sleep(10);
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

  test('is kept after an error that is none of its own', async () => {
    const refusal = new TurnpikeError('GitUnauthorized', 'no');
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
