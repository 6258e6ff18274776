import type { CheckState, PullRequestRef } from '../../api/pipeline.ts';
import type { Retry } from '../../lib/errors.ts';
import type { MergeMethod } from '../../lib/forges/pure.ts';

/**
 * Maintenance of a pull request beside opening it and waiting for it. Each task follows from the record and is recorded
 * when it is done, so that none is lost, and none repeated without end.
 */
export type PullRequestTask =
  /** The pull request is not needed any more. */
  | { readonly kind: 'close'; readonly reason: string }
  /** The commit status `turnpike/promotion`: shows if the gates let it be merged. */
  | { readonly kind: 'check'; readonly state: CheckState; readonly description: string }
  /** `mayWait`: the forge may be asked to merge it later by itself. `method`: how; absent: as the forge allows. */
  | { readonly kind: 'merge'; readonly mayWait: boolean; readonly method?: MergeMethod }
  /** Cancels the forge's auto-merge. */
  | { readonly kind: 'cancel-merge' };

/**
 * `found`: it was merged before, into the base branch or another one, or a person had closed it; `scheduled`: the forge
 * merges it by itself; `waits`: it is not merged yet, for the reason; `outdated`: it must be built on the present base
 * branch first.
 */
export type TaskResult =
  | {
      readonly kind: 'done';
      readonly found?: 'closed' | 'merged' | 'merged-elsewhere';
      /** The branch that it was merged into. */
      readonly base?: string;
      /** The task must be repeated, as a task before it failed. */
      readonly isUnsure?: true;
    }
  | { readonly kind: 'scheduled' }
  | { readonly kind: 'waits'; readonly reason: string; readonly outdated?: boolean }
  | { readonly kind: 'error'; readonly message: string; readonly retry: Retry };

/** Tasks for one pull request, in the order in which they are done. */
export interface PullRequestTasks {
  /** The environment that it was opened for; it may have been removed from the spec. */
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
  readonly tasks: readonly PullRequestTask[];
}

export interface TaskDone {
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
  readonly task: PullRequestTask;
  readonly result: TaskResult;
}

export function isSame(one: PullRequestRef, other: PullRequestRef): boolean {
  return one.number === other.number && one.url === other.url;
}

/**
 * True once the task is not retried by itself: a fault that a person must correct is reported, not retried at each
 * reconcile.
 */
export function isOver(result: TaskResult): boolean {
  return result.kind !== 'error' || result.retry === 'never';
}

export function problemOf(result: TaskResult): string | undefined {
  return result.kind === 'error' ? result.message : undefined;
}
