import { editMarked } from '../marker.ts';
import type { FileChange } from '../workspace.ts';
import { type MarkedFile, type MarkedTree, mayHaveKey } from './marked.ts';
import { type GitObject, gitObject, treeWith } from './objects.ts';

/** A tree with every marker of one key set to one revision. */
export interface EditedTree {
  readonly oid: string;
  /** What is new, to be pushed. */
  readonly objects: readonly GitObject[];
  readonly changes: readonly FileChange[];
  /** How many markers there are, those that had the revision already included. */
  readonly marked: number;
  readonly problems: readonly string[];
}

export interface TreeEdit {
  readonly key: string;
  readonly revision: string;
  readonly read: (oid: string) => Promise<Buffer>;
}

/** `path` is where the tree lies: empty for the root, else with a slash at its end. */
export async function editTree(tree: MarkedTree, edit: TreeEdit, path = ''): Promise<EditedTree> {
  const changed = new Map<string, string>();
  const parts: EditedTree[] = [];
  for (const [name, file] of tree.files) {
    if (!mayHaveKey(file, edit.key)) continue;
    const edited = await editFile(file, edit, `${path}${displayName(name)}`);
    if (edited.oid !== file.oid) changed.set(name, edited.oid);
    parts.push(edited);
  }
  for (const [name, child] of tree.trees) {
    const edited = await editTree(child, edit, `${path}${displayName(name)}/`);
    if (edited.oid !== child.oid) changed.set(name, edited.oid);
    parts.push(edited);
  }
  const own = changed.size === 0 ? [] : [treeWith(await edit.read(tree.oid), changed)];
  return {
    ...joined(parts),
    oid: own[0]?.oid ?? tree.oid,
    objects: [...parts.flatMap(({ objects }) => objects), ...own],
  };
}

function joined(parts: readonly EditedTree[]): Pick<EditedTree, 'changes' | 'marked' | 'problems'> {
  return {
    changes: parts.flatMap(({ changes }) => changes),
    marked: parts.reduce((sum, { marked }) => sum + marked, 0),
    problems: parts.flatMap(({ problems }) => problems),
  };
}

async function editFile({ oid }: MarkedFile, edit: TreeEdit, file: string): Promise<EditedTree> {
  const text = decode(await edit.read(oid));
  if (text === undefined) {
    return {
      oid,
      objects: [],
      changes: [],
      marked: 0,
      problems: [`${file}: The file is not UTF-8; its markers are not used.`],
    };
  }
  const result = editMarked(text, edit.key, edit.revision);
  const changes = result.edits.map((one) => ({ file, ...one }));
  const problems = result.problems.map((problem) => `${file}: ${problem}`);
  const objects = changes.length === 0 ? [] : [gitObject('blob', Buffer.from(result.text))];
  return { oid: objects[0]?.oid ?? oid, objects, changes, marked: result.marked, problems };
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // Reported by the caller as a problem of this file.
  }
}

function displayName(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}
