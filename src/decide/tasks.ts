import type { Retry } from '../api/errors.ts';
import {
  type AbandonedPullRequest,
  type CheckState,
  type Environment,
  type EnvironmentStatus,
  MAX_ABANDONED,
  type PipelineStatus,
  type PromotionStatus,
  type PullRequestRef,
  type Rejection,
} from '../api/pipeline.ts';
import { availableRevision } from './available.ts';
import { candidateOf, gatesInto } from './candidate.ts';
import { closedGate, type Gate, isByHand } from './gates.ts';
import { contextOf } from './next.ts';
import { rejectedBy, withRejection } from './rejections.ts';
import { waitsForMerge } from './result.ts';
import { shortRevision } from './revision.ts';
import { environmentIndex, isManual, promotionInto } from './route.ts';
import {
  broughtRevision,
  environmentStatus,
  isUnfinished,
  openPullRequest,
  ownValue,
  withEnvironment,
  withPromotion,
} from './state.ts';
import { type Context, type Situation, update } from './step.ts';
import { cut } from './text.ts';

/**
 * What a pull request needs beside being opened and waited for. Each task follows from what is recorded and is
 * recorded when it is done, so that none is lost, and none done again and again.
 */
export type PullRequestTask =
  /** Nobody needs it any more. */
  | { readonly kind: 'close'; readonly reason: string }
  /** The commit status `turnpike/promotion`: whether the gates let it be merged. */
  | { readonly kind: 'check'; readonly state: CheckState; readonly description: string }
  /** `mayWait`: the forge may be asked to merge it later by itself. */
  | { readonly kind: 'merge'; readonly mayWait: boolean }
  /** The forge is told not to merge it by itself. */
  | { readonly kind: 'cancel-merge' };

/**
 * `found`: it was closed before; `scheduled`: the forge merges it by itself; `waits`: it is not merged yet, for the reason; `outdated`: it has to be
 * built on the present base branch first.
 */
export type TaskResult =
  | { readonly kind: 'done'; readonly found?: 'closed' }
  | { readonly kind: 'scheduled' }
  | { readonly kind: 'waits'; readonly reason: string; readonly outdated?: boolean }
  | { readonly kind: 'error'; readonly message: string; readonly retry: Retry };

/** Tasks for one pull request, in the order in which they are done. */
export interface PullRequestTasks {
  /** That it was opened for; it may not be in the spec any more. */
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
  readonly tasks: readonly PullRequestTask[];
}

export function tasksFor(situation: Situation): PullRequestTasks[] {
  const { spec, status } = situation.pipeline;
  const recorded = spec.environments.flatMap((environment, index) => {
    const record = environmentStatus(status, environment.name).promotion;
    const pullRequest = record && openPullRequest(record);
    if (!pullRequest) return [];
    const previous = spec.environments[index - 1];
    const tasks = closing(pullRequest) ?? (previous ? openTasks(situation, previous, environment) : []);
    return tasks.length > 0 ? [{ environment: environment.name, pullRequest, tasks }] : [];
  });
  const inUse = urlsInUse(status);
  const abandoned = (status.abandoned ?? []).flatMap(({ environment, pullRequest, final, nextAttemptAt }) => {
    const isDue = !final && !(Date.parse(nextAttemptAt ?? '') > situation.now.getTime());
    const isNeeded = inUse.has(pullRequest.url);
    const tasks = (isDue || situation.requested) && !isNeeded ? closing(pullRequest) : undefined;
    return tasks ? [{ environment, pullRequest, tasks }] : [];
  });
  return [...recorded, ...abandoned];
}

/** Of those that a promotion has open, and does not close. */
function urlsInUse({ environments = {} }: PipelineStatus): ReadonlySet<string> {
  const open = Object.values(environments).flatMap(
    ({ promotion }) => promotion && (openPullRequest(promotion) ?? []),
  );
  return new Set(open.flatMap((one) => (one && one.closing === undefined ? [one.url] : [])));
}

function closing({ closing: reason, scheduled }: PullRequestRef): PullRequestTask[] | undefined {
  if (reason === undefined) return undefined;
  return [...(scheduled ? [CANCEL] : []), { kind: 'close', reason }];
}

