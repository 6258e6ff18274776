import { parseRevision, partsOf, shortRevision } from '../../../decide/model/revision.ts';
import { TurnpikeError } from '../../../lib/errors.ts';
import { fetchTip, parseCommit, type Repository, type Transport } from '../../../lib/git/index.ts';
import type { BranchUpdate } from '../port.ts';
import { differsByPins } from './pins.ts';
import type { EditedTree } from './tree.ts';

/** So far behind the tip the commit is looked for that was promoted before. */
const MAX_DEPTH = 20;

const HASH = /\b[0-9a-f]{40}\b/;

interface Question {
  readonly update: BranchUpdate;
  readonly edited: EditedTree;
  /** The base branch's tip. */
  readonly base: string;
}

/**
 * A revision that is a commit of the very branch it is promoted into makes a new revision of each promotion: where
 * nobody looks at them in between, one would follow the other without end. It is promoted as long as it brings
 * something. Where it differs from the commit that the branch names so far by nothing but what promotions have
 * written, it would bring itself alone. A commit of a person that is the tip is promoted, and so
 * is what came in between two of ours: to stop at every commit of ours would leave that out.
 *
 * Unknown is no reason to stop: one commit more is made then, which is the tip, and compared with this one.
 *
 * @throws TurnpikeError `NothingNew`
 */
export async function refuseCircular(
  repository: Repository,
  transport: Transport,
  question: Question,
): Promise<void> {
  const { update, edited } = question;
  const commit = update.isUnattended ? commitOf(update) : undefined;
  if (commit === undefined || !repository.packs.has(commit)) return;
  // Other artifacts of a set that are new are brought with it.
  if (edited.changes.some(({ to }) => !to.includes(commit))) return;
  const named = new Set(edited.changes.map(({ from }) => HASH.exec(from)?.[0]));
  for (const before of named) {
    if (before === undefined) return;
    if (!(await bringsNothing(repository, transport, { ...question, before, commit }))) return;
  }
  const what = `${shortRevision(update.revision)} has nothing new but what promotions have written to branch ${update.baseBranch} of ${transport.remote.name}`;
  const message = `${what}: it is not promoted, or each promotion would be followed by another one. It waits for a commit that changes something else.`;
  throw new TurnpikeError('NothingNew', message);
}

/** The commit of a revision that follows the branch, alone or in a set. */
function commitOf({ revision, baseBranch }: BranchUpdate): string | undefined {
  const all = partsOf(revision).map((part) => parseRevision(part.revision));
  return all.find(({ branch, commit }) => commit !== undefined && branch === baseBranch)?.commit;
}

async function bringsNothing(
  repository: Repository,
  transport: Transport,
  { update, base, before, commit }: Question & { readonly before: string; readonly commit: string },
): Promise<boolean> {
  const { packs, shared } = repository;
  if (!packs.has(before)) {
    await fetchTip(repository, transport, { branch: update.baseBranch, tip: base, depth: MAX_DEPTH });
  }
  if (!packs.has(before)) return false;
  const treeOf = (oid: string) => parseCommit(packs.read(oid)).tree;
  const turn = shared.turns.job(transport.waiting, transport.tenant);
  return differsByPins(packs, { before: treeOf(before), after: treeOf(commit) }, turn);
}
