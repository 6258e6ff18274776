import type { PullRequestRef, PullRequestStrategy } from '../../api/pipeline.ts';
import { isSame } from '../../decide/model/revision.ts';
import { type AttemptTime, gitTime } from '../../lib/async/index.ts';
import { defined } from '../../lib/defined.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { type Credentials, type Forge, forGit, type PullRequest } from '../../lib/forges/index.ts';
import { kindOf } from '../../lib/forges/pure.ts';
import type { BranchResult, BranchUpdate, BranchUpdater } from '../branch/port.ts';
import { alreadyThere, commitBy, mergedState, sentences, writtenOf } from '../result.ts';
import {
  concluded,
  type PreparedPromotion,
  type PromotionRequest,
  type PromotionResult,
} from '../strategy.ts';
import { atOnce, mayBeRebased, typeOf } from './forge-type.ts';
import { findOpen, type KnownPull, lookAtKnown, placeOf } from './known-pull-request.ts';
import { markerKey, promotionBranch } from './names.ts';
import { commitMessage } from './texts.ts';
import { createPullRequest, updateIfChanged, wantedPullRequest } from './wanted-pull-request.ts';

/** Brings one branch and its one pull request to a revision. */

export interface PullRequestAttempt {
  readonly request: PromotionRequest;
  readonly settings: PullRequestStrategy;
  readonly credentials: Credentials;
  readonly forge: Forge;
  readonly now: Date;
  readonly time?: AttemptTime;
}

type Git = Pick<BranchUpdater, 'prepare' | 'updateBranch' | 'hasBranch' | 'inspect'>;

export async function preparePullRequest(git: Git, attempt: PullRequestAttempt): Promise<PreparedPromotion> {
  const { request, forge } = attempt;
  const update = updateOf(attempt);
  const base = request.pullRequest?.base ?? update.baseBranch;
  const look = () =>
    lookAtKnown(forge, request, { head: update.branch, hasBase: () => hasBranch(git, update, base) });
  // Nothing is pushed for what a person has said no to.
  if (request.wasMerged && mergedState(await git.inspect(update), request) === 'reverted')
    return concluded({ kind: 'reverted' });
  const isThis = isSame(request.pullRequest?.revision, request.revision);
  if (isThis && (await look()).rejected !== undefined) return concluded({ kind: 'closed' });
  const prepared = await git.prepare(update);
  const push: Push = { first: prepared.push, again: () => git.updateBranch(update), look };
  return { carryOut: () => ensurePullRequest(attempt, push), discard: prepared.discard };
}

interface Push {
  readonly first: () => Promise<BranchResult>;
  /** Pushes once more what may have been merged since the first push. */
  readonly again: () => Promise<BranchResult>;
  /** Looks at the pull request that is known. */
  readonly look: () => Promise<KnownPull>;
}

async function ensurePullRequest(attempt: PullRequestAttempt, push: Push): Promise<PromotionResult> {
  const { request, settings, forge } = attempt;
  const into = { url: settings.url, branch: settings.baseBranch };
  let branch = await push.first();
  if (branch.kind === 'in-base') {
    const left = await leftOpen(forge, attempt);
    return { ...alreadyThere(request, into, branch), ...(left && { pullRequest: left }) };
  }
  const known = await push.look();
  if (!known.open && request.pullRequest) {
    // It may have been merged with what was just pushed: another one would bring the same once more.
    branch = await push.again();
    if (branch.kind === 'in-base') return alreadyThere(request, into, branch);
    if (isSame(known.rejected, request.revision)) return { kind: 'closed' };
  }
  if (branch.kind === 'blocked') throw await blocked(forge, known.open, branch.reason);
  return createOrUpdate(forge, attempt, { branch, known });
}

/** Finds a pull request that an earlier attempt opened without knowing it. */
async function leftOpen(
  forge: Forge,
  { request, settings }: PullRequestAttempt,
): Promise<PullRequestRef | undefined> {
  const mayBe = request.mayBeOpen && request.pullRequest === undefined;
  return mayBe ? findOpen(forge, request, settings) : undefined;
}

interface Pushed {
  readonly branch: Extract<BranchResult, { kind: 'pushed' | 'unchanged' }>;
  readonly known: KnownPull;
}

async function createOrUpdate(
  forge: Forge,
  attempt: PullRequestAttempt,
  { branch, known }: Pushed,
): Promise<PromotionResult> {
  const { request, settings } = attempt;
  const wanted = wantedPullRequest(request, settings, forge, branch);
  const pull = known.open
    ? await updateIfChanged(forge, request, known.open, wanted)
    : await createPullRequest(forge, request, wanted);
  const { labels = [], assignees = [], reviewers = [] } = settings;
  // It is there by now, and is recorded whatever comes next: a person may close it before the next attempt.
  const { refused = [], failure } = await unlessFailed(
    forge.setMetadata(pull, { labels, assignees, reviewers }),
  );
  const page = pull.pageProblem === undefined ? [] : [pull.pageProblem];
  const problems = [...(branch.others ? [OTHERS] : []), ...branch.problems, ...refused, ...page];
  return {
    kind: 'pull-request',
    pullRequest: referenceTo(pull, attempt, branch),
    ...defined({ byVersion: branch.byVersion, rejected: known.rejected, failure }),
    ...(problems.length > 0 && { message: sentences(problems) }),
  };
}

async function unlessFailed(updated: Promise<readonly string[]>) {
  try {
    return { refused: await updated };
  } catch (error) {
    if (!(error instanceof TurnpikeError) || error.code === 'NotLeading') throw error;
    return { failure: { message: error.message, retry: error.retry } };
  }
}

const OTHERS = 'Its branch has commits of others: they are kept, and people merge it.';

function referenceTo(
  { url, number }: PullRequest,
  { request, settings }: PullRequestAttempt,
  { commit, others }: Pushed['branch'],
): PullRequestRef {
  return {
    url,
    number,
    revision: request.revision,
    ...placeOf(settings, promotionBranch(request, settings)),
    commit,
    ...(others && { others }),
  };
}

function updateOf({ request, settings, credentials, forge, now, time }: PullRequestAttempt): BranchUpdate {
  const { commit, others = false } = request.pullRequest ?? {};
  const revision = request.writtenBefore ?? request.pullRequest?.revision;
  // A head with commits of others on it is nothing that may be pushed over.
  const own = others ? undefined : commit;
  const branch = promotionBranch(request, settings);
  return {
    url: forge.cloneUrl ?? settings.url,
    baseBranch: settings.baseBranch,
    branch,
    mayBeTaken: settings.branch !== undefined && request.pullRequest?.branch !== branch,
    ...atOnce(typeOf(settings)),
    isUnattended: settings.merge === 'auto' && request.approvedBy === undefined,
    mayBeRebased: mayBeRebased(settings),
    markerKey: markerKey(request),
    files: settings.files,
    revision: writtenOf(request),
    message: commitMessage(request, settings.templates),
    pushed: defined({ commit: own, revision }),
    ...commitBy(settings.commit, credentials),
    credentials: forGit(credentials, kindOf(typeOf(settings))),
    now,
    ...gitTime(time),
  };
}

function hasBranch(git: Git, update: BranchUpdate, branch: string): Promise<boolean> {
  const { url, credentials, signal, waiting } = update;
  return git.hasBranch({ url, branch, credentials, ...defined({ signal, waiting }) });
}

/** Says in the pull request, too, what keeps it from being updated. */
async function blocked(forge: Forge, pull: PullRequest | undefined, reason: string): Promise<TurnpikeError> {
  if (pull) await forge.comment(pull, reason);
  return new TurnpikeError('GitRejected', reason);
}
