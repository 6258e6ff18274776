import {
  type Pipeline,
  type PullRequestRef,
  type PullRequestStrategy,
  pipelineKey,
} from '../api/pipeline.ts';
import { reachedBy } from '../decide/model/recorded-repository.ts';
import { promotionInto } from '../decide/model/route.ts';
import type { PullRequestState } from '../decide/promotion/next.ts';
import type { Result } from '../decide/promotion/result.ts';
import type { PullRequestTask, TaskResult } from '../decide/promotion/task.ts';
import {
  type AttemptTime,
  inAttemptTime,
  ownTurn,
  type TimeLimits,
  untilAborted,
} from '../lib/async/index.ts';
import { errorMessage, hasCode, TurnpikeError } from '../lib/errors.ts';
import { isSameRepository } from '../lib/forges/pure.ts';
import type { Fence } from '../promote/fence.ts';
import type { NotificationPromoter } from '../promote/notification/notification.ts';
import type { PullRequestPromoter } from '../promote/pull-request/port.ts';
import type { PushPromoter } from '../promote/push.ts';
import type { PreparedPromotion } from '../promote/strategy.ts';
import type { Job, PromotionJob, TaskJob } from './job.ts';
import { requestOf } from './promotion-request.ts';
import { createSecretAccess, type SecretAccess, type SecretAccessDeps } from './secret-access.ts';

/** Carries out promotions by the strategy that the spec names. */
export interface Promoter {
  /** Errors are results too; it throws only when the process ends or no longer leads meanwhile. */
  promote(job: PromotionJob): Promise<Result>;
  /** Errors are results too, as with `promote`. */
  runTask(job: TaskJob, task: PullRequestTask): Promise<TaskResult>;
  /** The open pull request of a promotion that does not know whether it has one. */
  findPullRequest(job: Job): Promise<PullRequestRef | undefined>;
  /** Asks the forge about the pull request into this environment; of one that is merged, Git about the base branch. */
  pullRequestState(job: Job): Promise<PullRequestState>;
}

export interface PromoterDeps extends SecretAccessDeps {
  readonly pullRequests: PullRequestPromoter;
  readonly pushes: PushPromoter;
  readonly notifications: NotificationPromoter;
  /** Aborted when the process has to end: what is under way is taken up at the next start. */
  readonly signal: AbortSignal;
  /** Asked before a promotion is carried out; what it changes is fenced by itself. */
  readonly fence?: Fence;
  /** The time of each piece of work; default: `ATTEMPT`. */
  readonly limits?: TimeLimits;
}

export function createPromoter(deps: PromoterDeps): Promoter {
  const reaching: Reaching = { ...deps, access: createSecretAccess(deps) };

  function inTime<T>(work: (time: AttemptTime) => Promise<T>): Promise<T> {
    return inAttemptTime(deps.signal, work, deps.limits);
  }

  return {
    async promote(job) {
      try {
        return await inTime((time) => promote(reaching, job, time));
      } catch (error) {
        if (hasCode(error, 'NothingNew')) return { kind: 'needless', message: error.message };
        return failure(error, deps.signal);
      }
    },
    async runTask(job, task) {
      try {
        return await inTime((time) => runTask(reaching, job, task, time));
      } catch (error) {
        return failure(error, deps.signal);
      }
    },
    findPullRequest: (job) => inTime((time) => findPullRequest(reaching, job, time)),
    pullRequestState: (job) => inTime((time) => pullRequestState(reaching, job, time)),
  };
}

/** The strategies, and the Secrets that they reach repositories with. */
type Reaching = Pick<PromoterDeps, 'pullRequests' | 'pushes' | 'notifications' | 'fence'> & {
  readonly access: SecretAccess;
};

function forgeAccess({ access }: Reaching, pipeline: Pipeline, settings: ForgeSettings) {
  return access.forge(pipeline, settings, { signs: false });
}

async function prepare(deps: Reaching, job: Job, time: AttemptTime): Promise<PreparedPromotion> {
  const { pipeline, environment } = job;
  const strategy = promotionInto(pipeline.spec, environment)?.strategy;
  const settings = strategy?.['pull-request'];
  const request = requestOf(job);
  if (settings) {
    const credentials = await deps.access.forge(pipeline, settings, { signs: true });
    return deps.pullRequests.prepare(request, settings, credentials, time);
  }
  if (strategy?.push) {
    const credentials = await deps.access.git(pipeline, strategy.push, { signs: true });
    return deps.pushes.prepare(request, strategy.push, credentials, time);
  }
  if (strategy?.notification) return deps.notifications.prepare(request, time.signal);
  const message = `The promotion into ${environment.name} has no strategy: set pull-request, push or notification.`;
  throw new TurnpikeError('SpecInvalid', message);
}

