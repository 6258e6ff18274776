import type { Environment, PipelineStatus, PromotionStatus, Strategy } from '../../../api/pipeline.ts';
import { availableRevision } from '../../gates/available.ts';
import { candidateOf, gatesInto, objectionTo, versionProblem } from '../../gates/candidate.ts';
import { isByHand } from '../../gates/gates.ts';
import { isUnfinished } from '../../model/phase.ts';
import { isSame, shortRevision } from '../../model/revision.ts';
import { environmentIndex, isManual, promotionInto } from '../../model/route.ts';
import {
  deployedRevision,
  environmentStatus,
  newPromotion,
  openPullRequest,
  recordedPromotion,
  withEnvironment,
  withPromotion,
} from '../../model/state.ts';
import { nextSteps } from '../../promotion/next.ts';
import { isReopenable } from '../../promotion/poll.ts';
import { transition } from '../../promotion/step.ts';
import { isTried } from '../../promotion/unrecorded.ts';
import { isGone, isHint } from './deployment.ts';
import type { Located, Outcome } from './located.ts';

/** Follows up a deployment that an event reports as succeeded. */

export interface Followed {
  readonly outcome: Outcome;
  readonly status: PipelineStatus;
}

/** The answer to an event about a promotion that is in progress already; undefined if there is none. */
export function underWay({ pipeline, full }: Located, next: Environment): Outcome | undefined {
  const promotion = recordedPromotion(environmentStatus(pipeline.status, next.name));
  if (!promotion || !isSame(promotion.revision, full) || !isUnfinished(promotion)) return undefined;
  return promotion.phase === 'WaitingApproval' ? 'waiting-approval' : 'accepted';
}

/**
 * Records the promotion that follows from the deployment, if one does. Only an environment as a whole starts one: the
 * revision of a single target, or one that a readable application does not show yet, is only a reason to observe.
 */
export function follow(located: Located, next: Environment, status: PipelineStatus, now: Date): Followed {
  const { environment, full } = located;
  const { metadata, spec } = located.pipeline;
  const pipeline = { metadata, spec, status };
  const state = environmentStatus(status, next.name);
  const before = recordedPromotion(state);
  const context = { pipeline, previous: environment, environment: next, state, now };
  if (!isNews(context, full, before)) return { outcome: 'recorded', status };
  const here = environmentStatus(status, environment.name);
  if (isHint(located, here)) return { outcome: isGone(located, here) ? 'recorded' : 'accepted', status };
  const index = environmentIndex(spec, environment.name);
  const available = availableRevision(pipeline, index);
  if (available === undefined || !isSame(available, full)) return { outcome: 'recorded', status };
  if (before && isToBeLookedAt(before, promotionInto(spec, next)?.strategy, now))
    return { outcome: 'accepted', status };
  // The deployment is recorded: it is a candidate again once it has passed the gates that the other one has passed.
  if (!isSame(candidateOf(context, available, before), available)) return { outcome: 'accepted', status };
  return start(context, available, before);
}

/**
 * The record must be checked before another revision replaces it: its pull request may have been closed, reopened or
 * merged and reverted, or is being worked on right now.
 */
function isToBeLookedAt(record: PromotionStatus, strategy: Strategy | undefined, now: Date): boolean {
  if (record.phase === 'Rejected') return isReopenable({ now }, record);
  if (!isUnfinished(record)) return false;
  // A promotion that failed and waits for its next attempt is replaced at once: its forge may be unavailable for long.
  const isWaiting = record.failure !== undefined && record.phase === 'Pending';
  return openPullRequest(record) !== undefined || (isBegun(record, strategy) && !isWaiting);
}

/** True if it is or may be merged, or if an attempt is in progress, or has left unrecorded traces. */
function isBegun(record: PromotionStatus, strategy: Strategy | undefined): boolean {
  if (record.phase === 'Merged') return true;
  if (record.phase === 'PullRequestOpen') return record.nextAttemptAt !== undefined;
  const isNotified = record.phase === 'Promoting' && strategy?.notification !== undefined;
  return record.attempts !== undefined && !isNotified;
}

