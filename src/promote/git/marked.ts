import { TurnpikeError } from '../../api/errors.ts';
import { mentionsKey } from '../marker/comment.ts';
import { hasMarker } from '../marker.ts';
import type { Limit } from './limit.ts';
import { parseTree, type TreeEntry } from './objects.ts';

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
  /** The markers' texts; `undefined` when there are too many to keep: then it may have any. */
  readonly marks: readonly string[] | undefined;
}

export interface TreeReader {
  readonly read: (oid: string) => Promise<Buffer>;
  readonly limit: Limit;
  /** For messages. */
  readonly name: string;
}

/** Bounds against trees that no one made by hand: a few objects can span any number of paths. */
const MAX_ENTRIES = 500_000;
const MAX_DEPTH = 100;

const MAX_MARKS = 200;
const MAX_MARK_LENGTH = 512;

export async function markedTree(
  oid: string,
  known: MarkedTree | undefined,
  reader: TreeReader,
): Promise<MarkedTree> {
  const counter = { entries: 0 };
  const walk = async (oid: string, known: MarkedTree | undefined, depth: number): Promise<MarkedTree> => {
    if (known?.oid === oid) return known;
    const entries = parseTree(await reader.limit(() => reader.read(oid))).filter(isSafeName);
    counter.entries += entries.length;
    if (counter.entries > MAX_ENTRIES || depth > MAX_DEPTH) throw tooLarge(reader.name);
    const trees = entries.filter(({ mode }) => mode === '40000');
    const files = entries.filter(isYamlFile);
    const [readTrees, readFiles] = await Promise.all([
      Promise.all(trees.map((entry) => walk(entry.oid, known?.trees.get(entry.name), depth + 1))),
      Promise.all(files.map((entry) => markedFile(entry, known?.files.get(entry.name), reader))),
    ]);
    return { oid, trees: byName(trees, readTrees), files: byName(files, readFiles) };
  };
  return walk(oid, known, 0);
}

function byName<T>(entries: readonly TreeEntry[], values: readonly T[]): Map<string, T> {
  return new Map(values.map((value, index) => [entries[index]?.name ?? '', value]));
}

/** Names that lead out of a work tree are never ours to touch. */
function isSafeName({ name }: TreeEntry): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.toLowerCase() !== '.git' && !/[/\\]/.test(name);
}

/** Regular files, executable or not; no symbolic links, no submodules. */
function isYamlFile({ mode, name }: TreeEntry): boolean {
  return mode.startsWith('100') && /\.ya?ml$/.test(name);
}

async function markedFile(
  { oid }: TreeEntry,
  known: MarkedFile | undefined,
  reader: TreeReader,
): Promise<MarkedFile> {
  if (known?.oid === oid) return known;
  const bytes = await reader.limit(() => reader.read(oid));
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
