import {
  type AbandonedPullRequest,
  type EnvironmentStatus,
  MAX_ABANDONED,
  type PipelineStatus,
  type PromotionStatus,
  type Rejection,
} from '../../api/pipeline.ts';
import { cut } from '../../lib/text/index.ts';
import { isByHand } from '../gates/gates.ts';
import { mergePlace, withMerge } from '../model/merged.ts';
import { isIn, isUnfinished } from '../model/phase.ts';
import { rejectedBy, withRejection } from '../model/rejections.ts';
import { isSame as isSameRevision, shortRevision } from '../model/revision.ts';
import { environmentStatus, ownValue, withEnvironment, withPromotion } from '../model/state.ts';
import { overAfter, whatWasSaid, whyRejected } from './follow.ts';
import { transition } from './step.ts';
import { isOver, isSame, problemOf, type TaskDone } from './task.ts';

/**
 * Folds the end of a pull request that was to be closed: it is closed, a person had closed it before, or it stays open.
 */
export function foldClosing(status: PipelineStatus, done: TaskDone, now: Date): PipelineStatus {
  const { environment, pullRequest, task } = done;
  const known = withAbandonedClosed(status, done, now);
  const { promotion } = environmentStatus(known, environment);
  const isThis = promotion?.pullRequest && isSame(promotion.pullRequest, pullRequest);
  // The pull request may be needed again meanwhile, or be closed for another reason.
  if (!isThis || task.kind !== 'close' || task.reason !== promotion.pullRequest?.closing) return known;
  if (!isOver(done.result)) return known;
  if (done.result.kind === 'error') return leftOpen(known, promotion, done);
  if (done.result.kind === 'done' && done.result.found === 'merged') {
    return withMerged(known, promotion, done, now);
  }
  return isNo(done, promotion)
    ? withNo(known, promotion, done, now)
    : withClosed(known, promotion, done, now);
}

function withAbandonedClosed(status: PipelineStatus, done: TaskDone, now: Date): PipelineStatus {
  const left = status.abandoned?.find((one) => isSame(one.pullRequest, done.pullRequest));
  if (!left) return status;
  const abandoned = status.abandoned?.flatMap((one) => afterClosing(one, done, now)) ?? [];
  const known = { ...status, abandoned };
  // Closing by hand what Turnpike could not close rejects nothing: people are asked to do so.
  return noOf(done) && !left.final ? withRemembered(known, done, now) : known;
}

const AGAIN_SECONDS = 60;

/**
 * Keeps listing a pull request that cannot be closed, with the reason; it is retried while the forge is unavailable.
 */
function afterClosing(
  one: AbandonedPullRequest,
  { pullRequest, result }: TaskDone,
  now: Date,
): AbandonedPullRequest[] {
  if (!isSame(one.pullRequest, pullRequest)) return [one];
  if (result.kind !== 'error') return [];
  const problem = cut(result.message);
  const { nextAttemptAt: _, ...rest } = one;
  if (result.retry === 'never') return [{ ...rest, problem, final: true }];
  const seconds = result.retry === 'backoff' ? AGAIN_SECONDS : result.retry.afterSeconds;
  const nextAttemptAt = new Date(now.getTime() + seconds * 1000).toISOString();
  return [{ ...rest, problem, nextAttemptAt }];
}

/** Only a person can close it: it stays listed, and the promotion does not have a pull request any more. */
function leftOpen(status: PipelineStatus, record: PromotionStatus, done: TaskDone): PipelineStatus {
  const { environment, result } = done;
  const { pullRequest, ...promotion } = record;
  if (!pullRequest) return status;
  const problem = cut(problemOf(result) ?? '');
  const left: AbandonedPullRequest = { environment, pullRequest, problem, final: true };
  const abandoned = [left, ...(status.abandoned ?? [])].slice(0, MAX_ABANDONED);
  const state = environmentStatus(status, environment);
  return withEnvironment({ ...status, abandoned }, environment, { ...state, promotion });
}

