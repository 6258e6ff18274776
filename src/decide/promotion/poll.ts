import type { PromotionStatus } from '../../api/pipeline.ts';
import { candidateOf, objectionTo } from '../gates/candidate.ts';
import { closedGate, isByHand } from '../gates/gates.ts';
import { secondsTo } from '../gates/seconds.ts';
import { isUnfinished } from '../model/phase.ts';
import { isSame } from '../model/revision.ts';
import { promotionInto } from '../model/route.ts';
import { openPullRequest } from '../model/state.ts';
import { type Context, PULL_REQUEST_POLL, pollAfter, REJECTED_POLL } from './step.ts';

/** Decides when the forge is asked for the state of a pull request. */

/** The time of the last request, in milliseconds, and what the forge had reported by then. */
export interface Asked {
  readonly at: number;
  readonly changedAt: string | undefined;
  /** A gate was closed at that time: once it opens, the pull request is merged, or shown to be mergeable, at once. */
  readonly isHeld: boolean;
  /** The request failed: it is repeated after so many seconds at the latest. */
  readonly retrySeconds?: number;
}

const REOPEN_DAYS = 7;
const DAY_MS = 86_400_000;
/** Poll before another revision replaces this one: a person may have closed its pull request, or reverted its merge. */
const FRESH_SECONDS = 5;
/** A merge is seldom reverted before it is deployed. */
const MERGED_POLL = { min: 300, max: 3600 };

/** Seconds until the poll is due, 0 if it is; undefined: there is nothing to ask. */
export function pollDue(
  context: Context,
  asked: Asked | undefined,
  available: string | undefined,
): number | undefined {
  const { state, now, requested } = context;
  const record = state.promotion;
  if (!record) return undefined;
  const seconds = pollSeconds(context, record, available);
  if (seconds === undefined) return undefined;
  const { changedAt } = record.pullRequest ?? {};
  const isNews = asked && (asked.changedAt !== changedAt || (asked.isHeld && !isHeld(context)));
  const shown = secondsTo(mergeShown(record), context);
  if (requested || isNews || isUnheard(context, asked, available)) return shown;
  const last = asked?.at ?? firstAsk(record);
  const pause = Math.min(seconds, asked?.retrySeconds ?? seconds);
  return last === undefined ? shown : Math.max(shown, (last - now.getTime()) / 1000 + pause);
}

export function isHeld(context: Context): boolean {
  const record = context.state.promotion;
  return record !== undefined && closedGate(context, record) !== undefined;
}

/** Does not poll for a while after a merge. */
function firstAsk({ phase, updatedAt }: PromotionStatus): number | undefined {
  return phase === 'Merged' && updatedAt !== undefined ? Date.parse(updatedAt) : undefined;
}

function pollSeconds(
  context: Context,
  record: PromotionStatus,
  available: string | undefined,
): number | undefined {
  const { pullRequest, phase } = record;
  if (phase === 'Merged') {
    const isReplaced = isReplacedBy(context, record, available);
    return isReplaced ? FRESH_SECONDS : pollAfter(context, record, MERGED_POLL);
  }
  if (pullRequest?.closing !== undefined || pullRequest?.endedAt !== undefined) return undefined;
  if (phase === 'Rejected') {
    if (!isReopenable(context, record)) return undefined;
    // The pull request may have been reopened.
    return isReplacedBy(context, record, available)
      ? FRESH_SECONDS
      : pollAfter(context, record, REJECTED_POLL);
  }
  if (phase === 'Succeeded' || phase === 'Superseded' || !openPullRequest(record)) return undefined;
  const isReplaced = isReplacedBy(context, record, available);
  return isReplaced ? FRESH_SECONDS : pollAfter(context, record, PULL_REQUEST_POLL);
}

/** True for a merged promotion that is about to be replaced, if it was not polled since a revert could be seen. */
function isUnheard(context: Context, asked: Asked | undefined, available: string | undefined): boolean {
  const record = context.state.promotion;
  if (record?.phase !== 'Merged' || !isReplacedBy(context, record, available)) return false;
  return !(asked && asked.at >= mergeShown(record));
}

/** A forge may report a merge before its repository shows it. */
const MERGE_SHOWN_SECONDS = 15;

/** The time, in milliseconds, from which the base branch shows if the merged change is still there. */
export function mergeShown({ phase, pullRequest, updatedAt }: PromotionStatus): number {
  if (phase !== 'Merged' || updatedAt === undefined) return 0;
  return Date.parse(updatedAt) + (pullRequest ? MERGE_SHOWN_SECONDS * 1000 : 0);
}

/** True if another revision is about to replace it. */
function isReplacedBy(context: Context, record: PromotionStatus, available: string | undefined): boolean {
  if (isByHand(record) || !promotionInto(context.pipeline.spec, context.environment)) return false;
  const wanted = candidateOf(context, available, record);
  if (wanted === undefined || isSame(wanted, record.revision)) return false;
  const objection = objectionTo(context, wanted);
  // A finished promotion stays if the other revision would not be recorded.
  return isUnfinished(record) || objection === undefined || objection.by !== undefined;
}

/** True for as long as a person may reopen the closed pull request. */
export function isReopenable(
  { now }: Pick<Context, 'now'>,
  { pullRequest, updatedAt }: PromotionStatus,
): boolean {
  const age = now.getTime() - Date.parse(updatedAt ?? '');
  return pullRequest !== undefined && pullRequest.endedAt === undefined && age < REOPEN_DAYS * DAY_MS;
}
