import type { Turn } from '../../../lib/async/index.ts';
import { type Packs, parseTree, type TreeEntry } from '../../../lib/git/index.ts';

/**
 * Compares a commit with an earlier one, where promotions write commits of the branch into the branch itself.
 * It is compared as a whole and not commit by commit: so it does not matter how many there are in between, which
 * pipelines they are of, and whether a forge has squashed or merged them.
 */

const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 100;
/** Bound of one tree, and of one file. */
const MAX_BYTES = 1024 * 1024;
/** A promotion of all pipelines of a large repository. More is somebody's work. */
const MAX_FILES = 1_000;

const HASH = /\b(?<!sha256:)[0-9a-f]{40}\b/g;
const MARKER = '$promotion';

interface Trees {
  readonly before: string;
  readonly after: string;
}

/** True: one tree differs from another by nothing but hashes of commits that promotions have written. */
export async function differsByPins(packs: Packs, trees: Trees, turn: Turn): Promise<boolean> {
  let entries = 0;
  let files = 0;

  async function compare({ before, after }: Trees, depth: number): Promise<boolean> {
    const pairs = pairsOf(packs, before, after);
    entries += pairs?.length ?? 0;
    if (!pairs || entries > MAX_ENTRIES || depth > MAX_DEPTH) return false;
    await turn();
    for (const [was, entry] of pairs) {
      if (was.oid !== entry.oid && !(await isPinned(was, entry, depth))) return false;
    }
    return true;
  }

  async function isPinned(was: TreeEntry, entry: TreeEntry, depth: number): Promise<boolean> {
    if (entry.mode === '40000') return compare({ before: was.oid, after: entry.oid }, depth + 1);
    files += 1;
    // Anything but a file or a directory is a link, or a submodule, whose commit is elsewhere.
    if (files > MAX_FILES || !entry.mode.startsWith('100')) return false;
    return haveSamePins(packs, was.oid, entry.oid);
  }

  return compare(trees, 0);
}

/** The entries of two trees that have the same names; undefined where they have others, or are too large. */
function pairsOf(packs: Packs, before: string, after: string): readonly [TreeEntry, TreeEntry][] | undefined {
  const [old, now] = [entriesOf(packs, before), entriesOf(packs, after)];
  if (!old || old.length !== now?.length) return undefined;
  // Git keeps them in the order of their names.
  const pairs = now.flatMap((entry, index): [TreeEntry, TreeEntry][] => {
    const was = old[index];
    return was?.name === entry.name && was.mode === entry.mode ? [[was, entry]] : [];
  });
  return pairs.length === now.length ? pairs : undefined;
}

function entriesOf(packs: Packs, tree: string): readonly TreeEntry[] | undefined {
  const body = packs.readIfSmall(tree);
  return body && body.length <= MAX_BYTES ? parseTree(body) : undefined;
}

/** True: the lines of a file differ in such hashes alone. */
function haveSamePins(packs: Packs, before: string, after: string): boolean {
  const bodies = [before, after].map((oid) => packs.readIfSmall(oid));
  const [old, now] = bodies.map((body) => {
    return body && body.length <= MAX_BYTES ? body.toString('latin1').split('\n') : undefined;
  });
  if (!old || old.length !== now?.length) return false;
  return now.every((line, index) => {
    const was = old[index] ?? '';
    if (line === was) return true;
    const isMarked = [line, now[index - 1] ?? ''].some((text) => text.includes(MARKER));
    return isPin(packs, { was, line, isMarked });
  });
}

interface Line {
  readonly was: string;
  readonly line: string;
  readonly isMarked: boolean;
}

/** Tells whether a promotion wrote the line. Without a marker somebody may have chosen a commit of another repository. */
function isPin(packs: Packs, { was, line, isMarked }: Line): boolean {
  const hashes = line.match(HASH);
  if (!hashes) return false;
  if (isMarked) return true;
  return was.replace(HASH, '') === line.replace(HASH, '') && hashes.every((hash) => packs.has(hash));
}
