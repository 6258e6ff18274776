import { createTurns, type Turn } from '../../lib/async/index.ts';
import { type Packs, parseTree, type TreeEntry } from '../../lib/git/index.ts';

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
/** Bound of one tree: some ten thousand names, which are compared in one go. */
const MAX_TREE_BYTES = 1024 * 1024;
/** Other work gets its turn after so many. */
const ENTRIES_AT_ONCE = 5_000;

/**
 * Tells whether the base branch has all that a branch changes, as after a squash merge: at each path the tip has what was
 * there before or what the base has by now. A comparison that would take too long says no.
 */
export async function isMerged(
  packs: Packs,
  trees: Trees,
  turn: Turn = createTurns().job(),
): Promise<boolean> {
  let entries = 0;
  let turnAt = 0;

  async function count(names: number): Promise<void> {
    entries += names;
    if (entries - turnAt < ENTRIES_AT_ONCE) return;
    turnAt = entries;
    await turn();
  }

  async function compare(trees: Trees, depth: number): Promise<boolean> {
    if (trees.tip === trees.old || trees.tip === trees.base) return true;
    if (depth > MAX_DEPTH) return false;
    const { names, differing } = differences(packs, trees);
    await count(names);
    if (entries > MAX_ENTRIES || differing === undefined) return false;
    for (const below of differing) {
      if (!(await compare(below, depth + 1))) return false;
    }
    return true;
  }

  return compare(trees, 0);
}

interface Differences {
  /** How many there were to compare. */
  readonly names: number;
  /** Directories that have to be looked into; undefined where a file tells already that the base lacks something. */
  readonly differing: readonly Trees[] | undefined;
}

function differences(packs: Packs, { tip, old, base }: Trees): Differences {
  const bodies = [tip, old, base].map((tree) => (tree === undefined ? undefined : packs.read(tree)));
  if (bodies.some((body) => body && body.length > MAX_TREE_BYTES)) {
    return { names: MAX_ENTRIES + 1, differing: undefined };
  }
  const [here, before, now] = bodies.map(entriesOf) as [Entries, Entries, Entries];
  const names = new Set([...here.keys(), ...before.keys()]);
  const differing: Trees[] = [];
  for (const name of names) {
    const [one, two, three] = [here.get(name), before.get(name), now.get(name)];
    if (isSame(one, two) || isSame(one, three)) continue;
    if (!one || !isTree(one)) return { names: names.size, differing: undefined };
    differing.push({ tip: one.oid, old: treeIn(two), base: treeIn(three) });
  }
  return { names: names.size, differing };
}

type Entries = ReadonlyMap<string, TreeEntry>;

function entriesOf(body: Buffer | undefined): Entries {
  const entries = body === undefined ? [] : parseTree(body);
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
