import type {
  EnvironmentStatus,
  Failure,
  MergedInto,
  PipelineStatus,
  PromotionStatus,
  PullRequestRef,
} from '../../api/pipeline.ts';
import type { Retry } from '../../lib/errors.ts';
import { cut } from '../../lib/text/index.ts';
import { type In, isUnfinished, type Unfinished } from '../model/phase.ts';
import { rejectedBy, withRejection } from '../model/rejections.ts';
import { isSame, pinsOf } from '../model/revision.ts';
import { environmentStatus, withEnvironment, withPromotion } from '../model/state.ts';
import { whatWasSaid, whyRejected } from './follow.ts';
import { type RetryPolicy, retryAfter } from './retry.ts';
import { transition } from './step.ts';

/** The result of an attempt to promote. */
export type Result =
  | {
      readonly kind: 'pull-request';
      readonly pullRequest: PullRequestRef;
      /** The artifacts whose version alone decides, as in the status. */
      readonly byVersion?: readonly string[];
      readonly message?: string;
      /** A person closed the pull request of this revision, which was there before. */
      readonly rejected?: string;
      /** The pull request is open, and a later step failed. */
      readonly failure?: Fault;
    }
  | {
      readonly kind: 'already-there';
      readonly byVersion?: readonly string[];
      readonly message: string;
      readonly into?: MergedInto;
      /** An open pull request that was not known. */
      readonly pullRequest?: PullRequestRef;
    }
  | {
      readonly kind: 'pushed';
      readonly commit?: string;
      readonly byVersion?: readonly string[];
      readonly message: string;
      readonly into?: MergedInto;
    }
  /** It was merged before, and its merge was reverted before it was deployed. */
  | { readonly kind: 'reverted' }
  /** A person closed the pull request of this very revision meanwhile. */
  | { readonly kind: 'closed' }
  /** The revision has nothing new for the base branch: nothing was changed, and it waits for a revision that has. */
  | { readonly kind: 'needless'; readonly message: string }
  | { readonly kind: 'notified' }
  | ({ readonly kind: 'error' } & Fault);

interface Fault {
  readonly message: string;
  readonly retry: Retry;
}

/** The outcome of one attempt at a promotion. */
export interface AttemptResult {
  readonly environment: string;
  readonly revision: string;
  readonly result: Result;
}

/**
 * The status with the attempt's result in it. A newer revision may have replaced the record meanwhile: it inherits the
 * pull request, so that this one is updated and no second one is opened.
 */
export function foldResult(
  status: PipelineStatus,
  { environment, revision, result }: AttemptResult,
  policy: RetryPolicy,
  now: Date,
): PipelineStatus {
  const known = withoutAbandoned(status, result);
  const state = withNo(environmentStatus(known, environment), result, now);
  const record = state.promotion;
  if (!record || !isUnfinished(record)) return withEnvironment(known, environment, state);
  const next = isSame(record.revision, revision)
    ? withResult(record, { environment, result }, policy, now)
    : inherit(record, result, now);
  return withEnvironment(known, environment, withPromotion(state, next));
}

/** Removes a pull request from the list that was to be closed and is needed after all. */
function withoutAbandoned(status: PipelineStatus, result: Result): PipelineStatus {
  if (result.kind !== 'pull-request' || !status.abandoned) return status;
  const { url } = result.pullRequest;
  return { ...status, abandoned: status.abandoned.filter((one) => one.pullRequest.url !== url) };
}

/** Records the rejection of an earlier revision that the attempt found. */
function withNo(state: EnvironmentStatus, result: Result, now: Date): EnvironmentStatus {
  if (result.kind !== 'pull-request' || result.rejected === undefined) return state;
  const by = rejectedBy(state.promotion?.pullRequest?.number);
  return withRejection(state, { revision: result.rejected, at: now.toISOString(), by });
}

function inherit(record: PromotionStatus, result: Result, now: Date): PromotionStatus {
  if (result.kind !== 'pull-request') return record;
  return { ...record, pullRequest: known(record.pullRequest, result.pullRequest, now) };
}

