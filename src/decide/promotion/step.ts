import type {
  Environment,
  EnvironmentStatus,
  HeldBy,
  PromotionPhase,
  PromotionStatus,
  Rejection,
} from '../../api/pipeline.ts';
import { cut, jitterFor, MAX_JITTER } from '../../lib/text/index.ts';
import type { GateContext } from '../gates/context.ts';
import type { Merge } from '../model/merged.ts';
import { isUnfinished } from '../model/phase.ts';
import { openPullRequest } from '../model/state.ts';
import { type After, type Before, type Cause, TRANSITIONS } from './phases.ts';

/** Steps for one environment, and the context that they are decided from. */

/**
 * The state of a pull request by the forge, and for some by Git. Open are `open`, `moved` (its head is not the recorded
 * commit), `behind` and `conflicting` (its base has moved on). `merged-elsewhere`: into another branch than the
 * recorded one; `lapsed`: closed not by a person, but by Turnpike, or by the forge with its base branch; `reverted`:
 * merged, and the base branch does not have the revision any more; `missing`: absent, or another one's.
 */
export type PullRequestState =
  | 'open'
  | 'moved'
  | 'behind'
  | 'conflicting'
  | 'merged'
  | 'merged-elsewhere'
  | 'reverted'
  | 'closed'
  | 'lapsed'
  | 'missing';

const OPEN_STATES: readonly PullRequestState[] = ['open', 'moved', 'behind', 'conflicting'];

export function isOpenState(state: PullRequestState | undefined): boolean {
  return state !== undefined && OPEN_STATES.includes(state);
}

export interface Situation extends Pick<GateContext, 'pipeline' | 'requested' | 'now'> {
  /** The states of the recorded pull requests, by environment, if the forge was asked. */
  readonly pullRequests: Readonly<Record<string, PullRequestState>>;
}

/** The part of the situation that belongs to one environment. */
export interface Context extends Situation, GateContext {
  readonly previousState: EnvironmentStatus;
}

/**
 * `rest`: nothing changes. `record`: only the record changes. `promote`: record it, then act. `wakeAfter` is in
 * seconds: the time until the next reconcile without any event.
 */
export type Step =
  | { readonly kind: 'rest'; readonly wakeAfter?: number }
  | { readonly kind: 'record'; readonly promotion: PromotionStatus; readonly wakeAfter?: number }
  | { readonly kind: 'promote'; readonly promotion: PromotionStatus };

/**
 * The step for an environment; with its rejections if a pull request was closed or reopened, and with the revision
 * whose pull request was found merged.
 */
export type Decision = Step & { readonly rejected?: readonly Rejection[]; readonly merged?: Merge };

/** A change of a record. */
export interface Change<By extends Cause = Cause> {
  /** The cause that moves the promotion to another phase; absent: it stays in its phase. */
  readonly by?: By | undefined;
  readonly message?: string;
  readonly attempts?: number;
  readonly heldBy?: HeldBy;
  /** The reason for which the open pull request is to be closed. A superseded record closes it with its message. */
  readonly close?: string;
}

/** A record that the change may follow. */
type Changeable<By extends Cause> = [By] extends [never] ? PromotionStatus : Before<By>;

/** The record with a change; `updatedAt` moves when the phase does. */
export function transition<By extends Cause>(
  record: Before<By>,
  change: Change<By> & { readonly by: By },
  now: Date,
): After<By>;
export function transition(record: PromotionStatus, change: Change<never>, now: Date): PromotionStatus;
export function transition(record: PromotionStatus, change: Change, now: Date): PromotionStatus {
  return withChange(record, change, now);
}

function withChange(record: PromotionStatus, change: Change, now: Date): PromotionStatus {
  const { message: _, heldBy: __, failure, ...rest } = record;
  const { close: ___, by, ...changes } = change;
  const phase = phaseAfter(record, by);
  const next = { ...rest, ...changes, phase };
  const isMoved = record.phase !== phase || record.updatedAt === undefined;
  return {
    ...next,
    ...(failure && isUnfinished(next) && { failure }),
    ...(isMoved && { updatedAt: now.toISOString() }),
    ...(isMoved && closing(record, phase, change, now)),
  };
}

