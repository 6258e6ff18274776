import type { FileEdit } from '../../../api/change.ts';
import { pinsOf } from '../../../decide/model/revision.ts';
import { oneByOne } from '../../../lib/async/index.ts';
import { TurnpikeError } from '../../../lib/errors.ts';
import { type GitObject, gitObject, type Packs, treeWith } from '../../../lib/git/index.ts';
import { maskControls } from '../../../lib/text/index.ts';
import type { FileChange } from '../port.ts';
import { createEditBudget, type EditBudget } from './budget.ts';
import { editFile } from './file.ts';
import { type MarkedFile, type MarkedTree, mayHaveKey } from './marked.ts';
import { type Active, enterAll, matching, selectionProblems, selectionsOf, startAll } from './selection.ts';

/** A tree with every marker of one key, and every field that `files` names, set to one revision. */
export interface EditedTree {
  readonly oid: string;
  /** New objects, to be pushed. */
  readonly objects: readonly GitObject[];
  readonly changes: readonly FileChange[];
  /** How many scalars were found, those that had the revision already included. */
  readonly marked: number;
  readonly problems: readonly string[];
  /** Artifacts, or `revision`, that name a digest or a commit which none of these scalars does. */
  readonly byVersion?: readonly string[] | undefined;
}

export interface TreeEdit {
  readonly key: string;
  readonly revision: string;
  /** Fields that are changed without markers. */
  readonly files?: readonly FileEdit[] | undefined;
  readonly packs: Packs;
  readonly budget?: EditBudget;
}

/** Collects the edits while the trees are walked. */
interface Result {
  readonly objects: GitObject[];
  readonly changes: FileChange[];
  readonly problems: string[];
  marked: number;
  byVersion: readonly string[];
  /** How many names were compared with the paths of `files`. */
  compared: number;
  /** How many files matched one. */
  selected: number;
}

/** A place in the repository: `path` is empty for its top, and ends with a slash below. */
interface TreePosition {
  readonly path: string;
  readonly active: readonly Active[];
  readonly result: Result;
  readonly budget: EditBudget;
}

/** Reading one takes about 0.2 ms. */
const MAX_SELECTED = 20_000;
/** Size from which a file is large: parsing it takes a hundred times its size. */
const LARGE_BYTES = 128 * 1024;
/** Reading a file takes as long as so many tokens. */
const FILE_TOKENS = 50;
/** Other work gets its turn after so many names. */
const NAMES_AT_ONCE = 200;

/** Throws `SpecInvalid` for `files` that cannot be used. */
export async function editTree(tree: MarkedTree, edit: TreeEdit): Promise<EditedTree> {
  const selections = selectionsOf(edit.files ?? []);
  const counts = { marked: 0, compared: 0, selected: 0 };
  const result: Result = {
    objects: [],
    changes: [],
    problems: [],
    byVersion: [...pinsOf(edit.revision).keys()],
    ...counts,
  };
  const active = startAll(selections, edit.revision);
  const { budget = createEditBudget() } = edit;
  const oid = await editSubtree(tree, edit, { path: '', active, result, budget });
  const problems = [...selectionProblems(selections, edit.revision), ...result.problems];
  const { objects, changes, marked, byVersion } = result;
  return { oid, objects, changes, marked, problems, ...(byVersion.length > 0 && { byVersion }) };
}

/** Gives the tree's new name. */
async function editSubtree(tree: MarkedTree, edit: TreeEdit, place: TreePosition): Promise<string> {
  const { path, active, result, budget } = place;
  const changed = new Map<string, string>();
  for (const [name, file] of tree.files) {
    if (isTimeForOthers(place)) await budget.turn();
    const selected = matching(active, name);
    if (isUntouched(file, selected, edit)) continue;
    countSelected(selected, result);
    const oid = await editBlob(file, edit, { ...place, path: path + name, active: selected });
    if (oid !== file.oid) changed.set(name, oid);
  }
  for (const [name, child] of tree.trees) {
    if (isTimeForOthers(place)) await budget.turn();
    const entered = enterAll(active, name);
    if (isUntouched(child, entered, edit)) continue;
    const oid = await editSubtree(child, edit, { ...place, path: `${path}${name}/`, active: entered });
    if (oid !== child.oid) changed.set(name, oid);
  }
  if (changed.size === 0) return tree.oid;
  const made = treeWith(edit.packs.read(tree.oid), changed);
  result.objects.push(made);
  return made.oid;
}

function isUntouched(part: MarkedFile | MarkedTree, active: readonly Active[], { key }: TreeEdit): boolean {
  return active.length === 0 && !mayHaveKey(part, key);
}

/** Gives the file's new name. */
async function editBlob(file: MarkedFile, edit: TreeEdit, place: TreePosition): Promise<string> {
  const { path, active, result, budget } = place;
  const key = mayHaveKey(file, edit.key) ? edit.key : undefined;
  const bytes = edit.packs.readIfSmall(file.oid);
  await budget.spend(FILE_TOKENS);
  const wish = { key, revision: edit.revision, selected: active };
  const done = bytes && bytes.length > LARGE_BYTES ? await budget.parse() : undefined;
  const edited = await oneByOne(editFile(bytes, wish), budget.spend).finally(done);
  const shown = displayPath(path);
  result.problems.push(...edited.problems.map((problem) => `${shown}: ${problem}`));
  result.marked += edited.marked;
  const { pinned = [] } = edited;
  if (pinned.length > 0) result.byVersion = result.byVersion.filter((one) => !pinned.includes(one));
  if (edited.edits.length === 0) return file.oid;
  result.changes.push(...edited.edits.map((one) => ({ file: shown, ...one })));
  const made = gitObject('blob', Buffer.from(edited.text));
  result.objects.push(made);
  return made.oid;
}

/** Counts a name that is compared with the paths of `files`, and says when other work should get its turn. */
function isTimeForOthers({ active, result }: TreePosition): boolean {
  if (active.length === 0) return false;
  result.compared += 1;
  return result.compared % NAMES_AT_ONCE === 0;
}

function countSelected(selected: readonly Active[], result: Result): void {
  if (selected.length === 0) return;
  for (const { selection } of selected) selection.files += 1;
  result.selected += 1;
  if (result.selected <= MAX_SELECTED) return;
  const message = `The paths of files match more than ${MAX_SELECTED} files: write them so that fewer match.`;
  throw new TurnpikeError('SpecInvalid', message);
}

/** Names have one character per byte until they are shown. */
function displayPath(path: string): string {
  return maskControls(Buffer.from(path, 'latin1').toString('utf8'));
}
