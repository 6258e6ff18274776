import type { EnvironmentStatus, PromotionStatus } from '../../api/pipeline.ts';
import { type Merge, mergePlace } from '../model/merged.ts';
import { BEFORE_MERGE, type BeforeMerge, type In, isIn, isUnfinished } from '../model/phase.ts';
import { rejectedBy, withRejection } from '../model/rejections.ts';
import { isSame } from '../model/revision.ts';
import {
  broughtRevision,
  openPullRequest,
  ownValue,
  recordedPromotion,
  withPromotion,
} from '../model/state.ts';
import { overAfter, whatWasSaid, whyRejected } from './follow.ts';
import { waitsForMerge } from './result.ts';
import { type Context, isOpenState, type PullRequestState, transition } from './step.ts';

/**
 * The environment's state with the end of a pull request, or the reopening of a closed one. This comes first: a newer
 * revision may be about to replace the record, and the rejection of the one before must not be lost.
 */
export function withPullRequestState(context: Context): EnvironmentStatus {
  const { state, pullRequests, environment } = context;
  const record = recordedPromotion(state);
  const says = ownValue(pullRequests, environment.name);
  if (!record || says === undefined) return state;
  if (isIn(record, ['Merged'])) return says === 'reverted' ? takenBack(context, record) : state;
  if (!record.pullRequest) return state;
  if (isIn(record, ['Rejected'])) return reopened(context, record, says);
  if (!isIn(record, BEFORE_MERGE) || !openPullRequest(record)) return state;
  return isSame(broughtRevision(record), record.revision)
    ? ended(context, record, says)
    : endedBefore(context, record, says);
}

/** The revision that was just found merged: a newer one may replace the record at once. */
export function foundMerged({ state, pullRequests, environment }: Context): Merge | undefined {
  const record = recordedPromotion(state);
  const isFollowed = record && isUnfinished(record) && record.phase !== 'Merged' && openPullRequest(record);
  if (!isFollowed || ownValue(pullRequests, environment.name) !== 'merged') return undefined;
  const revision = broughtRevision(record);
  return revision === undefined ? undefined : { revision, into: mergePlace(record) };
}

/** A reopened pull request removes the rejection. */
function reopened({ state, now }: Context, record: In<'Rejected'>, says: PullRequestState) {
  const { pullRequest } = record;
  if (!pullRequest || pullRequest.endedAt !== undefined || pullRequest.closing !== undefined) return state;
  if (isOpenState(says)) {
    const message = waitsForMerge(pullRequest);
    return withPromotion(state, transition(record, { by: 'reopened', message }, now));
  }
  if (says !== 'merged') return state;
  const message = `Pull request #${pullRequest.number} is merged.`;
  return withPromotion(state, transition(record, { by: 'mergedAfterAll', message }, now));
}

/** The merge was reverted before it was deployed. */
function takenBack({ state, environment, now }: Context, record: In<'Merged'>) {
  const message = whyRejected(record, environment.name, whatWasSaid(record, 'reverted'));
  const over = overAfter(record, 'reverted', now);
  return withPromotion(state, transition(over, { by: 'reverted', message }, now));
}

/** The pull request brings the revision of the record. */
function ended({ state, environment, now }: Context, record: In<BeforeMerge>, says: PullRequestState) {
  const { nextAttemptAt: _, ...rest } = record;
  if (says === 'merged') {
    const message = `Pull request #${record.pullRequest?.number} is merged.`;
    return withPromotion(state, transition(rest, { by: 'merged', message }, now));
  }
  if (says === 'lapsed') return withPromotion(state, withLapsed(rest, now));
  if (says !== 'closed' && says !== 'merged-elsewhere') return state;
  const message = whyRejected(rest, environment.name, whatWasSaid(rest, says));
  return withPromotion(state, transition(overAfter(rest, says, now), { by: 'closed', message }, now));
}

/** The pull request was not closed by a person: it is over, even if its base branch is restored. */
function withLapsed(record: In<BeforeMerge>, now: Date): PromotionStatus {
  return overAfter(transition(record, { by: 'lapsed' }, now), 'lapsed', now);
}

/** The pull request brings a revision that was recorded before: a rejection is of that one. */
function endedBefore({ state, now }: Context, record: PromotionStatus, says: PullRequestState) {
  if (says === 'lapsed') return withPromotion(state, overAfter(record, says, now));
  if (says !== 'merged' && says !== 'closed' && says !== 'merged-elsewhere') return state;
  const { pullRequest, ...rest } = record;
  const without = withPromotion(state, rest);
  const revision = broughtRevision(record);
  if (says === 'merged' || revision === undefined) return without;
  return withRejection(without, { revision, at: now.toISOString(), by: rejectedBy(pullRequest?.number) });
}