function withResult(
  record: In<Unfinished>,
  { environment, result }: Pick<AttemptResult, 'environment' | 'result'>,
  policy: RetryPolicy,
  now: Date,
): PromotionStatus {
  const { nextAttemptAt: _, ...before } = record;
  if (result.kind === 'error') return withError(before, result, policy, now);
  const { failure, mayBeOpen: __, byVersion: ___, ...over } = before;
  const byVersion = byVersionOf(record, result);
  const rest = { ...over, ...(byVersion.length > 0 && { byVersion }) };
  switch (result.kind) {
    case 'pull-request': {
      const waits = waitsForMerge(result.pullRequest);
      const message = result.message ? cut(`${waits} ${result.message}`) : waits;
      const opened = transition(rest, { by: 'opened', message }, now);
      const open = { ...opened, pullRequest: known(record.pullRequest, result.pullRequest, now) };
      return result.failure
        ? withError({ ...open, ...(failure && { failure }) }, result.failure, policy, now)
        : open;
    }
    case 'already-there': {
      const { pullRequest = rest.pullRequest, ...there } = result;
      return withMerged({ ...rest, ...(pullRequest && { pullRequest }) }, there, now);
    }
    case 'pushed':
      return withMerged(rest, result, now);
    case 'reverted': {
      const message = whyRejected(rest, environment, whatWasSaid(rest, 'reverted'));
      return transition(rest, { by: 'foundReverted', message, close: message }, now);
    }
    case 'closed':
      return transition(rest, { by: 'foundClosed', message: whyRejected(rest, environment) }, now);
    case 'needless': {
      // The promotion is tried again like one that was stopped, but has not failed.
      const seconds = retryAfter(1, 'never', policy);
      const nextAttemptAt = new Date(now.getTime() + seconds * 1000).toISOString();
      const change = { by: 'needless', heldBy: 'NothingNew', message: cut(result.message) } as const;
      return { ...transition(rest, change, now), nextAttemptAt };
    }
    case 'notified':
      return transition(rest, { by: 'notified', message: 'Notified; waits until it is deployed.' }, now);
  }
}

/** A revision arrives by its version if the change names no digest, or if others promote. */
function byVersionOf({ revision }: PromotionStatus, result: Result): string[] {
  const pinned = [...pinsOf(revision).keys()];
  if (result.kind === 'notified') return pinned;
  const named = 'byVersion' in result ? result.byVersion : undefined;
  return pinned.filter((artifact) => named?.includes(artifact));
}

function withMerged(
  record: In<Unfinished>,
  { message: text, into }: { readonly message: string; readonly into?: MergedInto },
  now: Date,
): PromotionStatus {
  const message = cut(text);
  const merged = transition(record, { by: 'committed', message, close: message }, now);
  return { ...merged, ...(into && { into }) };
}

/**
 * The record of an attempt that failed. An open pull request stays open: the update of it failed. A fault that a person
 * must correct stops the promotion all the same, and is reported.
 */
function withError(
  record: In<Unfinished>,
  { message: text, retry }: Fault,
  policy: RetryPolicy,
  now: Date,
): PromotionStatus {
  const message = cut(text);
  const seconds = retryAfter(record.attempts ?? 1, retry, policy);
  const nextAttemptAt = new Date(now.getTime() + seconds * 1000).toISOString();
  const failure: Failure = {
    message,
    since: record.failure?.since ?? now.toISOString(),
    retry: retry === 'never' ? 'never' : 'backoff',
  };
  return { ...stopped(record, { message, retry }, now), nextAttemptAt, failure };
}

function stopped(record: In<Unfinished>, { message, retry }: Fault, now: Date): PromotionStatus {
  if (retry === 'never') return transition(record, { by: 'personNeeded', message }, now);
  if (record.phase === 'PullRequestOpen') return transition(record, { message }, now);
  return transition(record, { by: 'attemptFailed', message }, now);
}

/** Keeps the report of the very same commit. */
function known(before: PullRequestRef | undefined, found: PullRequestRef, now: Date): PullRequestRef {
  const isSame = before?.number === found.number && before.commit === found.commit;
  const at = now.toISOString();
  return {
    ...found,
    ...(found.commit !== undefined && {
      pushedAt: (isSame && before.pushedAt) || at,
      rebuiltAt: (isSame && before.rebuiltAt) || at,
    }),
    ...(isSame && before.checked && { checked: before.checked }),
    ...(before?.number === found.number && before.scheduled && { scheduled: true }),
  };
}

/** The sentence for a pull request that is open. */
export function waitsForMerge({ number }: PullRequestRef): string {
  return `Waits until pull request #${number} is merged.`;
}