function withClosed(status: PipelineStatus, record: PromotionStatus, { environment }: TaskDone, now: Date) {
  const { pullRequest } = withoutClosing(record);
  const promotion = {
    ...record,
    ...(pullRequest && { pullRequest: { ...pullRequest, endedAt: now.toISOString() } }),
  };
  return withEnvironment(status, environment, { ...environmentStatus(status, environment), promotion });
}

function withoutClosing<Record extends PromotionStatus>(record: Record): Record {
  if (!record.pullRequest) return record;
  const { closing: _, scheduled: __, ...pullRequest } = record.pullRequest;
  return { ...record, pullRequest };
}

/** The earlier act of a person that rejects the revision. */
function noOf({ result }: TaskDone): 'closed' | 'merged-elsewhere' | undefined {
  const found = result.kind === 'done' ? result.found : undefined;
  return found === 'merged' ? undefined : found;
}

/** The environment runs the revision, or its change is merged: a closed pull request does not reject it. */
function isNo(done: TaskDone, { revision, phase, pullRequest }: PromotionStatus): boolean {
  const isBrought =
    (phase === 'Succeeded' || phase === 'Merged') && isSameRevision(pullRequest?.revision, revision);
  return noOf(done) !== undefined && !isBrought;
}

/** Ends the record whose own revision was rejected; reopening the pull request reverts that. */
function withNo(status: PipelineStatus, record: PromotionStatus, done: TaskDone, now: Date): PipelineStatus {
  const { environment, pullRequest } = done;
  if (!isSameRevision(pullRequest.revision, record.revision) || !isIn(record, ['Superseded'])) {
    return withRemembered(withClosed(status, record, done, now), done, now);
  }
  const says = noOf(done) ?? 'closed';
  const own = overAfter(withoutClosing(record), says, now);
  const message = whyRejected(withoutClosing(record), environment, whatWasSaid(record, says));
  const rejected = transition(own, { by: 'closedBefore', message }, now);
  return withEnvironment(
    status,
    environment,
    withPromotion(environmentStatus(status, environment), rejected),
  );
}

/** The close came too late: the next decision acts on the merge. */
function withMerged(
  status: PipelineStatus,
  record: PromotionStatus,
  done: TaskDone,
  now: Date,
): PipelineStatus {
  const { environment, result } = done;
  const { base = done.pullRequest.base } = result.kind === 'done' ? result : {};
  // The base branch that the spec names at present, see `mergedWhere` in promote/pull-request.
  const pullRequest = { ...done.pullRequest, ...(base !== undefined && { base }) };
  const { revision, number } = pullRequest;
  const state = environmentStatus(status, environment);
  if (isSameRevision(revision, record.revision) && isIn(record, ['Superseded'])) {
    const message = `Pull request #${number} is merged.`;
    const own = withoutClosing({ ...record, pullRequest });
    const merged = transition(own, { by: 'mergedAfterAll', message }, now);
    return withEnvironment(status, environment, withPromotion(state, merged));
  }
  const known =
    revision === undefined
      ? status
      : withMerge(status, { revision, into: mergePlace({ ...record, pullRequest }) }, { environment, now });
  return withClosed(known, record, done, now);
}

/** The rejection is of the revision that the pull request brought. */
function withRemembered(status: PipelineStatus, { environment, pullRequest }: TaskDone, now: Date) {
  const state = ownValue(status.environments, environment);
  const { revision, number } = pullRequest;
  if (!state || revision === undefined) return status;
  const no = { revision, at: now.toISOString(), by: rejectedBy(number) };
  return withEnvironment(status, environment, rejectedNow(withRejection(state, no), no, now));
}

/** The promotion of that very revision waits for this answer, see next.ts. */
function rejectedNow(state: EnvironmentStatus, { revision, by }: Rejection, now: Date): EnvironmentStatus {
  const { promotion } = state;
  const isIt =
    promotion &&
    isSameRevision(promotion.revision, revision) &&
    isUnfinished(promotion) &&
    !isByHand(promotion);
  if (!isIt) return state;
  const message = `${shortRevision(revision)} was rejected (${by}): it is not promoted again automatically.`;
  const change = { by: 'rejectedBefore', message, close: message } as const;
  return withPromotion(state, transition(promotion, change, now));
}
