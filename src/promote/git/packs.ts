import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TurnpikeError } from '../../api/errors.ts';
import { createByteCache } from './byte-cache.ts';
import { applyDelta, deltaResultSize, MAX_OBJECT_BYTES } from './delta.ts';
import type { GitObject } from './objects.ts';
import { openPackFile, type PackFile } from './pack-file.ts';

/**
 * Reads objects from the packs of a repository. isomorphic-git can too, but looks for a loose file first,
 * lists the directory for each object and inflates in JavaScript: 0.6 ms for each of thousands of files.
 *
 * The packs are asked in the order in which they were fetched, which is that of their names. What a delta of a thin pack
 * builds on was there before it, so that this comes to an end: a later pack may have the base as a delta on that very object.
 */
export interface Packs {
  /** An object's bytes. Throws `GitTooLarge`, and anything else when it is missing or damaged. */
  read(oid: string): Buffer;
  /** The same, but undefined when there are more than `MAX_OBJECT_BYTES`. */
  readIfSmall(oid: string): Buffer | undefined;
  has(oid: string): boolean;
  /** How many packs there are. */
  count(): number;
  /** Call after a fetch: takes in the packs that are new. */
  refresh(): void;
  /** Call when a fetch left out what is too large to be read. */
  lackLarge(): void;
  isLacking(): boolean;
  /** Call when nothing is read for a while: closes the files and empties the memory. */
  rest(): void;
}

/** Results of deltas are bases of further ones; kept up to so many bytes. */
const MAX_CACHE_BYTES = 8 * 1024 * 1024;
const MAX_CHAIN = 4_096;

export function openPacks(gitdir: string): Packs {
  const directory = join(gitdir, 'objects', 'pack');
  const packs = new Map<string, PackFile>();
  let lacksLarge = false;
  const cache = createByteCache<string>(MAX_CACHE_BYTES);

  function readNamed(oid: string, chain: number): Buffer | undefined {
    for (const pack of packs.values()) {
      const offset = pack.find(oid);
      if (offset !== undefined) return readAt(pack, offset, chain);
    }
    if (lacksLarge) return undefined;
    throw new Error(`the repository has no object ${oid}`);
  }

  function readAt(pack: PackFile, offset: number, chain: number): Buffer | undefined {
    if (chain > MAX_CHAIN) throw new Error('a chain of deltas has no end');
    const key = `${pack.name} ${offset}`;
    const known = cache.get(key);
    if (known) return known;
    const entry = pack.entryAt(offset, MAX_OBJECT_BYTES);
    if (entry === undefined) return undefined;
    const bytes = entry.base === undefined ? entry.data : readDelta(pack, entry.base, entry.data, chain);
    if (bytes) cache.set(key, bytes);
    return bytes;
  }

  function readDelta(
    pack: PackFile,
    from: { offset: number } | { oid: string },
    delta: Buffer,
    chain: number,
  ) {
    if (deltaResultSize(delta) > MAX_OBJECT_BYTES) return undefined;
    const base = 'oid' in from ? readNamed(from.oid, chain + 1) : readAt(pack, from.offset, chain + 1);
    return base && applyDelta(base, delta);
  }

  return {
    read(oid) {
      const bytes = readNamed(oid, 0);
      if (bytes) return bytes;
      const message = `A commit or directory in the repository is larger than ${MAX_OBJECT_BYTES} bytes.`;
      throw new TurnpikeError('GitTooLarge', message, { retry: 'never' });
    },
    readIfSmall: (oid) => readNamed(oid, 0),
    count: () => packs.size,
    has: (oid) => [...packs.values()].some((pack) => pack.find(oid) !== undefined),
    refresh() {
      for (const name of readdirSync(directory).sort()) {
        const path = join(directory, name.slice(0, -'.idx'.length));
        if (name.endsWith('.idx') && !packs.has(path)) packs.set(path, openPackFile(path));
      }
    },
    lackLarge() {
      lacksLarge = true;
    },
    isLacking: () => lacksLarge,
    rest() {
      for (const pack of packs.values()) pack.close();
      cache.clear();
    },
  };
}

/** The packs with objects before them that are in no pack yet. */
export function withObjects(packs: Packs, objects: readonly GitObject[]): Packs {
  const bodies = new Map(objects.map(({ oid, body }) => [oid, body]));
  return {
    ...packs,
    read: (oid) => bodies.get(oid) ?? packs.read(oid),
    readIfSmall: (oid) => bodies.get(oid) ?? packs.readIfSmall(oid),
    has: (oid) => bodies.has(oid) || packs.has(oid),
  };
}
