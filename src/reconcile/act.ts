import {
  type Pipeline,
  type PipelineStatus,
  type PullRequestRef,
  pipelineKey,
  type StoredPipeline,
} from '../api/pipeline.ts';
import type { Step } from '../decide/next.ts';
import { foldResult, type Result } from '../decide/result.ts';
import { environmentStatus } from '../decide/state.ts';
import { isOver, type PullRequestTask, type PullRequestTasks, type TaskDone } from '../decide/task.ts';
import { foldTask } from '../decide/task-results.ts';
import type { Check } from './check.ts';
import { whyDeleted } from './deleted.ts';
import { finish } from './finish.ts';
import type { Polls } from './polls.ts';
import type { ReconcileDeps } from './reconcile.ts';

/** Acting on what was decided, and recording what has become of it. */

export type ActDeps = ReconcileDeps & { readonly polls: Polls };

/** What is to be done, as it is recorded. */
export interface Intent {
  readonly pipeline: Pipeline;
  readonly check: Check;
}

/**
 * Carries out what is to be promoted; the seconds until the first retry. It begins to look while the record is
 * still being written. Throws what keeps it from being recorded: what looks by then ends by itself and does
 * nothing.
 */
export async function act(
  deps: ActDeps,
  decided: Pipeline,
  steps: Readonly<Record<string, Step>>,
  intent: Promise<Intent>,
) {
  const jobs = decided.spec.environments.flatMap((environment) => {
    const step = steps[environment.name];
    if (step?.kind !== 'promote') return [];
    return [{ pipeline: decided, environment, promotion: step.promotion, recorded: intent }];
  });
  const waits = jobs.map(async (job) => {
    const { environment, promotion } = job;
    const result = await deps.promoter.promote(job);
    const { pipeline, check } = await intent;
    logResult(deps, pipeline, environment.name, promotion.revision, result);
    const attempt = { environment: environment.name, revision: promotion.revision, result };
    return recordResult(deps, pipeline, attempt, check);
  });
  // Each is waited for, also when another one fails: nothing is under way any more when the key is free again.
  await Promise.allSettled(waits);
  return Math.min(deps.policy.resyncSeconds, ...(await Promise.all(waits)));
}

/** `requested`: also what failed just now. */
interface Due {
  readonly steps: Readonly<Record<string, Step>>;
  readonly groups: readonly PullRequestTasks[];
  readonly requested: boolean;
}

/** Does what pull requests need beside being opened; the seconds until the next look at them. */
export async function runTasks(
  deps: ActDeps,
  intent: Intent,
  { steps, groups, requested }: Due,
): Promise<number> {
  const jobs = groups.map((group) => {
    const { promotion } = environmentStatus(intent.pipeline.status, group.environment);
    const isRecorded = promotion?.pullRequest?.url === group.pullRequest.url;
    // An attempt that is under way may bring another commit, or another pull request.
    if (isRecorded && steps[group.environment]?.kind === 'promote') return [];
    return runGroup(deps, intent, group, { isRecorded, requested });
  });
  const settled = await Promise.allSettled(jobs);
  const waits = settled.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  return Math.min(deps.policy.resyncSeconds, ...waits);
}

async function runGroup(
  deps: ActDeps,
  { pipeline, check }: Intent,
  { environment, pullRequest, tasks }: PullRequestTasks,
  { isRecorded, requested }: { readonly isRecorded: boolean; readonly requested: boolean },
): Promise<readonly number[]> {
  const waits: number[] = [];
  let isUncancelled = false;
  for (const task of tasks) {
    const key = taskKey(pullRequest, task);
    const isPaused = !requested && deps.polls.isPaused(key, deps.now());
    if (isPaused) isUncancelled ||= task.kind === 'cancel-merge';
    if (isPaused || (!requested && deps.polls.isPaused(inVain(key), deps.now()))) continue;
    const result = await deps.promoter.runTask({ pipeline, environment, pullRequest }, task);
    const done = { environment, pullRequest, task, result };
    logTask(deps, pipeline, done);
    remember(deps, pipeline, done);
    waits.push(lookAgainAfter(done, deps));
    if (task.kind === 'cancel-merge') isUncancelled = !isOver(result);
    // Both come again: once the status is recorded nobody thinks of an auto-merge that is not.
    if (isUncancelled && task.kind === 'check') deps.polls.pause(key, deps.now(), false);
    else await recordWith(deps, pipeline, check, (status) => foldTask(status, done, deps.now()));
  }
  return isRecorded ? waits : whenOver(waits, deps.policy);
}

/** What is promoted next waits for a pull request that was left behind. */
function whenOver(waits: readonly number[], { resyncSeconds }: ReconcileDeps['policy']): readonly number[] {
  return waits.length > 0 && waits.every((seconds) => seconds >= resyncSeconds) ? [0] : waits;
}

/** What failed is not tried at each look, and a forge that has just merged it is asked anew. */
function remember(
  { polls, now }: ActDeps,
  pipeline: Pipeline,
  { environment, pullRequest, task, result }: TaskDone,
) {
  const key = taskKey(pullRequest, task);
  if (result.kind === 'error') {
    if (result.retry === 'backoff') polls.pause(key, now(), false);
    if (result.retry === 'never') polls.pause(inVain(key), now(), true);
    return;
  }
  // That nothing was scheduled is known for a while.
  if (task.kind === 'cancel-merge' && !pullRequest.scheduled) polls.pause(inVain(key), now(), true);
  if (task.kind === 'merge' && result.kind === 'done') polls.changed(pipeline, environment);
}

