import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TurnpikeError } from '../../errors.ts';
import type { GitObject } from '../objects.ts';
import { createByteCache } from './byte-cache.ts';
import { applyDelta, deltaResultSize, MAX_OBJECT_BYTES } from './delta.ts';
import { costOf, MAX_CHAIN_COST } from './pack-cost.ts';
import { type EntryHeader, openPackFile, type PackFile } from './pack-file.ts';

/**
 * Reads objects from the packs of a repository. isomorphic-git can too, but looks for a loose file first, lists the
 * directory for each object and inflates in JavaScript: 0.6 ms for each of thousands of files.
 *
 * The newest pack is asked first, which is the last one by its name. The bases of a thin pack's deltas are whole in a
 * pack behind it, which keeps the chain short and finite.
 */
export interface Packs {
  /** An object's bytes. Throws `GitTooLarge`, and anything else when it is missing or damaged. */
  read(oid: string): Buffer;
  /** The same, but undefined when there are more than `MAX_OBJECT_BYTES`. */
  readIfSmall(oid: string): Buffer | undefined;
  /** The cost of reading so far, in bytes that were made or might have been. */
  spent(): number;
  has(oid: string): boolean;
  /** The number of packs. */
  count(): number;
  /** The number of objects that they name. */
  objects(): number;
  /** Call after a fetch: takes in the packs that are new. */
  refresh(): void;
  /** Something that was fetched has no name here: it is too large to be read. */
  isLacking(): boolean;
  /** Call when nothing is read for a while: closes the files and empties the memory. */
  rest(): void;
}

interface Link {
  readonly pack: PackFile;
  readonly offset: number;
}

type Delta = Link & { readonly header: EntryHeader };

/** The deltas from an object down to its base: the last link is applied to the base first. */
interface Chain {
  readonly base: Buffer;
  readonly links: readonly Delta[];
  readonly cost: number;
}

/** Results of deltas are bases of further ones; kept up to so many bytes. */
const MAX_CACHE_BYTES = 8 * 1024 * 1024;
const MAX_CHAIN = 4_096;
/** The most changes from one pack to another in a row: one leads to where the base is whole. */
const MAX_CROSSINGS = 8;
/** The cost of a look into the indexes and into memory. */
const READ_COST = 1_024;

export function openPacks(gitdir: string): Packs {
  const directory = join(gitdir, 'objects', 'pack');
  /** The newest one first. */
  let packs: readonly PackFile[] = [];
  const isLacking = () => packs.some((pack) => pack.isLacking);
  const objects = createObjectReader((oid) => {
    for (const pack of packs) {
      const offset = pack.find(oid);
      if (offset !== undefined) return { pack, offset };
    }
    if (isLacking()) return undefined;
    throw new Error(`the repository has no object ${oid}`);
  });

  return {
    read(oid) {
      const bytes = objects.read(oid);
      if (bytes) return bytes;
      const message = `A commit or directory in the repository is larger than ${MAX_OBJECT_BYTES} bytes.`;
      throw new TurnpikeError('GitTooLarge', message);
    },
    readIfSmall: objects.read,
    spent: objects.spent,
    count: () => packs.length,
    objects: () => packs.reduce((sum, { count }) => sum + count, 0),
    has: (oid) => packs.some((pack) => pack.find(oid) !== undefined),
    refresh() {
      const known = new Map(packs.map((pack) => [pack.name, pack]));
      const names = readdirSync(directory).filter((name) => name.endsWith('.idx'));
      const paths = names.map((name) => join(directory, name.slice(0, -'.idx'.length))).sort();
      packs = paths.reverse().map((path) => known.get(path) ?? openPackFile(path));
    },
    isLacking,
    rest() {
      for (const pack of packs) pack.close();
      objects.clear();
    },
  };
}

/** Finds an object; undefined where it may be one that is too large to be read. */
type Find = (oid: string) => Link | undefined;

/** Finds all deltas first, then makes their results: one delta is in memory at a time. */
function createObjectReader(find: Find) {
  const cache = createByteCache<string>(MAX_CACHE_BYTES);
  let spent = 0;

  /** Undefined when it is too large. */
  function chainOf(oid: string): Chain | undefined {
    const links: Delta[] = [];
    let cost = 0;
    for (let link = find(oid); link; ) {
      const known = cache.get(keyOf(link));
      if (known) return { base: known, links, cost };
      const { pack, offset } = link;
      const header = pack.headerAt(offset);
      cost += costOf(header);
      spent += costOf(header);
      if (header.size > MAX_OBJECT_BYTES || cost > MAX_CHAIN_COST) return undefined;
      if (!header.base) return { base: pack.entryAt(offset, header).data, links, cost };
      links.push({ pack, offset, header });
      refuseEndless(links);
      link = 'oid' in header.base ? find(header.base.oid) : { pack, offset: header.base.offset };
    }
    return undefined;
  }

  function grown({ base, links, cost: before }: Chain): Buffer | undefined {
    let [body, cost] = [base, before];
    for (const { pack, offset, header } of links.toReversed()) {
      const delta = pack.entryAt(offset, header).data;
      const size = deltaResultSize(delta);
      cost += size;
      spent += size;
      if (size > MAX_OBJECT_BYTES || cost > MAX_CHAIN_COST) return undefined;
      body = applyDelta(body, delta);
      cache.set(keyOf({ pack, offset }), body);
    }
    return body;
  }

  return {
    read(oid: string): Buffer | undefined {
      const found = chainOf(oid);
      const body = found && grown(found);
      spent += (body?.length ?? 0) + READ_COST;
      return body;
    },
    spent: () => spent,
    clear: cache.clear,
  };
}

function refuseEndless(links: readonly Link[]): void {
  if (links.length > MAX_CHAIN) throw new Error('a chain of deltas has no end');
  const last = links.slice(-MAX_CROSSINGS).map(({ pack }) => pack);
  const isWandering = last.length === MAX_CROSSINGS && last.every((pack, index) => pack !== last[index + 1]);
  if (isWandering) throw new Error('a chain of deltas goes through too many packs');
}

function keyOf({ pack, offset }: Link): string {
  return `${pack.name} ${offset}`;
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
