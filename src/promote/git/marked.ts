import { setImmediate } from 'node:timers/promises';
import { TurnpikeError } from '../../api/errors.ts';
import { mentionsKey } from '../marker/comment.ts';
import { hasMarker } from '../marker.ts';
import { parseTree, type TreeEntry } from './objects.ts';
import type { Packs } from './packs.ts';

/**
 * What is known about a tree's YAML files. Names have one character per byte. A subtree or file whose object
 * id is the same as before is not read again.
 */
export interface MarkedTree {
  readonly oid: string;
  readonly trees: ReadonlyMap<string, MarkedTree>;
  readonly files: ReadonlyMap<string, MarkedFile>;
}

export interface MarkedFile {
  readonly oid: string;
  /** The markers' texts; `undefined` when they or the file are too large to tell. */
  readonly marks: readonly string[] | undefined;
}

/** Bounds against trees that no one made by hand: a few objects can span any number of paths. */
const MAX_ENTRIES = 500_000;
const MAX_DEPTH = 100;

/** Other work gets its turn after so many entries: some milliseconds. */
const ENTRIES_AT_ONCE = 200;

const MAX_MARKS = 200;
const MAX_MARK_LENGTH = 512;

/** What `known` was, brought up to the tree `oid`. `name` is the repository's, for messages. */
export async function markedTree(
  oid: string,
  known: MarkedTree | undefined,
  { packs, name }: { readonly packs: Packs; readonly name: string },
): Promise<MarkedTree> {
  let entries = 0;
  async function count(depth: number): Promise<void> {
    entries += 1;
    if (entries > MAX_ENTRIES || depth > MAX_DEPTH) throw tooLarge(name);
    if (entries % ENTRIES_AT_ONCE === 0) await setImmediate();
  }
  async function walk(oid: string, known: MarkedTree | undefined, depth: number): Promise<MarkedTree> {
    if (known?.oid === oid) return known;
    const trees = new Map<string, MarkedTree>();
    const files = new Map<string, MarkedFile>();
    for (const entry of parseTree(packs.read(oid)).filter(isSafeName)) {
      await count(depth);
      const { name } = entry;
      if (isTree(entry)) trees.set(name, await walk(entry.oid, known?.trees.get(name), depth + 1));
      if (isYamlFile(entry)) files.set(name, markedFile(entry, known?.files.get(name), packs));
    }
    return { oid, trees, files };
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
  if (bytes === undefined) return { oid, marks: undefined };
  return { oid, marks: hasMarker(bytes) ? marksIn(bytes) : [] };
}

/** Each marker's text up to the end of its line, once. */
function marksIn(bytes: Buffer): string[] | undefined {
  const marks = new Set<string>();
  for (let at = bytes.indexOf('$promotion'); at >= 0; at = bytes.indexOf('$promotion', at + 1)) {
    const lineEnd = bytes.indexOf('\n', at);
    const end = Math.min(lineEnd < 0 ? bytes.length : lineEnd, at + MAX_MARK_LENGTH);
    marks.add(bytes.toString('utf8', at, end));
    if (marks.size > MAX_MARKS) return undefined;
  }
  return [...marks];
}

/** True when the file's text is worth parsing for this key. */
export function mayHaveKey({ marks }: MarkedFile, key: string): boolean {
  return marks === undefined || marks.some((mark) => mentionsKey(mark, key));
}

function tooLarge(name: string): TurnpikeError {
  const message = `${name} has more than ${MAX_ENTRIES} files or ${MAX_DEPTH} levels of directories.`;
  return new TurnpikeError('GitTooLarge', message, { retry: 'never' });
}
