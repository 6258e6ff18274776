import type { PromotionStatus } from '../../api/pipeline.ts';
import { candidateOf, objectionTo } from '../gates/candidate.ts';
import { closedGate, isByHand } from '../gates/gates.ts';
import { isUnfinished } from '../model/phase.ts';
import { isSame } from '../model/revision.ts';
import { promotionInto } from '../model/route.ts';
import { openPullRequest } from '../model/state.ts';
import { type Context, PULL_REQUEST_POLL, pollAfter, REJECTED_POLL } from './step.ts';

/** Decides when the forge is asked what became of a pull request. */

/** The time of the last question, in milliseconds, and what the forge had reported by then. */
export interface Asked {
  readonly at: number;
  readonly changedAt: string | undefined;
  /** A gate was closed then: once it is open, it is to be merged, or shown to be mergeable, at once. */
  readonly isHeld: boolean;
  /** There was no answer: it is asked again after so many seconds at the latest. */
  readonly retrySeconds?: number;
}

const REOPEN_DAYS = 7;
const DAY_MS = 86_400_000;
/**
 * Before a revision takes the place of another one it is looked whether somebody closed its pull request, or reverted
 * it.
 */
const FRESH_SECONDS = 5;
/** A merge is seldom reverted before it is deployed. */
const MERGED_POLL = { min: 300, max: 3600 };

/** Seconds until it is due, 0 when it is; undefined: nothing is to be asked. */
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
  const shown = Math.max(0, (mergeShown(record) - now.getTime()) / 1000);
  if (requested || isNews || isUnheard(context, asked, available)) return shown;
  const last = asked?.at ?? firstAsk(record);
  const pause = Math.min(seconds, asked?.retrySeconds ?? seconds);
  return last === undefined ? shown : Math.max(shown, (last - now.getTime()) / 1000 + pause);
}

export function isHeld(context: Context): boolean {
  const record = context.state.promotion;
  return record !== undefined && closedGate(context, record) !== undefined;
}

/** Leaves alone for a while what was just merged. */
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
    // It may have been opened again.
    return isReplacedBy(context, record, available)
      ? FRESH_SECONDS
      : pollAfter(context, record, REJECTED_POLL);
  }
  if (phase === 'Succeeded' || phase === 'Superseded' || !openPullRequest(record)) return undefined;
  const isReplaced = isReplacedBy(context, record, available);
  return isReplaced ? FRESH_SECONDS : pollAfter(context, record, PULL_REQUEST_POLL);
}

/** It was merged and is about to be replaced, and nobody has looked since whether it was reverted. */
function isUnheard(context: Context, asked: Asked | undefined, available: string | undefined): boolean {
  const record = context.state.promotion;
  if (record?.phase !== 'Merged' || !isReplacedBy(context, record, available)) return false;
  return !(asked && asked.at >= mergeShown(record));
}

/** A forge may say that it has merged before its repository shows that. */
const MERGE_SHOWN_SECONDS = 15;

/** From when on what the base branch has says whether what was merged is still there, in milliseconds. */
export function mergeShown({ phase, pullRequest, updatedAt }: PromotionStatus): number {
  if (phase !== 'Merged' || updatedAt === undefined) return 0;
  return Date.parse(updatedAt) + (pullRequest ? MERGE_SHOWN_SECONDS * 1000 : 0);
}

/** Another revision is about to take its place. */
function isReplacedBy(context: Context, record: PromotionStatus, available: string | undefined): boolean {
  if (available === undefined || isByHand(record)) return false;
  if (!promotionInto(context.pipeline.spec, context.environment)) return false;
  const wanted = candidateOf(context, available, record);
  if (wanted === undefined || isSame(wanted, record.revision)) return false;
  const objection = objectionTo(context, wanted);
  // A promotion that is over stays as it is where the other one is worth no record.
  return isUnfinished(record) || objection === undefined || objection.by !== undefined;
}

/** True for as long as a person may open again what was closed. */
export function isReopenable(
  { now }: Pick<Context, 'now'>,
  { pullRequest, updatedAt }: PromotionStatus,
): boolean {
  const age = now.getTime() - Date.parse(updatedAt ?? '');
  return pullRequest !== undefined && pullRequest.endedAt === undefined && age < REOPEN_DAYS * DAY_MS;
}
