import type { PipelineStatus, PromotionStatus, PullRequestRef } from '../api/pipeline.ts';
import { foldClosing } from './closing.ts';
import { waitsForMerge } from './result.ts';
import { environmentStatus, withEnvironment } from './state.ts';
import { isOver, isSame, problemOf, type TaskDone, type TaskResult } from './task.ts';
import { cut } from './text.ts';

/** The status with what has become of it; what is about another pull request by now is left out. */
export function foldTask(status: PipelineStatus, done: TaskDone, now: Date): PipelineStatus {
  if (done.task.kind === 'close') return foldClosing(status, done, now);
  const { environment } = done;
  const state = environmentStatus(status, environment);
  const record = state.promotion;
  if (!record?.pullRequest || !isSame(record.pullRequest, done.pullRequest)) return status;
  const promotion = withTask(record, record.pullRequest, done);
  return promotion === record ? status : withEnvironment(status, environment, { ...state, promotion });
}

function withTask(record: PromotionStatus, pullRequest: PullRequestRef, done: TaskDone): PromotionStatus {
  switch (done.task.kind) {
    case 'close':
      return record;
    case 'check':
      return withChecked(record, pullRequest, done);
    case 'merge':
      return withMerge(record, pullRequest, done.result);
    case 'cancel-merge':
      return withCancelled(record, pullRequest, done.result);
  }
}

const UNTOLD = 'The commit status cannot be set:';
const UNCANCELLED = 'The auto-merge cannot be taken back:';
const MERGED_LATER = 'The forge merges it when its checks have passed.';

function withChecked(record: PromotionStatus, pullRequest: PullRequestRef, done: TaskDone) {
  const { task, result } = done;
  const isThis = task.kind === 'check' && done.pullRequest.commit === pullRequest.commit;
  if (!isThis || !isOver(result)) return record;
  const problem = problemOf(result);
  if (problem !== undefined) return withMessage(record, waitsForMerge(pullRequest), UNTOLD, problem);
  const told = { ...record, pullRequest: { ...pullRequest, checked: task.state } };
  return withoutMessage(told, pullRequest, UNTOLD);
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
  return withMessage(scheduled, waitsForMerge(pullRequest), MERGED_LATER);
}

function withCancelled(record: PromotionStatus, pullRequest: PullRequestRef, result: TaskResult) {
  if (!isOver(result)) return record;
  const problem = problemOf(result);
  if (problem !== undefined) return withMessage(record, waitsForMerge(pullRequest), UNCANCELLED, problem);
  const known = withoutMessage(withoutMessage(record, pullRequest, UNCANCELLED), pullRequest, MERGED_LATER);
  if (!pullRequest.scheduled) return known;
  const { scheduled: _, ...rest } = pullRequest;
  return { ...known, pullRequest: rest };
}

/** A promotion that waits for something else says that. */
function withMessage(record: PromotionStatus, ...sentences: readonly string[]): PromotionStatus {
  const text = cut(sentences.join(' '));
  return record.phase !== 'PullRequestOpen' || record.message === text
    ? record
    : { ...record, message: text };
}

/** What begins with these words is not so any more. */
function withoutMessage(
  record: PromotionStatus,
  pullRequest: PullRequestRef,
  words: string,
): PromotionStatus {
  return record.message?.includes(words) ? withMessage(record, waitsForMerge(pullRequest)) : record;
}