/** Looks while the promotion is still being recorded, and changes nothing before it is. */
async function promote(deps: Reaching, job: PromotionJob, time: AttemptTime): Promise<Result> {
  const prepared = await prepare(deps, job, time);
  try {
    await ownTurn(time, untilAborted(job.recorded, time.signal));
    await deps.fence?.(keyOf(job.pipeline));
  } catch (error) {
    prepared.discard();
    throw error;
  }
  return prepared.carryOut();
}

/** Turns an error into a result, unless the process or its lead has ended. */
function failure(error: unknown, ended: AbortSignal) {
  if (ended.aborted || hasCode(error, 'NotLeading')) throw error;
  const retry = error instanceof TurnpikeError ? error.retry : 'backoff';
  return { kind: 'error' as const, message: errorMessage(error), retry };
}

async function runTask(
  deps: Reaching,
  { pipeline, environment, pullRequest }: TaskJob,
  task: PullRequestTask,
  time: AttemptTime,
) {
  const settings = repositoryOf(pipeline, environment, pullRequest);
  if (!settings) {
    const message = `It is not known how to reach the repository of ${pullRequest.url}: ${environment} is no longer promoted by pull request.`;
    throw new TurnpikeError('SpecInvalid', message);
  }
  const credentials = await forgeAccess(deps, pipeline, settings);
  const request = { ...ownerOf(pipeline, environment), task, pullRequest, settings };
  return deps.pullRequests.runTask(request, credentials, time);
}

async function findPullRequest(deps: Reaching, { pipeline, environment }: Job, time: AttemptTime) {
  const settings = promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
  if (!settings) return undefined;
  const owner = ownerOf(pipeline, environment.name);
  const credentials = await forgeAccess(deps, pipeline, settings);
  return deps.pullRequests.find({ ...owner, settings }, credentials, time);
}

async function pullRequestState(deps: Reaching, job: Job, time: AttemptTime): Promise<PullRequestState> {
  const { pipeline, environment, promotion } = job;
  if (promotion.phase === 'Merged') return mergedState(deps, job, time);
  const { pullRequest } = promotion;
  const settings = pullRequest && repositoryOf(pipeline, environment.name, pullRequest);
  // The strategy was changed: a pull request that is still open there belongs to no promotion any more.
  if (!pullRequest || !settings) return 'missing';
  const credentials = await forgeAccess(deps, pipeline, settings);
  const isClosed = promotion.phase === 'Rejected';
  const request = { ...ownerOf(pipeline, environment.name), pullRequest, settings, isClosed };
  return deps.pullRequests.state(request, credentials, time);
}

async function mergedState(deps: Reaching, job: Job, time: AttemptTime): Promise<PullRequestState> {
  const { pipeline, environment, promotion } = job;
  const strategy = promotionInto(pipeline.spec, environment)?.strategy;
  const request = requestOf(job);
  const { pullRequest } = promotion;
  const settings = pullRequest ? mergedInto(job, pullRequest) : strategy?.['pull-request'];
  if (settings) {
    return deps.pullRequests.inBase(request, settings, await forgeAccess(deps, pipeline, settings), time);
  }
  const push = pullRequest ? undefined : strategy?.push;
  if (!push) return 'merged';
  return deps.pushes.inBase(request, push, await deps.access.git(pipeline, push, { signs: false }), time);
}

function ownerOf({ metadata: { namespace, name } }: Pipeline, environment: string) {
  return { pipeline: { namespace, name }, environment };
}

type ForgeSettings = Pick<
  PullRequestStrategy,
  'url' | 'type' | 'baseBranch' | 'secretRef' | 'certSecretRef' | 'proxySecretRef' | 'files'
>;

/** The settings of the repository that the pull request belongs to: as the spec has them now, or had them then. */
function repositoryOf(
  { spec }: Pipeline,
  environment: string,
  { repository, base }: PullRequestRef,
): ForgeSettings | undefined {
  const there = spec.environments.find(({ name }) => name === environment);
  const settings = there && promotionInto(spec, there)?.strategy['pull-request'];
  if (!repository || (settings && isSameRepository(settings.url, repository.url))) return settings;
  return { ...reachedBy(repository), baseBranch: base ?? '' };
}

/** The base branch that has it, whichever one the spec names by now. */
function mergedInto({ pipeline, environment }: Job, pullRequest: PullRequestRef): ForgeSettings | undefined {
  const settings = repositoryOf(pipeline, environment.name, pullRequest);
  return settings && { ...settings, baseBranch: pullRequest.base ?? settings.baseBranch };
}

function keyOf({ metadata }: Pipeline) {
  return pipelineKey(metadata.namespace, metadata.name);
}
