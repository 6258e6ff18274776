import type { PipelineStatus, PromotionStatus, PullRequestRef } from '../../api/pipeline.ts';
import { environmentStatus, withEnvironment } from '../model/state.ts';
import { foldClosing } from './closing.ts';
import { type Remark, withoutRemark, withRemark } from './remarks.ts';
import { waitsForMerge } from './result.ts';
import { isOver, isSame, problemOf, type TaskDone, type TaskResult } from './task.ts';

/** Folds the result of a task into the status; a result for a pull request that was replaced meanwhile is ignored. */
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

function withChecked(record: PromotionStatus, pullRequest: PullRequestRef, done: TaskDone) {
  const { task, result } = done;
  const isThis = task.kind === 'check' && done.pullRequest.commit === pullRequest.commit;
  if (!isThis || !isOver(result)) return record;
  const problem = problemOf(result);
  if (problem !== undefined) return remarked(record, 'unreported', problem);
  const { checked: _, ...unknown } = pullRequest;
  const isKnown = result.kind !== 'done' || !result.isUnsure;
  const known = isKnown ? { ...pullRequest, checked: task.state } : unknown;
  return unremarked({ ...record, pullRequest: known }, 'unreported');
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
    return remarked(unremarked(known, 'mergedLater'), 'unmerged', why);
  }
  const scheduled = pullRequest.scheduled
    ? record
    : { ...record, pullRequest: { ...pullRequest, scheduled: true } };
  return remarked(unremarked(scheduled, 'unmerged'), 'mergedLater');
}

function withCancelled(record: PromotionStatus, pullRequest: PullRequestRef, result: TaskResult) {
  if (!isOver(result)) return record;
  const problem = problemOf(result);
  if (problem !== undefined) return remarked(record, 'uncancelled', problem);
  const known = unremarked(unremarked(record, 'uncancelled'), 'mergedLater');
  if (!pullRequest.scheduled) return known;
  const { scheduled: _, ...rest } = pullRequest;
  return { ...known, pullRequest: rest };
}

/** A promotion that waits for something else keeps that message. */
function remarked(record: PromotionStatus, remark: Remark, text?: string): PromotionStatus {
  return withMessage(record, (message) => withRemark(message, remark, text));
}

function unremarked(record: PromotionStatus, remark: Remark): PromotionStatus {
  return withMessage(record, (message) => withoutRemark(message, remark));
}

function withMessage(record: PromotionStatus, change: (message: string) => string): PromotionStatus {
  if (record.phase !== 'PullRequestOpen' || !record.pullRequest) return record;
  const message = change(record.message ?? waitsForMerge(record.pullRequest));
  return message === record.message ? record : { ...record, message };
}