const CANCEL: PullRequestTask = { kind: 'cancel-merge' };

/** The gates count for what the pull request brings, whichever revision holds the record by now. */
function openTasks(situation: Situation, previous: Environment, environment: Environment): PullRequestTask[] {
  const context = contextOf(situation, previous, environment);
  const record = context.state.promotion;
  const pullRequest = record?.pullRequest;
  const revision = record && broughtRevision(record);
  if (!pullRequest || revision === undefined || !isUnfinished(record)) return [];
  const gate = closedGate(context, { ...record, revision });
  const check: PullRequestTask = gate
    ? { kind: 'check', state: 'pending', description: `Waits ${gate.until}.` }
    : { kind: 'check', state: 'success', description: 'The gates are open.' };
  const isTold = pullRequest.commit === undefined || pullRequest.checked === check.state;
  return [...(isTold ? [] : [check]), ...mergeTasks(context, record, gate)];
}

function mergeTasks(context: Context, record: PromotionStatus, gate: Gate | undefined): PullRequestTask[] {
  const isMeant = !gate && mayMerge(context, record);
  if (!isMeant) return record.pullRequest?.scheduled ? [CANCEL] : [];
  // Of a head that has moved, and a base that has, it is learnt first what they are.
  if (ownValue(context.pullRequests, context.environment.name) !== 'open') return [];
  // A forge that merges later by itself knows no windows.
  return [{ kind: 'merge', mayWait: gatesInto(context).windows === undefined }];
}

/**
 * Turnpike merges only its own commits, and only what the previous environment has for this one: no revision whose
 * place a newer one has taken, and none while the previous environment is not ready at it.
 */
function mayMerge(context: Context, record: PromotionStatus): boolean {
  const { pipeline, previous, environment } = context;
  const settings = promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
  if (settings?.merge !== 'auto' || record.phase !== 'PullRequestOpen') return false;
  if (record.pullRequest?.others || broughtRevision(record) !== record.revision) return false;
  if (isManual(pipeline.spec, environment) && record.approvedBy === undefined) return false;
  if (isByHand(record)) return true;
  const available = availableRevision(pipeline, environmentIndex(pipeline.spec, previous.name));
  return available !== undefined && candidateOf(context, available, record) === record.revision;
}

export interface TaskDone {
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
  readonly task: PullRequestTask;
  readonly result: TaskResult;
}

/** The status with what has become of it; what is about another pull request by now is left out. */
export function foldTask(status: PipelineStatus, done: TaskDone, now: Date): PipelineStatus {
  const { environment, pullRequest } = done;
  const known = done.task.kind === 'close' ? withAbandonedClosed(status, done, now) : status;
  const state = environmentStatus(known, environment);
  const record = state.promotion;
  if (!record?.pullRequest || !isSame(record.pullRequest, pullRequest)) return known;
  if (isRefused(done) && done.task.kind === 'close' && done.task.reason === record.pullRequest.closing) {
    return leftOpen(known, record, done);
  }
  const promotion = withTask(record, record.pullRequest, done, now);
  return promotion === record ? known : withEnvironment(known, environment, { ...state, promotion });
}

function withAbandonedClosed(status: PipelineStatus, done: TaskDone, now: Date): PipelineStatus {
  if (!status.abandoned?.some((one) => isSame(one.pullRequest, done.pullRequest))) return status;
  const abandoned = status.abandoned.flatMap((one) => afterClosing(one, done, now));
  return withFoundNo({ ...status, abandoned }, done, now);
}

function isRefused({ result }: TaskDone): boolean {
  return result.kind === 'error' && result.retry === 'never';
}

/** Only a person can close it: it stays named, and the promotion has no pull request any more. */
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

/** A person had closed it before: the no is to what it brought. */
function withFoundNo(status: PipelineStatus, { environment, pullRequest, result }: TaskDone, now: Date) {
  const state = ownValue(status.environments, environment);
  const { revision, number } = pullRequest;
  const isNo = result.kind === 'done' && result.found === 'closed';
  if (!isNo || !state || revision === undefined) return status;
  const no = { revision, at: now.toISOString(), by: rejectedBy(number) };
  return withEnvironment(status, environment, withRejection(rejectedNow(state, no, now), no));
}

