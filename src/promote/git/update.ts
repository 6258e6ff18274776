import { hasCode, TurnpikeError } from '../../api/errors.ts';
import { refOf } from '../refs.ts';
import type { BranchUpdate, FileChange } from '../workspace.ts';
import type { Advertised } from './advertisement.ts';
import { type EditedTree, editTree } from './edit-tree.ts';
import { markedTree } from './marked.ts';
import { commitObject, parseCommit } from './objects.ts';
import type { RefUpdate } from './receive.ts';
import { fetchTip, type PushedCommit, type Repository } from './repository.ts';
import type { CommitSigner } from './sign/key.ts';
import type { Transport } from './transport.ts';

/** What has to be done to the promotion branch. */
export type Prepared =
  | { readonly kind: 'in-base'; readonly problems: readonly string[] }
  | (Edited & { readonly kind: 'unchanged'; readonly commit: string })
  | (Edited & {
      readonly kind: 'push';
      readonly refUpdate: RefUpdate;
      readonly content: PushedCommit;
    });

/** Where the branches are, and the commit that the new one goes on. */
export interface Place {
  readonly advertised: Advertised;
  readonly base: string;
  readonly sign?: CommitSigner | undefined;
}

interface Edited {
  readonly changes: readonly FileChange[];
  readonly problems: readonly string[];
}

const MAX_PROBLEMS = 20;
const BRANCHES_REMEMBERED = 5_000;

/**
 * Makes the one commit that belongs on top of the base branch, without sending it yet. A branch that holds
 * the right files already stays as it is, signed or not.
 */
export async function prepareUpdate(
  repository: Repository,
  transport: Transport,
  { update, advertised, base, sign }: { readonly update: BranchUpdate } & Place,
): Promise<Prepared> {
  const edited = await editBase(repository, transport, { update, base });
  const problems = edited.problems.slice(0, MAX_PROBLEMS);
  if (edited.marked === 0) throw nothingFound(transport, update, problems);
  if (edited.changes.length === 0) return { kind: 'in-base', problems };

  const ref = refOf(update.branch);
  const old = update.isDirect ? base : advertised.refs.get(ref);
  const wanted = { tree: edited.oid, parent: base, owner: ownerOf(update.message) };
  const changes = edited.changes.toSorted(inOrder);
  const { branch } = update;
  if (!update.isDirect && old !== undefined) {
    const isThere = await holds(repository, transport, { branch, tip: old, wanted });
    if (isThere) return { kind: 'unchanged', commit: old, changes, problems };
  }
  const commit = await commitObject({ ...update, tree: wanted.tree, parent: wanted.parent, sign });
  const refUpdate = { ref, old, commit: commit.oid, objects: [...edited.objects, commit] };
  return { kind: 'push', refUpdate, content: { ...wanted, commit: commit.oid }, changes, problems };
}

function inOrder(one: FileChange, other: FileChange): number {
  if (one.file === other.file) return one.line - other.line;
  return one.file < other.file ? -1 : 1;
}

/** Keeps in mind what a branch holds, so that it need not be fetched to be compared. */
export function rememberPushed(repository: Repository, branch: string, content: PushedCommit): void {
  if (repository.pushed.size >= BRANCHES_REMEMBERED) repository.pushed.clear();
  repository.pushed.set(branch, content);
}

async function editBase(
  repository: Repository,
  transport: Transport,
  { update, base }: { readonly update: BranchUpdate; readonly base: string },
): Promise<EditedTree> {
  const { packs } = repository;
  const { tree } = parseCommit(packs.read(base));
  const known = repository.marked.get(update.baseBranch);
  const marked = await markedTree(tree, known, { packs, name: transport.remote.name });
  repository.marked.set(update.baseBranch, marked);
  const { markerKey: key, files, revision } = update;
  return editTree(marked, { key, files, revision, packs });
}

/** True when the branch's tip is one commit on the wanted parent with the wanted files. */
async function holds(
  repository: Repository,
  transport: Transport,
  {
    branch,
    tip,
    wanted,
  }: { readonly branch: string; readonly tip: string; readonly wanted: Omit<PushedCommit, 'commit'> },
): Promise<boolean> {
  const known = repository.pushed.get(branch);
  const content = known?.commit === tip ? known : await fetchContent(repository, transport, branch);
  if (content?.commit === tip) refuseForeign(transport, branch, content.owner, wanted.owner);
  return content?.commit === tip && content.tree === wanted.tree && content.parent === wanted.parent;
}

/** What is on a branch that we did not push since we run; undefined when it is gone or no single commit. */
async function fetchContent(
  repository: Repository,
  transport: Transport,
  branch: string,
): Promise<PushedCommit | undefined> {
  try {
    const commit = await fetchTip(repository, transport, branch);
    const { tree, parents, message } = parseCommit(repository.packs.read(commit));
    const [parent, ...others] = parents;
    if (parent === undefined || others.length > 0) return undefined;
    const content = { commit, tree, parent, owner: ownerOf(message) };
    rememberPushed(repository, branch, content);
    return content;
  } catch (error) {
    if (hasCode(error, 'GitBranchNotFound')) return undefined;
    throw error;
  }
}

/** Whose commit it is, by the line that every commit of ours carries. */
function ownerOf(message: string): string | undefined {
  return /^Turnpike-Pipeline: (\S+)$/m.exec(message)?.[1];
}

/**
 * Two pipelines may give their branches one name: namespace `a-b` with name `c`, and `a` with `b-c`.
 * The second one must not push over the first one's proposal.
 */
function refuseForeign(
  { remote }: Transport,
  branch: string,
  theirs: string | undefined,
  ours: string | undefined,
): void {
  if (theirs === undefined || ours === undefined || theirs === ours) return;
  const message = `Branch ${branch} in ${remote.name} belongs to another pipeline, ${theirs}. Rename one of the two, its namespace or its environment; if that pipeline is no more, delete the branch.`;
  throw new TurnpikeError('GitRejected', message, { retry: 'never' });
}

function nothingFound(
  transport: Transport,
  update: BranchUpdate,
  problems: readonly string[],
): TurnpikeError {
  const marker = `# ${JSON.stringify({ $promotion: update.markerKey })}`;
  const where = `${transport.remote.name} (branch ${update.baseBranch})`;
  const none = `No value in ${where} carries the marker ${marker}`;
  const unusable = problems.length === 0 ? '' : ` Not usable: ${problems.join(' ')}`;
  const message = update.files?.length
    ? `${none}, and files leads to none. ${problems.join(' ')}`
    : `${none}: put it behind the version to promote.${unusable}`;
  return new TurnpikeError('MarkerNotFound', message, { retry: 'never' });
}
