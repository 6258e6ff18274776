import { setImmediate } from 'node:timers/promises';
import { editMarked } from '../marker.ts';
import type { FileChange } from '../workspace.ts';
import { type MarkedFile, type MarkedTree, mayHaveKey } from './marked.ts';
import { type GitObject, gitObject, treeWith } from './objects.ts';
import type { Packs } from './packs.ts';

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
  readonly packs: Packs;
}

/** What has come together while the trees are walked through. */
interface Result {
  readonly objects: GitObject[];
  readonly changes: FileChange[];
  readonly problems: string[];
  marked: number;
}

export async function editTree(tree: MarkedTree, edit: TreeEdit): Promise<EditedTree> {
  const result: Result = { objects: [], changes: [], problems: [], marked: 0 };
  const oid = await editSubtree(tree, edit, { result, path: '' });
  return { ...result, oid };
}

/** `path` is where the tree lies: empty for the root, else with a slash at its end. Gives the tree's new name. */
async function editSubtree(
  tree: MarkedTree,
  edit: TreeEdit,
  { result, path }: { readonly result: Result; readonly path: string },
): Promise<string> {
  const changed = new Map<string, string>();
  for (const [name, file] of tree.files) {
    if (!mayHaveKey(file, edit.key)) continue;
    const oid = editFile(file, edit, { result, path: path + name });
    if (oid !== file.oid) changed.set(name, oid);
    await setImmediate(); // Parsing takes its time: other work gets its turn.
  }
  for (const [name, child] of tree.trees) {
    const oid = await editSubtree(child, edit, { result, path: `${path}${name}/` });
    if (oid !== child.oid) changed.set(name, oid);
  }
  if (changed.size === 0) return tree.oid;
  const made = treeWith(edit.packs.read(tree.oid), changed);
  result.objects.push(made);
  return made.oid;
}

function editFile(
  { oid }: MarkedFile,
  edit: TreeEdit,
  { result, path }: { readonly result: Result; readonly path: string },
): string {
  const file = displayPath(path);
  const report = (problem: string) => result.problems.push(`${file}: ${problem}`);
  const bytes = edit.packs.readIfSmall(oid);
  const text = bytes && decode(bytes);
  if (text === undefined) {
    report(`The file is ${bytes ? 'not UTF-8' : 'too large'}; its markers are not used.`);
    return oid;
  }
  const edited = editMarked(text, edit.key, edit.revision);
  edited.problems.forEach(report);
  result.marked += edited.marked;
  if (edited.edits.length === 0) return oid;
  result.changes.push(...edited.edits.map((one) => ({ file, ...one })));
  const made = gitObject('blob', Buffer.from(edited.text));
  result.objects.push(made);
  return made.oid;
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // Reported by the caller as a problem of this file.
  }
}

/** Names have one character per byte until they are shown. */
function displayPath(path: string): string {
  return Buffer.from(path, 'latin1')
    .toString('utf8')
    .replaceAll(/\p{Cc}/gu, '?');
}