/** The promotion of that very revision waits for this answer, see next.ts. */
function rejectedNow(state: EnvironmentStatus, { revision, by }: Rejection, now: Date): EnvironmentStatus {
  const { promotion } = state;
  const isIt = promotion?.revision === revision && isUnfinished(promotion) && !isByHand(promotion);
  if (!isIt) return state;
  const message = `${shortRevision(revision)} was rejected (${by}): it is not promoted again by itself.`;
  return withPromotion(state, update(promotion, { phase: 'Rejected', message }, now));
}

function isSame(one: PullRequestRef, other: PullRequestRef): boolean {
  return one.number === other.number && one.url === other.url;
}

const AGAIN_SECONDS = 300;

/** What cannot be closed stays named, with the reason; while the forge is away it is tried again. */
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
  const nextAttemptAt = new Date(now.getTime() + AGAIN_SECONDS * 1000).toISOString();
  return [{ ...rest, problem, nextAttemptAt }];
}

function withTask(
  record: PromotionStatus,
  pullRequest: PullRequestRef,
  done: TaskDone,
  now: Date,
): PromotionStatus {
  switch (done.task.kind) {
    case 'close':
      return withClosed(record, pullRequest, done, now);
    case 'check':
      return withChecked(record, pullRequest, done);
    case 'merge':
      return withMerge(record, pullRequest, done.result);
    case 'cancel-merge':
      return withCancelled(record, pullRequest, done.result);
  }
}

function withClosed(record: PromotionStatus, pullRequest: PullRequestRef, done: TaskDone, now: Date) {
  const { task, result } = done;
  const isThis = task.kind === 'close' && task.reason === pullRequest.closing;
  if (!isThis || !isOver(result)) return record;
  const { closing: _, scheduled: __, ...rest } = pullRequest;
  return { ...record, pullRequest: { ...rest, endedAt: now.toISOString() } };
}

function withChecked(record: PromotionStatus, pullRequest: PullRequestRef, done: TaskDone) {
  const { task, result } = done;
  const isThis = task.kind === 'check' && done.pullRequest.commit === pullRequest.commit;
  if (!isThis || !isOver(result)) return record;
  const checked = { ...record, pullRequest: { ...pullRequest, checked: task.state } };
  const problem = problemOf(result);
  return problem === undefined ? checked : withMessage(checked, waitsForMerge(pullRequest), problem);
}

function withMerge(
  record: PromotionStatus,
  pullRequest: PullRequestRef,
  result: TaskResult,
): PromotionStatus {
  if (record.phase !== 'PullRequestOpen' || result.kind === 'done') return record;
  if (result.kind !== 'scheduled') {
    const why = result.kind === 'waits' ? result.reason : result.message;
    const isOutdated = result.kind === 'waits' && result.outdated && !pullRequest.outdated;
    const known = isOutdated ? { ...record, pullRequest: { ...pullRequest, outdated: true } } : record;
    return withMessage(known, waitsForMerge(pullRequest), why);
  }
  const scheduled = pullRequest.scheduled
    ? record
    : { ...record, pullRequest: { ...pullRequest, scheduled: true } };
  return withMessage(
    scheduled,
    waitsForMerge(pullRequest),
    'The forge merges it when its checks have passed.',
  );
}

function withCancelled(record: PromotionStatus, pullRequest: PullRequestRef, result: TaskResult) {
  if (!isOver(result)) return record;
  const { scheduled: _, ...rest } = pullRequest;
  const problem = problemOf(result);
  const cancelled = { ...record, pullRequest: rest };
  return problem === undefined ? cancelled : withMessage(cancelled, record.message ?? '', problem);
}

/** What a person must mend is not tried at each look, but said. */
function isOver(result: TaskResult): boolean {
  return result.kind !== 'error' || result.retry === 'never';
}

function problemOf(result: TaskResult): string | undefined {
  return result.kind === 'error' ? result.message : undefined;
}

function withMessage(record: PromotionStatus, ...sentences: (string | undefined)[]): PromotionStatus {
  const text = cut(sentences.filter(Boolean).join(' '));
  return record.message === text || text === '' ? record : { ...record, message: text };
}
