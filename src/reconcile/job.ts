import type { Environment, Pipeline, PromotionStatus, PullRequestRef } from '../api/pipeline.ts';

/** Jobs of the promoter. */

export interface TaskJob {
  readonly pipeline: Pipeline;
  /** The environment that the pull request was opened for; it may not be in the spec any more. */
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
}

export interface Job {
  readonly pipeline: Pipeline;
  readonly environment: Environment;
  readonly promotion: PromotionStatus;
}

export interface PromotionJob extends Job {
  /** Settles when the promotion is in the status: until then it may be prepared, and nothing be changed. */
  readonly recorded: Promise<unknown>;
}
