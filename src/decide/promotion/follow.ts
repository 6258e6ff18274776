import type { PromotionStatus } from '../../api/pipeline.ts';
import { downgrade, toClose } from '../gates/candidate.ts';
import { isByHand } from '../gates/gates.ts';
import type { In } from '../model/phase.ts';
import { isOlder, isSame, revisionOf, shortRevision } from '../model/revision.ts';
import { commonRevision, ownValue } from '../model/state.ts';
import { saysSuspended } from '../model/suspended.ts';
import { TRANSITIONS } from './phases.ts';
import { withoutRemark, withRemark } from './remarks.ts';
import {
  applicationPoll,
  type Context,
  changed,
  isOpenState,
  PULL_REQUEST_POLL,
  type PullRequestState,
  pollAfter,
  type Step,
} from './step.ts';

/** Follows a pull request to its merge, and the merged change to its deployment. */
export function followPullRequest(
  context: Context,
  record: In<'PullRequestOpen' | 'Merged'>,
  tryAgain: (record: In<'Pending'>) => Step,
): Step {
  if (record.phase === 'Merged') return awaitDeployment(context, record);
  const says = ownValue(context.pullRequests, context.environment.name);
  // An end is recorded already, see pull-request-state.ts. A forge may omit a pull request for a moment: the next
  // attempt asks for it again, and reports a base branch that is gone.
  if (says !== undefined && !isOpenState(says)) {
    return tryAgain({ ...record, phase: TRANSITIONS.unseen.to });
  }
  return keepOpen(context, record, says);
}

/** A merged pull request, whichever branch it was merged into, is never open again. */
export function overAfter<Record extends PromotionStatus>(
  record: Record,
  says: PullRequestState,
  now: Date,
): Record {
  const { pullRequest } = record;
  if (!pullRequest || says === 'closed') return record;
  return { ...record, pullRequest: { ...pullRequest, endedAt: now.toISOString() } };
}

function keepOpen(context: Context, record: In<'PullRequestOpen'>, says: PullRequestState | undefined): Step {
  const older = isByHand(record) ? undefined : downgrade(context, record.revision);
  if (older !== undefined) {
    return changed(context, record, { by: 'downgrade', message: older + toClose(record) });
  }
  if (isRebuildDue(context, record, says)) {
    // The pull request stays open meanwhile: only its branch and its text are updated.
    const attempts = record.failure ? (record.attempts ?? 0) + 1 : 1;
    // A process that takes over after a crash continues the update.
    const nextAttemptAt = context.now.toISOString();
    const promotion = { ...withRebuild(record, says, context.now), attempts, nextAttemptAt };
    return { kind: 'promote', promotion };
  }
  const wakeAfter = pollAfter(context, record, PULL_REQUEST_POLL);
  const message = withConflict(record, says);
  if (message === (record.message ?? '')) return { kind: 'rest', wakeAfter };
  return changed(context, record, { message }, wakeAfter);
}

/** Records a rebuild for a base or a head that moved; a rebuild that a person requested does not cover later moves. */
function withRebuild(
  record: PromotionStatus,
  says: PullRequestState | undefined,
  now: Date,
): PromotionStatus {
  const { pullRequest } = record;
  if (!pullRequest || !isInTheWay(record, says)) return record;
  return { ...record, pullRequest: { ...pullRequest, rebuiltAt: now.toISOString() } };
}

/**
 * Records that a person must resolve a conflict which Turnpike does not rebuild. The remark stays if the forge was not
 * asked.
 */
function withConflict(record: PromotionStatus, says: PullRequestState | undefined): string {
  const before = record.message ?? '';
  if (says === undefined) return before;
  const isTheirs = says === 'conflicting' && record.pullRequest?.others;
  return isTheirs ? withRemark(before, 'conflict') : withoutRemark(before, 'conflict');
}

/** Seconds between two attempts to make a branch mergeable: a forge shows a push a moment later. */
const REBUILD_SECONDS = 60;
/** Seconds between two attempts if the last one for the same reason found nothing to do. */
const SETTLED_REBUILD_SECONDS = 300;

