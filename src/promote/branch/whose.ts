import { TurnpikeError } from '../../lib/errors.ts';
import { type Commit, personText, type Transport } from '../../lib/git/index.ts';
import type { Ahead } from './ahead.ts';
import type { BranchUpdate } from './port.ts';
import { keepsOthers, ownerOf, replacedBy } from './trailers.ts';

/**
 * True: it is the one commit that we put on the base branch, be it as a merge with what it replaces, untouched. Somebody
 * who amends or rebases it is its committer from then on. The committer may have been another one when it was pushed.
 */
export function isOurs(oid: string, commit: Commit, update: BranchUpdate): boolean {
  const { committer = update.author, message, pushed } = update;
  const owner = ownerOf(message);
  if (owner === undefined || ownerOf(commit.message) !== owner) return false;
  const [, replaced] = commit.parents;
  if (commit.parents.length > 2 || replaced !== replacedBy(commit.message)) return false;
  if (commit.parents.length === 0 || keepsOthers(commit.message)) return false;
  const name = Buffer.from(personText(committer)).toString('latin1');
  return oid === pushed?.commit || commit.committer === name;
}

/** Whose branch it is: people's commits go on top of the pipeline's. */
export function branchOwner({ commits }: Ahead, tip: string): string | undefined {
  for (let commit = commits.get(tip); commit; commit = commits.get(commit.parents[0] ?? '')) {
    const owner = ownerOf(commit.message);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

/** People may have a branch of the name that a Pipeline chose, such as one that they deploy from: it is left alone. */
export function refuseTaken({ remote }: Transport, update: BranchUpdate, theirs: string | undefined): void {
  if (theirs !== undefined || !update.mayBeTaken) return;
  const message = `Branch ${update.branch} in ${remote.name} already exists and does not belong to Turnpike: choose another pull-request.branch, or delete the branch.`;
  throw new TurnpikeError('GitRejected', message);
}

/**
 * Two pipelines may give their branches one name: namespace `a-b` with name `c`, and `a` with `b-c`, or by `branch`.
 * The second one must not push over the first one's proposal.
 */
export function refuseForeign({ remote }: Transport, update: BranchUpdate, theirs: string | undefined): void {
  const ours = ownerOf(update.message);
  if (theirs === undefined || ours === undefined || theirs === ours) return;
  const message = `Branch ${update.branch} in ${remote.name} belongs to another pipeline, ${theirs}. Give one of the two another pull-request.branch; if that pipeline no longer exists, delete the branch.`;
  throw new TurnpikeError('GitRejected', message);
}
