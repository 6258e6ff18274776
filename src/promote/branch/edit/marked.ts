import { createTurns, type Turn } from '../../../lib/async/index.ts';
import { TurnpikeError } from '../../../lib/errors.ts';
import { type Packs, parseTree, type TreeEntry } from '../../../lib/git/index.ts';
import { hasMarker, keysNamed, MARKER } from '../../../lib/yaml/index.ts';

/**
 * Knowledge of a tree's YAML files. Names have one character per byte. A subtree or file whose object
 * id is the same as before is not read again.
 */
export interface MarkedTree extends Marked {
  /** How many there are in it, at all depths. */
  readonly paths: number;
  readonly trees: ReadonlyMap<string, MarkedTree>;
  readonly files: ReadonlyMap<string, MarkedFile>;
}

export type MarkedFile = Marked;

interface Marked {
  readonly oid: string;
  /** Keys that its markers may have; `undefined` when there are too many, or too much else, to tell. */
  readonly keys: Keys | undefined;
}

type Keys = ReadonlySet<string>;

/** Bounds against trees that no one made by hand: a few objects can span any number of paths. */
const MAX_ENTRIES = 500_000;
const MAX_DEPTH = 100;

/** Other work gets its turn after so many entries: some milliseconds. */
const ENTRIES_AT_ONCE = 200;
const COST_AT_ONCE = 4 * 1024 * 1024;
/** Some seconds. */
const MAX_COST = 4 * 1024 ** 3;

const MAX_MARKS_IN_FILE = 2_000;
const MAX_KEYS_IN_FILE = 200;
const MAX_KEYS_IN_TREE = 20_000;
const MAX_MARK_LENGTH = 512;
const NO_KEYS: Keys = new Set();

interface Walking {
  readonly packs: Packs;
  readonly name: string;
  readonly turn?: Turn;
}

/** Brings `known` up to the tree `oid`. `name` is the repository's, for messages. */
export async function markedTree(
  oid: string,
  known: MarkedTree | undefined,
  { packs, name, turn = createTurns().job() }: Walking,
): Promise<MarkedTree> {
  let entries = 0;
  const begun = packs.spent();
  let turnAt = begun;
  let looked = 0;
  async function count(): Promise<void> {
    looked += 1;
    const spent = packs.spent();
    if (spent - begun > MAX_COST) throw tooLarge(name);
    if (looked % ENTRIES_AT_ONCE !== 0 && spent - turnAt < COST_AT_ONCE) return;
    turnAt = spent;
    await turn();
  }
  async function walk(oid: string, known: MarkedTree | undefined, depth: number): Promise<MarkedTree> {
    if (known?.oid === oid) return known;
    const trees = new Map<string, MarkedTree>();
    const files = new Map<string, MarkedFile>();
    if (depth > MAX_DEPTH) throw tooLarge(name);
    const parsed = parseTree(packs.read(oid));
    // All names of a tree are in memory while those below it are looked at.
    entries += parsed.length;
    if (entries > MAX_ENTRIES) throw tooLarge(name);
    for (const entry of parsed.filter(isSafeName)) {
      await count();
      const { name } = entry;
      if (isTree(entry)) trees.set(name, await walk(entry.oid, known?.trees.get(name), depth + 1));
      if (isYamlFile(entry)) files.set(name, markedFile(entry, known?.files.get(name), packs));
    }
    const below = [...trees.values()];
    const paths = below.reduce((sum, tree) => sum + tree.paths, trees.size + files.size);
    return { oid, trees, files, paths, keys: keysOf([...files.values(), ...below]) };
  }
  return walk(oid, known, 0);
}

/** Names that lead out of a work tree are never ours to touch. */
function isSafeName({ name }: TreeEntry): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.toLowerCase() !== '.git' && !/[/\\]/.test(name);
}

function isTree({ mode }: TreeEntry): boolean {
  return mode === '40000';
}

/** Regular files, executable or not; no symbolic links, no submodules. */
function isYamlFile({ mode, name }: TreeEntry): boolean {
  return mode.startsWith('100') && /\.ya?ml$/.test(name);
}

function markedFile({ oid }: TreeEntry, known: MarkedFile | undefined, packs: Packs): MarkedFile {
  if (known?.oid === oid) return known;
  const bytes = packs.readIfSmall(oid);
  if (bytes === undefined) return { oid, keys: undefined };
  return { oid, keys: hasMarker(bytes) ? keysIn(bytes) : NO_KEYS };
}

/** Collects what looks like a key behind each `$promotion`, up to the end of its line. */
function keysIn(bytes: Buffer): Keys | undefined {
  const keys = new Set<string>();
  let marks = 0;
  for (let at = bytes.indexOf(MARKER); at >= 0; at = bytes.indexOf(MARKER, at + 1)) {
    const lineEnd = bytes.indexOf('\n', at);
    const end = Math.min(lineEnd < 0 ? bytes.length : lineEnd, at + MAX_MARK_LENGTH);
    for (const key of keysNamed(bytes.toString('utf8', at, end))) keys.add(key);
    marks += 1;
    if (marks > MAX_MARKS_IN_FILE || keys.size > MAX_KEYS_IN_FILE) return undefined;
  }
  return keys;
}

/** The keys of all parts. Where one part alone has keys, its own set serves for the whole. */
function keysOf(parts: readonly Marked[]): Keys | undefined {
  const sets = parts.map(({ keys }) => keys).filter((keys) => keys?.size !== 0);
  if (sets.length === 0) return NO_KEYS;
  if (sets.length === 1) return sets[0];
  const all = new Set<string>();
  for (const keys of sets) {
    if (keys === undefined) return undefined;
    for (const key of keys) all.add(key);
    if (all.size > MAX_KEYS_IN_TREE) return undefined;
  }
  return all;
}

/** True when it is worth looking into for this key. */
export function mayHaveKey({ keys }: Marked, key: string): boolean {
  return keys === undefined || keys.has(key);
}

function tooLarge(name: string): TurnpikeError {
  const message = `${name} has more than ${MAX_ENTRIES} files or ${MAX_DEPTH} levels of directories.`;
  return new TurnpikeError('GitTooLarge', message);
}
