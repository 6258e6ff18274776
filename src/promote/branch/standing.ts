import { putBounded } from '../../lib/async/index.ts';
import { hasCode, TurnpikeError } from '../../lib/errors.ts';
import { type Commit, fetchTip, parseCommit, type Repository, type Transport } from '../../lib/git/index.ts';
import { type Ahead, fetchAhead } from './ahead.ts';
import { editAt } from './edit/base.ts';
import { isMerged } from './merged.ts';
import { BRANCHES, type BranchMemory, type LookResult, type PushedCommit } from './notes.ts';
import type { BranchUpdate } from './port.ts';
import type { Refused } from './prepared.ts';
import { ownerOf } from './trailers.ts';
import { branchOwner, isOurs, refuseForeign, refuseTaken } from './whose.ts';

/** A promotion branch that is there, and what it shall be. */
export interface PromotionBranch {
  readonly update: BranchUpdate;
  readonly tip: string;
  /** The base branch's tip. */
  readonly base: string;
  /** The base's files with the revision set. */
  readonly wanted: string;
}

/**
 * How a branch stands. `free`: it has nothing of anybody else, so that base and one commit may take its place.
 * `others`: somebody's work is on it; `tree` is the tip's.
 */
export type Standing =
  | LookResult
  | Refused
  /** `isInBase`: the base branch has the tip, so that no force push is needed. */
  | { readonly kind: 'free'; readonly isInBase?: true }
  | { readonly kind: 'others'; readonly tree: string };

const BRANCHES_REMEMBERED = 5_000;
const FREE: Standing = { kind: 'free' };
const UNCHANGED: LookResult = { kind: 'unchanged' };

/** Keeps in mind what a branch is, so that it need not be fetched to be compared. */
export function remember(repository: Repository, branch: string, memory: BranchMemory): void {
  putBounded(repository.notes.of(BRANCHES), branch, memory, BRANCHES_REMEMBERED);
}

/** All that the result of a look depends on. */
export function questionOf({ update, tip, base }: Omit<PromotionBranch, 'wanted'>): string {
  const { markerKey, files, revision, message } = update;
  return JSON.stringify([tip, base, markerKey, files, revision, ownerOf(message)]);
}

/** Asks the server no more than the answer needs: nothing for what was pushed or looked at before. */
export async function standingOf(
  repository: Repository,
  transport: Transport,
  branch: PromotionBranch,
): Promise<Standing> {
  const { update, tip } = branch;
  const known = repository.notes.of(BRANCHES).get(update.branch);
  if (known?.kind === 'own' && known.content.commit === tip) {
    return ownStanding(transport, branch, known.content);
  }
  if (known?.kind === 'seen' && known.question === questionOf(branch)) return known.result;
  try {
    return await lookAt(repository, transport, branch);
  } catch (error) {
    // Somebody has pushed to it or deleted it since its tip was named: it is looked at anew.
    if (hasCode(error, 'GitBranchNotFound'))
      return { kind: 'refused', error: moved(transport, branch), old: tip };
    if (hasCode(error, 'GitRejected') && error.retry !== 'never') return { kind: 'refused', error, old: tip };
    throw error;
  }
}

async function lookAt(
  repository: Repository,
  transport: Transport,
  branch: PromotionBranch,
): Promise<Standing> {
  const { update, tip, base, wanted } = branch;
  const ahead = await fetchAhead(repository, transport, { ...branch, branch: update.branch });
  const commit = ahead.commits.get(tip);
  if (commit === undefined) {
    if (update.mayBeTaken) refuseTaken(transport, update, await ownerOfTip(repository, transport, branch));
    return { kind: 'free', isInBase: true };
  }
  const owner = branchOwner(ahead, tip);
  refuseForeign(transport, update, owner);
  refuseTaken(transport, update, owner);
  const [parent, replaced] = commit.parents;
  if (parent !== undefined && isOurs(tip, commit, update)) {
    const isMerge = replaced !== undefined;
    const content = { commit: tip, tree: commit.tree, parent, isMerge, owner: ownerOf(commit.message) };
    remember(repository, update.branch, { kind: 'own', content });
    return ownStanding(transport, branch, content);
  }
  if (commit.tree === wanted && ahead.bases.includes(base)) {
    const question = questionOf(branch);
    remember(repository, update.branch, { kind: 'seen', question, result: UNCHANGED });
    return UNCHANGED;
  }
  if (bringsOurCommit(ahead, commit, update)) return FREE;
  const { depth } = ahead;
  const fetched = await fetchTip(repository, transport, {
    branch: update.branch,
    depth: Math.max(depth, 1),
    have: base,
  });
  if (fetched !== tip) throw moved(transport, branch);
  const isFree = await bringsNoWork(repository, transport, {
    ...branch,
    tree: commit.tree,
    bases: ahead.bases,
    isNobodys: owner === undefined && update.pushed?.commit === undefined,
  });
  return isFree ? FREE : { kind: 'others', tree: commit.tree };
}

/** The owner of a tip that the base branch has, as after a merge of ours. */
async function ownerOfTip(
  repository: Repository,
  transport: Transport,
  branch: PromotionBranch,
): Promise<string | undefined> {
  const { update, tip, base } = branch;
  const fetched = await fetchTip(repository, transport, { branch: update.branch, have: base });
  if (fetched !== tip) throw moved(transport, branch);
  return ownerOf(parseCommit(repository.packs.read(tip)).message);
}

function ownStanding(
  transport: Transport,
  { update, base, wanted }: PromotionBranch,
  { tree, parent, isMerge, owner }: PushedCommit,
): Standing {
  refuseForeign(transport, update, owner);
  if (isMerge && update.mayBeRebased) return FREE;
  return tree === wanted && parent === base ? UNCHANGED : FREE;
}

/** True: commits that others put on ours leave its files as they were. */
function bringsOurCommit({ commits }: Ahead, { tree }: Commit, update: BranchUpdate): boolean {
  return [...commits].some(([oid, one]) => one.tree === tree && isOurs(oid, one, update));
}

/**
 * True: the tip is a commit of the base branch and our edit, as after "Update branch" or a rebase by the forge; or
 * the base has all that it brings. A tip that takes our edit back is somebody's word. On a branch that was never ours,
 * as the predecessor leaves it, any value may stand where ours goes.
 */
async function bringsNoWork(
  repository: Repository,
  transport: Transport,
  {
    update,
    base,
    tree,
    bases,
    isNobodys,
  }: PromotionBranch & {
    readonly tree: string;
    readonly bases: readonly string[];
    readonly isNobodys: boolean;
  },
): Promise<boolean> {
  const { packs } = repository;
  const treeOf = (commit: string) => parseCommit(packs.read(commit)).tree;
  const revisions = new Set([update.pushed?.revision ?? update.revision, update.revision]);
  const trees = bases.filter((commit) => packs.has(commit)).map(treeOf);
  if (trees.includes(tree)) return false;
  const tip = isNobodys ? (await editAt(repository, transport, update, tree)).oid : tree;
  for (const old of trees) {
    if (
      await isMerged(
        packs,
        { tip: tree, old, base: treeOf(base) },
        repository.shared.turns.job(transport.waiting),
      )
    )
      return true;
    for (const revision of revisions) {
      const edited = await editAt(repository, transport, { ...update, revision }, old);
      if (edited.oid === tip) return true;
    }
  }
  return false;
}

function moved({ remote }: Transport, { update }: PromotionBranch): TurnpikeError {
  const message = `Branch ${update.branch} in ${remote.name} changed while it was being read: it is read again.`;
  return new TurnpikeError('GitRejected', message, { retry: 'backoff' });
}
