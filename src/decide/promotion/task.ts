import type { CheckState, PullRequestRef } from '../../api/pipeline.ts';
import type { Retry } from '../../lib/errors.ts';
import type { MergeMethod } from '../../lib/forges/pure.ts';

/**
 * Upkeep of a pull request beside opening it and waiting for it. Each task follows from what is recorded and is
 * recorded when it is done, so that none is lost, and none done again and again.
 */
export type PullRequestTask =
  /** Nobody needs it any more. */
  | { readonly kind: 'close'; readonly reason: string }
  /** The commit status `turnpike/promotion`: whether the gates let it be merged. */
  | { readonly kind: 'check'; readonly state: CheckState; readonly description: string }
  /** `mayWait`: the forge may be asked to merge it later by itself. `method`: how; absent: as the forge allows. */
  | { readonly kind: 'merge'; readonly mayWait: boolean; readonly method?: MergeMethod }
  /** Takes back that the forge merges it by itself. */
  | { readonly kind: 'cancel-merge' };

/**
 * `found`: it was merged, into the base branch or another one, or a person had closed it, before; `scheduled`: the forge
 * merges it by itself; `waits`: it is not merged yet, for the reason; `outdated`: it has to be built on the present base
 * branch first.
 */
export type TaskResult =
  | {
      readonly kind: 'done';
      readonly found?: 'closed' | 'merged' | 'merged-elsewhere';
      /** Where it was merged. */
      readonly base?: string;
      /** It has to be done again, as what has to be done first could not be. */
      readonly isUnsure?: true;
    }
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

export interface TaskDone {
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
  readonly task: PullRequestTask;
  readonly result: TaskResult;
}

export function isSame(one: PullRequestRef, other: PullRequestRef): boolean {
  return one.number === other.number && one.url === other.url;
}

/** True once the task is not tried again by itself: a fault that a person must mend is said, not tried at each look. */
export function isOver(result: TaskResult): boolean {
  return result.kind !== 'error' || result.retry === 'never';
}

export function problemOf(result: TaskResult): string | undefined {
  return result.kind === 'error' ? result.message : undefined;
}
