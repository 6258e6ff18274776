import { shortRevision } from '../../decide/model/revision.ts';
import {
  type CommitSigner,
  commitObject,
  type Repository,
  refOf,
  type Transport,
} from '../../lib/git/index.ts';
import { editAt, markerText } from './edit/base.ts';
import type { LookResult } from './notes.ts';
import type { FileChange } from './port.ts';
import type { Prepared } from './prepared.ts';
import { type PromotionBranch, questionOf, remember } from './standing.ts';
import { keeping } from './trailers.ts';

export interface OthersBranch extends Omit<PromotionBranch, 'wanted'> {
  /** The tip's files. */
  readonly tree: string;
  /** Changes that the base branch lacks of the revision: those that the pull request brings. */
  readonly changes: readonly FileChange[];
  readonly byVersion?: readonly string[] | undefined;
  readonly sign?: CommitSigner | undefined;
}

/** A branch with commits of others is never pushed over: what it lacks goes on top. */
export async function prepareOnTop(
  repository: Repository,
  transport: Transport,
  branch: OthersBranch,
): Promise<Prepared> {
  const { update, tip, changes, byVersion } = branch;
  const edited = await editAt(repository, transport, update, branch.tree);
  const { problems } = edited;
  if (edited.marked === 0) {
    const reason = blockedSentence(transport, branch);
    return seen(repository, branch, { kind: 'blocked', reason, problems });
  }
  if (edited.changes.length === 0) {
    return seen(repository, branch, { kind: 'unchanged', others: true, problems });
  }
  const commit = await commitObject({
    ...update,
    tree: edited.oid,
    parents: [tip],
    message: keeping(update.message, tip),
    sign: branch.sign,
  });
  const objects = [...edited.objects, commit];
  return {
    kind: 'push',
    refUpdate: { ref: refOf(update.branch), old: tip, commit: commit.oid, objects },
    memory: {
      kind: 'seen',
      question: questionOf({ ...branch, tip: commit.oid }),
      result: { kind: 'unchanged', others: true, problems },
    },
    others: true,
    changes,
    problems,
    byVersion,
  };
}

function seen(repository: Repository, branch: OthersBranch, result: LookResult): Prepared {
  remember(repository, branch.update.branch, { kind: 'seen', question: questionOf(branch), result });
  const { tip: commit, changes, byVersion } = branch;
  return result.kind === 'blocked'
    ? { ...result, commit }
    : { problems: [], ...result, commit, changes, byVersion };
}

function blockedSentence({ remote }: Transport, { update, tip }: OthersBranch): string {
  const places = update.files?.length ? ', and files selects no value there' : '';
  return `Branch ${update.branch} in ${remote.name} has commits of others, up to ${tip.slice(0, 12)}, and ${shortRevision(update.revision)} cannot go on top of them: no value there carries the marker ${markerText(update)} any more${places}. Put the value back with its marker, or remove these commits from the branch.`;
}