/**
 * Ends the promotion of a revision that the previous environment rolled back from: the revision may be deployed there
 * again before the next decision, and an approval or a notification of the first time does not count then.
 */
export function withEnd({ pipeline, next }: Located, now: Date): PipelineStatus {
  const { spec, status } = pipeline;
  const state = next && environmentStatus(status, next.name);
  const { promotion } = state ?? {};
  if (!next || !state || !promotion || !isUnfinished(promotion)) return status;
  const strategy = promotionInto(spec, next)?.strategy;
  if (isUnderWay(promotion, strategy, now)) return status;
  const step = nextSteps({ pipeline, pullRequests: {}, requested: false, now })[next.name];
  const isEnd = step?.kind === 'record' && step.promotion.phase === 'Superseded';
  if (!isEnd || !isSame(step.promotion.revision, promotion.revision)) return status;
  // The forge is asked first whether it has a pull request, see unrecorded.ts.
  const ended = isTried(promotion, strategy) ? withoutApproval(promotion, now) : step.promotion;
  return ended === promotion ? status : withEnvironment(status, next.name, withPromotion(state, ended));
}

/** True if it is merged, or an attempt may be in progress. */
function isUnderWay(record: PromotionStatus, strategy: Strategy | undefined, now: Date): boolean {
  switch (record.phase) {
    case 'Merged':
      return true;
    case 'Promoting':
      return strategy?.notification === undefined;
    case 'PullRequestOpen':
      return Date.parse(record.nextAttemptAt ?? '') <= now.getTime();
    case 'Pending':
      return strategy?.notification !== undefined && isBeingRaised(record);
    default:
      return false;
  }
}

/** A notification that is neither held nor waits for another attempt. */
function isBeingRaised({ attempts, nextAttemptAt, heldBy }: PromotionStatus): boolean {
  return attempts !== undefined && nextAttemptAt === undefined && heldBy === undefined;
}

function withoutApproval(record: PromotionStatus, now: Date): PromotionStatus {
  if (record.approvedBy === undefined) return record;
  const { approvedBy: _, ...rest } = record;
  const message = 'It was rolled back: an earlier approval no longer counts.';
  return transition(rest, { message }, now);
}

type FollowContext = Parameters<typeof candidateOf>[0] & Parameters<typeof objectionTo>[0];

/** True if a promotion of the revision would follow once the whole environment is ready at it. */
function isNews(context: FollowContext, revision: string, before: PromotionStatus | undefined): boolean {
  if (before && isSame(before.revision, revision) && before.phase !== 'Superseded') return false;
  if (before && isUnfinished(before) && isByHand(before)) return false;
  return !isSame(deployedRevision(context.state), revision) && objectionTo(context, revision) === undefined;
}

function start(context: FollowContext, revision: string, before: PromotionStatus | undefined): Followed {
  const { pipeline, environment: next, state, now } = context;
  const { spec, status } = pipeline;
  const admitted = versionProblem(gatesInto(context), revision) === undefined;
  const manual = admitted && isManual(spec, next);
  const mayBeOpen = before && isTried(before, promotionInto(spec, next)?.strategy);
  const begun = { ...newPromotion(revision, before, now), ...(mayBeOpen && { mayBeOpen }) };
  const recorded = manual
    ? transition(
        begun,
        { by: 'approvalNeeded', message: `Waits for an approval of ${shortRevision(revision)}.` },
        now,
      )
    : transition(begun, { message: 'Recorded; it is promoted next.' }, now);
  const promotion = withPromotion(state, recorded);
  return {
    outcome: manual ? 'waiting-approval' : 'accepted',
    status: withEnvironment(status, next.name, promotion),
  };
}
