import type { PullRequestRef, PullRequestStrategy } from '../../api/pipeline.ts';
import type { PullRequestState } from '../../decide/promotion/next.ts';
import type { PullRequestTask, TaskResult } from '../../decide/promotion/task.ts';
import type { AttemptTime } from '../../lib/async/index.ts';
import type { SecretCredentials } from '../../lib/forges/index.ts';
import type { PreparedPromotion, PromotionRequest } from '../strategy.ts';
import type { PipelineEnvironment } from './names.ts';

/** One task of a pull request. `settings` are of the repository that it belongs to. */
export interface TaskRequest extends PipelineEnvironment {
  readonly task: PullRequestTask;
  readonly pullRequest: PullRequestRef;
  readonly settings: RepositorySettings;
}

export type RepositorySettings = Pick<PullRequestStrategy, 'url' | 'type' | 'baseBranch'>;

export interface StateRequest extends PipelineEnvironment {
  readonly pullRequest: PullRequestRef;
  readonly settings: RepositorySettings;
  /** It is known to be closed, and it only matters whether it is open again. */
  readonly isClosed: boolean;
}

export interface FindRequest extends PipelineEnvironment {
  readonly settings: PullRequestStrategy;
}

/** All throw TurnpikeError: the codes of the branch updater, of `createForgeCall`, SpecInvalid and SecretInvalid. */
export interface PullRequestPromoter<Access = SecretCredentials> {
  /** To carry it out brings the branch and its one open pull request to the request's revision. */
  prepare(
    request: PromotionRequest,
    settings: PullRequestStrategy,
    credentials: Access,
    time?: AttemptTime,
  ): Promise<PreparedPromotion>;
  /** Does what an open pull request needs; doing it twice is doing it once. */
  runTask(request: TaskRequest, credentials: Access, time?: AttemptTime): Promise<TaskResult>;
  /**
   * One request to the forge; Git is asked for the base branch of one that is closed. `missing`: not there any more,
   * or the number is another repository's.
   */
  state(request: StateRequest, credentials: Access, time?: AttemptTime): Promise<PullRequestState>;
  /** The open one of the environment's branch, where it is ours. */
  find(request: FindRequest, credentials: Access, time?: AttemptTime): Promise<PullRequestRef | undefined>;
  /** Tells whether the base branch still has what was merged: `merged` or `reverted`. No request to the forge. */
  inBase(
    request: PromotionRequest,
    settings: PullRequestStrategy,
    credentials: Access,
    time?: AttemptTime,
  ): Promise<PullRequestState>;
}
