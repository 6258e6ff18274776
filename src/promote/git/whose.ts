import { TurnpikeError } from '../../api/errors.ts';
import type { BranchUpdate } from '../workspace.ts';
import type { Ahead } from './ahead.ts';
import { type Commit, personText } from './objects.ts';
import type { Transport } from './transport.ts';

/** Names the commit of others that one of ours goes on from. */
const KEEPS = 'Turnpike-Keeps';
const KEEPS_LINE = /^Turnpike-Keeps: /m;
/** Names the tip that had nothing of others, and that one of ours goes on from where no force push is taken. */
const REPLACES = 'Turnpike-Replaces';
const REPLACES_LINE = /^Turnpike-Replaces: ([0-9a-f]{40})$/m;

const OWNER_LINE = /^Turnpike-Pipeline: (\S+)$/gm;

/** Whose commit it is, by the line that every commit of ours carries. */
export function ownerOf(message: string): string | undefined {
  return ownerLine(message)?.[1];
}

/** The last one is ours: what stands before it may come from a template of the Pipeline. */
function ownerLine(message: string): RegExpExecArray | undefined {
  return [...message.matchAll(OWNER_LINE)].at(-1);
}

/** What we say of a commit behind the line that says whose it is. */
function trailersOf(message: string): string {
  const line = ownerLine(message);
  return line ? message.slice(line.index) : '';
}

/** The message of a commit that goes on top of others' work: a later process must not take it for one on the base. */
export function keeping(message: string, tip: string): string {
  return withTrailer(message, `${KEEPS}: ${tip}`);
}

/** The message of a commit that takes a branch's place without a force push: the base branch and this tip are its parents. */
export function replacing(message: string, tip: string): string {
  return withTrailer(message, `${REPLACES}: ${tip}`);
}

function withTrailer(message: string, trailer: string): string {
  const gap = ownerOf(message) === undefined ? '\n\n' : '\n';
  return `${message.trimEnd()}${gap}${trailer}\n`;
}

/**
 * Whether it is the one commit that we put on the base branch, be it as a merge with what it replaces, untouched: somebody
 * who amends or rebases it is its committer from then on. The committer may have been another one when it was pushed.
 */
export function isOurs(oid: string, commit: Commit, update: BranchUpdate): boolean {
  const { committer = update.author, message, pushed } = update;
  const owner = ownerOf(message);
  if (owner === undefined || ownerOf(commit.message) !== owner) return false;
  const [, replaced] = commit.parents;
  const trailers = trailersOf(commit.message);
  if (commit.parents.length > 2 || replaced !== REPLACES_LINE.exec(trailers)?.[1]) return false;
  if (commit.parents.length === 0 || KEEPS_LINE.test(trailers)) return false;
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

/**
 * Two pipelines may give their branches one name: namespace `a-b` with name `c`, and `a` with `b-c`, or by `branch`.
 * The second one must not push over the first one's proposal.
 */
export function refuseForeign({ remote }: Transport, update: BranchUpdate, theirs: string | undefined): void {
  const ours = ownerOf(update.message);
  if (theirs === undefined || ours === undefined || theirs === ours) return;
  const message = `Branch ${update.branch} in ${remote.name} belongs to another pipeline, ${theirs}. Give one of the two another pull-request.branch; if that pipeline is no more, delete the branch.`;
  throw new TurnpikeError('GitRejected', message, { retry: 'never' });
}
