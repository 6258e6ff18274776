import type { Retry } from '../api/errors.ts';
import type { PipelineStatus, PromotionStatus, PullRequestRef } from '../api/pipeline.ts';
import { whyRejected } from './follow.ts';
import { environmentStatus, isUnfinished, takenOver, withEnvironment, withPromotion } from './state.ts';
import { update } from './step.ts';
import { cut } from './text.ts';

/** What became of an attempt to promote. */
export type Result =
  | { readonly kind: 'pull-request'; readonly pullRequest: PullRequestRef; readonly message?: string }
  | { readonly kind: 'already-there'; readonly message: string }
  | { readonly kind: 'pushed'; readonly message: string }
  /** A person closed the pull request of this very revision meanwhile. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'notified' }
  | { readonly kind: 'error'; readonly message: string; readonly retry: Retry };

export interface RetryPolicy {
  /** Seconds before the second attempt; doubled for each one after it. */
  readonly delaySeconds: number;
  /** Seconds that the delay grows to within the first attempts. */
  readonly maxDelaySeconds: number;
  /** After so many attempts the Pipeline is no longer Ready, and the delay goes on to grow. */
  readonly threshold: number;
  /** Seconds that the delay never exceeds; a promotion that was stopped is looked at again after them. */
  readonly resyncSeconds: number;
}

interface Attempt {
  readonly environment: string;
  readonly revision: string;
  readonly result: Result;
}

/**
 * The status with the attempt's result in it. A newer revision may have taken the record's place
 * meanwhile: it inherits the pull request, so that this one is updated and no second one is opened.
 */
export function foldResult(
  status: PipelineStatus,
  { environment, revision, result }: Attempt,
  policy: RetryPolicy,
  now: Date,
): PipelineStatus {
  const state = environmentStatus(status, environment);
  const record = state.promotion;
  if (!record || !isUnfinished(record)) return status;
  const next =
    record.revision === revision
      ? withResult(record, { environment, result }, policy, now)
      : inherit(record, result);
  return withEnvironment(status, environment, withPromotion(state, next));
}

function inherit(record: PromotionStatus, result: Result): PromotionStatus {
  return result.kind === 'pull-request' ? { ...record, pullRequest: takenOver(result.pullRequest) } : record;
}

function withResult(
  record: PromotionStatus,
  { environment, result }: Pick<Attempt, 'environment' | 'result'>,
  policy: RetryPolicy,
  now: Date,
) {
  const { nextAttemptAt: _, ...rest } = record;
  switch (result.kind) {
    case 'pull-request': {
      const waits = waitsForMerge(result.pullRequest);
      const message = result.message ? cut(`${waits} ${result.message}`) : waits;
      const opened = update(rest, { phase: 'PullRequestOpen', message }, now);
      return { ...opened, pullRequest: known(record.pullRequest, result.pullRequest) };
    }
    case 'already-there':
    case 'pushed':
      return update(rest, { phase: 'Merged', message: cut(result.message) }, now);
    case 'closed':
      return update(rest, { phase: 'Rejected', message: whyRejected(rest, environment) }, now);
    case 'notified':
      return update(rest, { phase: 'Promoting', message: 'Notified; waits until it is deployed.' }, now);
    case 'error': {
      const phase = result.retry === 'never' ? 'Failed' : 'Pending';
      const seconds = retryAfter(record.attempts ?? 1, result.retry, policy);
      const nextAttemptAt = new Date(now.getTime() + seconds * 1000).toISOString();
      return { ...update(rest, { phase, message: cut(result.message) }, now), nextAttemptAt };
    }
  }
}

/** What was told of the very same commit stays told. */
function known(before: PullRequestRef | undefined, now: PullRequestRef): PullRequestRef {
  const isSame = before?.number === now.number && before.commit === now.commit;
  return { ...now, ...(isSame && before.checked && { checked: before.checked }) };
}

/** What a pull request that is open waits for. */
export function waitsForMerge({ number }: PullRequestRef): string {
  return `Waits until pull request #${number} is merged.`;
}

/** Seconds until the next attempt: an error that needs a person is looked at again at the next resync. */
export function retryAfter(attempts: number, retry: Retry, policy: RetryPolicy): number {
  if (retry === 'never') return policy.resyncSeconds;
  if (retry !== 'backoff') return retry.afterSeconds;
  const grown = policy.delaySeconds * 2 ** Math.min(attempts - 1, 30);
  const bound = attempts <= policy.threshold ? policy.maxDelaySeconds : policy.resyncSeconds;
  return Math.min(grown, bound);
}
