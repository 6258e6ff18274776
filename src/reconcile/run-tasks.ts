import type { Pipeline, PullRequestRef } from '../api/pipeline.ts';
import { environmentStatus } from '../decide/model/state.ts';
import type { Step } from '../decide/promotion/next.ts';
import type { RetryPolicy } from '../decide/promotion/retry.ts';
import {
  isOver,
  type PullRequestTask,
  type PullRequestTasks,
  type TaskDone,
} from '../decide/promotion/task.ts';
import { foldTask } from '../decide/promotion/task-results.ts';
import type { Logger } from '../lib/logger.ts';
import type { Intent, RecordResult } from './intent.ts';
import type { Polls } from './polls.ts';
import type { Promoter } from './promoter.ts';

/** Does what pull requests need beside being opened. */

export interface TaskDeps {
  readonly promoter: Pick<Promoter, 'runTask'>;
  readonly polls: Pick<Polls, 'isPaused' | 'pause' | 'changed'>;
  readonly recordResult: RecordResult;
  readonly policy: Pick<RetryPolicy, 'resyncSeconds'>;
  readonly log: Logger;
  readonly now: () => Date;
}

/** `requested`: also what failed just now. */
interface Due {
  readonly steps: Readonly<Record<string, Step>>;
  readonly groups: readonly PullRequestTasks[];
  readonly requested: boolean;
}

/** Does what pull requests need beside being opened; the seconds until the next look at them. */
export async function runTasks(
  deps: TaskDeps,
  intent: Intent,
  { steps, groups, requested }: Due,
): Promise<number> {
  const jobs = groups.map((group) => {
    const { promotion } = environmentStatus(intent.pipeline.status, group.environment);
    const isRecorded = promotion?.pullRequest?.url === group.pullRequest.url;
    // An attempt that is under way may bring another commit, or another pull request: what the forge was asked to merge
    // by itself is not that any more.
    const isUnderWay = isRecorded && steps[group.environment]?.kind === 'promote';
    const tasks = isUnderWay ? group.tasks.filter(({ kind }) => kind === 'cancel-merge') : group.tasks;
    return runGroup(deps, intent, { ...group, tasks }, { isRecorded, requested });
  });
  const settled = await Promise.allSettled(jobs);
  const waits = settled.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  return Math.min(deps.policy.resyncSeconds, ...waits);
}

interface GroupOptions {
  readonly isRecorded: boolean;
  readonly requested: boolean;
}

async function runGroup(
  deps: TaskDeps,
  intent: Intent,
  group: PullRequestTasks,
  { isRecorded, requested }: GroupOptions,
): Promise<readonly number[]> {
  const waits: number[] = [];
  let isUncancelled: boolean = false;
  for (const task of group.tasks) {
    const due = dueOf(deps, { ...group, task, requested, isUncancelled });
    const one: One = { ...group, task, isUncancelled };
    const ran: Ran | undefined = due === 'now' ? await runOne(deps, intent, one) : undefined;
    if (ran) waits.push(ran.wait);
    if (task.kind === 'cancel-merge') isUncancelled = ran ? !isOver(ran.result) : due === 'later';
  }
  return isRecorded ? waits : whenOver(waits, deps.policy);
}

interface One {
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
  readonly task: PullRequestTask;
  /** The forge may still merge it by itself, and does not take that back now. */
  readonly isUncancelled: boolean;
}

interface Ran {
  /** Seconds until the next look. */
  readonly wait: number;
  readonly result: TaskDone['result'];
}

/** `later`: it failed a moment ago; `in-vain`: nothing comes of it for now. */
function dueOf(
  { polls, now }: Pick<TaskDeps, 'polls' | 'now'>,
  { pullRequest, task, requested, isUncancelled }: Omit<One, 'environment'> & Pick<GroupOptions, 'requested'>,
): 'now' | 'later' | 'in-vain' {
  const key = taskKey(pullRequest, task);
  if (!requested && polls.isPaused(key, now())) return 'later';
  if (!requested && polls.isPaused(inVain(key), now())) return 'in-vain';
  // It would merge what is shown to be ready.
  return isUncancelled && task.kind === 'check' && task.state === 'success' ? 'later' : 'now';
}

async function runOne(
  deps: TaskDeps,
  intent: Intent,
  { environment, pullRequest, task, isUncancelled }: One,
): Promise<Ran> {
  const { pipeline } = intent;
  const result = await deps.promoter.runTask({ pipeline, environment, pullRequest }, task);
  const done = { environment, pullRequest, task, result };
  logTask(deps, pipeline, done);
  remember(deps, pipeline, done);
  // Both come again: once this one is recorded nobody thinks of an auto-merge that is not.
  const known = isUncancelled ? untilCancelled(done) : done;
  if (isUncancelled && task.kind === 'check') deps.polls.pause(taskKey(pullRequest, task), deps.now(), false);
  await deps.recordResult(intent, (status) => foldTask(status, known, deps.now()));
  return { wait: lookAgainAfter(done, deps), result };
}

/** The result as it is recorded while the forge may still merge the pull request by itself. */
function untilCancelled(done: TaskDone): TaskDone {
  const { task, result } = done;
  if (task.kind === 'close' && result.kind === 'error')
    return { ...done, result: { ...result, retry: 'backoff' } };
  if (task.kind === 'check' && result.kind === 'done')
    return { ...done, result: { ...result, isUnsure: true } };
  return done;
}

/** The next promotion waits for a pull request that was left behind: it is looked at as soon as that is over. */
function whenOver(waits: readonly number[], { resyncSeconds }: TaskDeps['policy']): readonly number[] {
  return waits.length > 0 && waits.every((seconds) => seconds >= resyncSeconds) ? [0] : waits;
}

/** Keeps a task that failed from being tried at each look, and asks a forge anew that has just merged. */
function remember(
  { polls, now }: Pick<TaskDeps, 'polls' | 'now'>,
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
function lookAgainAfter({ task, result }: TaskDone, { policy }: Pick<TaskDeps, 'policy'>): number {
  const isMerged = result.kind === 'done' && (task.kind === 'merge' || result.found === 'merged');
  if (isMerged) return MERGED_SECONDS;
  if (result.kind !== 'error' || result.retry === 'never') return policy.resyncSeconds;
  return result.retry === 'backoff' ? TASK_RETRY_SECONDS : result.retry.afterSeconds;
}

/** Not at once: a forge may answer that it has merged before it shows it. */
const MERGED_SECONDS = 1;
const TASK_RETRY_SECONDS = 30;

export function logTask(deps: Pick<TaskDeps, 'log'>, { metadata }: Pipeline, done: TaskDone) {
  const { environment, pullRequest, task, result } = done;
  const { namespace, name } = metadata;
  const fields = { namespace, name, environment, url: pullRequest.url, task: task.kind };
  if (result.kind === 'error') {
    const { message: error, retry } = result;
    deps.log.warn({ ...fields, error, retry }, 'pull request task failed');
  } else {
    deps.log.info({ ...fields, result: result.kind }, 'pull request task done');
  }
}