/** True for a person's request, a moved base and a moved head: the branch is checked, and rebuilt if it may be. */
function isRebuildDue(
  context: Context,
  record: PromotionStatus,
  says: PullRequestState | undefined,
): boolean {
  const { pipeline, now, requested } = context;
  if (pipeline.spec.suspend) return false;
  if (requested) return true;
  if (record.nextAttemptAt !== undefined) return Date.parse(record.nextAttemptAt) <= now.getTime();
  if (!isInTheWay(record, says)) return false;
  // A branch with commits of others is never rebuilt.
  if (record.pullRequest?.others && says !== 'moved') return false;
  const { pushedAt, rebuiltAt } = record.pullRequest ?? {};
  const last = Date.parse(rebuiltAt ?? pushedAt ?? '');
  const isSettled = rebuiltAt !== undefined && rebuiltAt !== pushedAt;
  const seconds = isSettled ? SETTLED_REBUILD_SECONDS : REBUILD_SECONDS;
  return !(now.getTime() - last < seconds * 1000);
}

/** The forge reports a state of the branch that keeps it from being merged, or did so when asked to merge it. */
function isInTheWay({ pullRequest }: PromotionStatus, says: PullRequestState | undefined): boolean {
  return (says !== undefined && says !== 'open') || pullRequest?.outdated === true;
}

function awaitDeployment(context: Context, record: In<'Merged'>): Step {
  const { environment, state } = context;
  const newer = overtaking(context, record);
  if (newer !== undefined) {
    const message = `${changeOf(record)} is merged, but ${environment.name} runs ${newer}, which is newer than ${shortRevision(record.revision)}.`;
    return changed(context, record, { by: 'overtaken', message });
  }
  const { deployment } = state;
  const failed = deployment?.phase === 'Failed' && isSame(revisionOf(deployment), record.revision);
  const message = failed
    ? `${changeOf(record)} is merged, but the deployment to ${environment.name} failed: ${deployment.message ?? 'no reason given.'}`
    : `${changeOf(record)} is merged; waits until ${environment.name} is ready at ${shortRevision(record.revision)}${suspendedThere(context)}.`;
  const wakeAfter = pollAfter(context, record, applicationPoll(environment));
  return changed(context, record, { message }, wakeAfter);
}

/** Flux deploys nothing to a suspended target until a person resumes it. */
function suspendedThere({ environment, state }: Context): string {
  const target = state.targets?.find(({ error }) => saysSuspended(error));
  if (!target) return '';
  const { kind, name } = target.clusterAppRef;
  return `: ${kind} ${name} in ${target.namespace ?? environment.name} is suspended, resume it`;
}

/** The newer version that the whole environment runs: a merged older one is not deployed over it by itself. */
function overtaking({ state }: Context, record: PromotionStatus): string | undefined {
  const runs = commonRevision(state.targets);
  if (isByHand(record) || runs === undefined || !isOlder(record.revision, runs)) return undefined;
  return shortRevision(runs);
}

/** The words for the act of a person that rejects the revision, after the pull request's number. */
export function whatWasSaid({ pullRequest }: PromotionStatus, says: PullRequestState): string {
  const base = pullRequest?.base ?? 'the base branch';
  switch (says) {
    case 'merged-elsewhere':
      return `was merged, but not into ${base}`;
    case 'reverted':
      return `is merged, but ${base} does not have the revision any more`;
    default:
      return 'was closed without merging';
  }
}

/** The sentence for a revision that a person rejected. */
export function whyRejected(
  record: PromotionStatus,
  environment: string,
  what = 'was closed without merging',
): string {
  return `${changeOf(record)} ${what}: ${shortRevision(record.revision)} is not promoted to ${environment} again by itself.`;
}

/** Does not name a pull request that is to be closed: it is not known if it was merged. */
function changeOf({ pullRequest }: PromotionStatus): string {
  const isKnown = pullRequest && pullRequest.closing === undefined && pullRequest.endedAt === undefined;
  return isKnown ? `Pull request #${pullRequest.number}` : 'The change';
}
