import { parseTree, type TreeEntry } from './objects.ts';
import type { Packs } from './packs.ts';

/** Three trees, by object id; undefined where one has none at a path. */
export interface Trees {
  readonly tip: string | undefined;
  /** A commit of the base branch that the tip goes on from. */
  readonly old: string | undefined;
  /** The base branch's tip. */
  readonly base: string | undefined;
}

const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 100;

/**
 * Whether the base branch has all that a branch changes, as after a squash merge: at each path the tip has what was
 * there before or what the base has by now. A comparison that would take too long says no.
 */
export function isMerged(packs: Packs, trees: Trees): boolean {
  let entries = 0;

  function compare({ tip, old, base }: Trees, depth: number): boolean {
    if (tip === old || tip === base) return true;
    if (depth > MAX_DEPTH) return false;
    const [here, before, now] = [entriesOf(packs, tip), entriesOf(packs, old), entriesOf(packs, base)];
    const names = new Set([...here.keys(), ...before.keys()]);
    entries += names.size;
    if (entries > MAX_ENTRIES) return false;
    return [...names].every((name) => {
      const [one, two, three] = [here.get(name), before.get(name), now.get(name)];
      if (isSame(one, two) || isSame(one, three)) return true;
      if (!one || !isTree(one)) return false;
      return compare({ tip: one.oid, old: treeIn(two), base: treeIn(three) }, depth + 1);
    });
  }

  return compare(trees, 0);
}

function entriesOf(packs: Packs, tree: string | undefined): ReadonlyMap<string, TreeEntry> {
  const entries = tree === undefined ? [] : parseTree(packs.read(tree));
  return new Map(entries.map((entry) => [entry.name, entry]));
}

function isSame(one: TreeEntry | undefined, other: TreeEntry | undefined): boolean {
  return one?.oid === other?.oid && one?.mode === other?.mode;
}

function isTree({ mode }: TreeEntry): boolean {
  return mode === '40000';
}

function treeIn(entry: TreeEntry | undefined): string | undefined {
  return entry && isTree(entry) ? entry.oid : undefined;
}