function phaseAfter(record: PromotionStatus, by: Cause | undefined): PromotionPhase {
  return by === undefined ? record.phase : TRANSITIONS[by].to;
}

const MAX_REASON = 500;

/** Marks a pull request that is not needed any more to be closed. */
function closing(
  record: PromotionStatus,
  phase: PromotionPhase,
  { message, close }: Pick<Change, 'message' | 'close'>,
  now: Date,
) {
  // A merged pull request ends with its promotion.
  if (record.phase === 'Merged' && record.pullRequest && record.pullRequest.closing === undefined) {
    const isOver = phase === 'Superseded' && record.pullRequest.endedAt === undefined;
    return isOver ? { pullRequest: { ...record.pullRequest, endedAt: now.toISOString() } } : {};
  }
  const pullRequest = openPullRequest(record);
  const reason = close ?? (phase === 'Superseded' ? (message ?? 'It is no longer needed.') : undefined);
  if (!pullRequest || reason === undefined) return {};
  return { pullRequest: { ...pullRequest, closing: cut(reason, MAX_REASON) } };
}

/** The step that makes a change, if there is one. */
export function changed<By extends Cause = never>(
  { state, now }: Context,
  record: Changeable<By>,
  change: Change<By>,
  wakeAfter?: number,
): Step {
  const same =
    record.phase === phaseAfter(record, change.by) &&
    record.message === change.message &&
    record.heldBy === change.heldBy;
  const wake = wakeAfter === undefined ? {} : { wakeAfter };
  if (same && state.promotion?.revision === record.revision) return { kind: 'rest', ...wake };
  return { kind: 'record', promotion: withChange(record, change, now), ...wake };
}

/** The step, with a wake-up after so many seconds at the latest. */
export function wakeBy(step: Step, seconds: number | undefined): Step {
  if (step.kind === 'promote' || seconds === undefined) return step;
  return { ...step, wakeAfter: Math.min(step.wakeAfter ?? seconds, seconds) };
}

/** The least and the greatest number of seconds between two polls. */
interface Poll {
  readonly min: number;
  readonly max: number;
}

/** Poll of an open pull request, in case no webhook reports its merge. */
export const PULL_REQUEST_POLL: Poll = { min: 10, max: 120 };

/** Poll of a closed pull request that may be reopened. */
export const REJECTED_POLL: Poll = { min: 60, max: 3600 };

/** A watch reports the changes of an application; these polls are for those that it misses. */
const WATCHED_POLL: Poll = { min: 30, max: 60 };
const UNWATCHED_POLL: Poll = { min: 5, max: 60 };

export function applicationPoll(environment: Environment): Poll {
  return environment.targets.some(({ clusterRef }) => clusterRef) ? UNWATCHED_POLL : WATCHED_POLL;
}

/**
 * The longer a state has lasted, the less often it is polled: after a tenth of its age, within bounds. Pipelines that
 * began together are not polled together.
 */
export function pollAfter(context: Context, record: PromotionStatus, { min, max }: Poll): number {
  const { metadata } = context.pipeline;
  const age = (context.now.getTime() - lastChange(record, context.now)) / 1000;
  const key = `${metadata.namespace}/${metadata.name}/${context.environment.name}`;
  return Math.min(max / MAX_JITTER, Math.max(min, age / 10)) * jitterFor(key);
}

/** A forge may report a change a moment before its API shows it, so that counts as well. */
function lastChange({ updatedAt, pullRequest }: PromotionStatus, now: Date): number {
  const updated = Date.parse(updatedAt ?? now.toISOString());
  return pullRequest?.changedAt === undefined
    ? updated
    : Math.max(updated, Date.parse(pullRequest.changedAt));
}