/** That nothing was scheduled says nothing of what was scheduled since. */
function taskKey({ url, scheduled = false }: PullRequestRef, { kind }: PullRequestTask): string {
  return `${url} ${kind} ${scheduled}`;
}

function inVain(task: string): string {
  return `${task} in vain`;
}

/** A merge is seen soon; what failed is tried again with the next look at the pull request. */
function lookAgainAfter({ task, result }: TaskDone, { policy }: ReconcileDeps): number {
  const isMerged = result.kind === 'done' && (task.kind === 'merge' || result.found === 'merged');
  if (isMerged) return MERGED_SECONDS;
  if (result.kind !== 'error' || result.retry === 'never') return policy.resyncSeconds;
  return result.retry === 'backoff' ? TASK_RETRY_SECONDS : result.retry.afterSeconds;
}

type Attempt = Parameters<typeof foldResult>[1];

async function recordResult(
  deps: ActDeps,
  pipeline: Pipeline,
  attempt: Attempt,
  check: Check,
): Promise<number> {
  const fold = (status: PipelineStatus) => foldResult(status, attempt, deps.policy, deps.now());
  const status = await recordWith(deps, pipeline, check, fold);
  deps.polls.changed(pipeline, attempt.environment);
  if (!status) return closeLeft(deps, pipeline, attempt);
  const { promotion } = environmentStatus(status, attempt.environment);
  // A newer revision that came meanwhile, and a pull request that was just opened, are looked at at once.
  if (promotion?.revision !== attempt.revision) return 0;
  if (promotion.nextAttemptAt === undefined) return promotion.pullRequest ? 0 : SOON_SECONDS;
  const seconds = Math.max(0, (Date.parse(promotion.nextAttemptAt) - deps.now().getTime()) / 1000);
  return promotion.failure?.retry === 'never' ? Math.min(seconds, RECHECK_SECONDS) : seconds;
}

/** Who creates the Secret that was missing, or mends one, does not tell us. */
export const RECHECK_SECONDS = 30;

/** The Pipeline was deleted while its pull request was being opened. */
async function closeLeft(
  deps: ActDeps,
  pipeline: Pipeline,
  { environment, result }: Attempt,
): Promise<number> {
  const { namespace, name } = pipeline.metadata;
  // Nothing is recorded either where the spec has become unreadable: that Pipeline is still there.
  const isGone = (await deps.store.read(pipelineKey(namespace, name))) === undefined;
  if (isGone && result.kind === 'pull-request') {
    const { pullRequest } = result;
    const task = { kind: 'close', reason: whyDeleted(pipeline) } as const;
    const closed = await deps.promoter.runTask({ pipeline, environment, pullRequest }, task);
    logTask(deps, pipeline, { environment, pullRequest, task, result: closed });
  }
  return deps.policy.resyncSeconds;
}

/** The status as it was written; undefined when the Pipeline is gone. */
async function recordWith(
  deps: ActDeps,
  pipeline: Pipeline,
  check: Check,
  fold: (status: PipelineStatus) => PipelineStatus,
): Promise<PipelineStatus | undefined> {
  const key = pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
  const stored = deps.store.get(key);
  // One that was made anew under the name is another one.
  const known = stored?.metadata.uid === pipeline.metadata.uid ? stored : asStored(pipeline);
  await deps.pass?.('before-result', key);
  const written = await deps.record(known, (current) => {
    const before = current.status;
    const folded = fold(before);
    if (folded === before) return { before, pipeline: current };
    return { before, pipeline: current, status: finish(deps, { ...current, status: folded }, check) };
  });
  await deps.pass?.('after-result', key);
  if (!written?.status) return written?.before;
  deps.onChange({ ...written.pipeline, status: written.status }, written.before);
  return written.status;
}

const SOON_SECONDS = 10;
/** Not at once: a forge may answer that it has merged before it shows it. */
const MERGED_SECONDS = 1;
const TASK_RETRY_SECONDS = 30;

function logTask(deps: ActDeps, { metadata }: Pipeline, done: TaskDone) {
  const { environment, pullRequest, task, result } = done;
  const { namespace, name } = metadata;
  const fields = { namespace, name, environment, url: pullRequest.url, task: task.kind };
  if (result.kind === 'error') {
    const { message: error, retry } = result;
    deps.log.warn({ ...fields, error, retry }, 'the task of the pull request failed');
  } else {
    deps.log.info({ ...fields, result: result.kind }, 'the task of the pull request was run');
  }
}

function logResult(
  deps: ActDeps,
  { metadata }: Pipeline,
  environment: string,
  revision: string,
  result: Result,
) {
  const { namespace, name } = metadata;
  const fields = { namespace, name, environment, revision };
  if (result.kind === 'error') {
    deps.log.warn({ ...fields, error: result.message, retry: result.retry }, 'promotion failed');
    return;
  }
  const url = result.kind === 'pull-request' ? { url: result.pullRequest.url } : {};
  deps.log.info({ ...fields, result: result.kind, ...url }, 'promotion carried out');
}

export function asStored({ metadata, spec, status }: Pipeline): StoredPipeline {
  return { metadata, spec: { ok: true, value: spec }, status };
}
