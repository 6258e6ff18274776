import type { Pass } from '../api/checkpoint.ts';
import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import {
  type Pipeline,
  type PullRequestRef,
  type PullRequestStrategy,
  type PushStrategy,
  pipelineKey,
} from '../api/pipeline.ts';
import { forgeTypeOf } from '../decide/forge-type.ts';
import { type HostPolicy, secretHostProblem } from '../decide/hosts.ts';
import type { PullRequestState } from '../decide/next.ts';
import type { Result } from '../decide/result.ts';
import { promotionInto } from '../decide/route.ts';
import { isSameRepository } from '../decide/same-repository.ts';
import type { PullRequestTask, TaskResult } from '../decide/task.ts';
import { missingSecret } from '../decide/validate/secrets.ts';
import { type AttemptTime, inAttemptTime, type TimeLimits } from '../promote/attempt-time.ts';
import type { NotificationPromoter } from '../promote/notification.ts';
import { credentialsFrom, gitCredentialsFrom, type PullRequestPromoter } from '../promote/pull-request.ts';
import type { PushPromoter } from '../promote/push.ts';
import type { Job, PromotionJob, TaskJob } from './job.ts';
import { requestOf } from './promotion-request.ts';

/** Carries out promotions by the strategy that the spec names. */
export interface Promoter {
  /** What goes wrong is a result too; it throws only when the process ends or no longer leads meanwhile. */
  promote(job: PromotionJob): Promise<Result>;
  /** What goes wrong is a result too, as with `promote`. */
  runTask(job: TaskJob, task: PullRequestTask): Promise<TaskResult>;
  /** The open pull request of a promotion that does not know whether it has one. */
  findPullRequest(job: Job): Promise<PullRequestRef | undefined>;
  /** What the forge says of the pull request into this environment; of one that is merged, what Git says of the base. */
  pullRequestState(job: Job): Promise<PullRequestState>;
}

export interface PromoterDeps {
  readonly pullRequests: PullRequestPromoter;
  readonly pushes: PushPromoter;
  readonly notifications: NotificationPromoter;
  readonly readSecret: (namespace: string, name: string) => Promise<Secret | undefined>;
  readonly policy: Pick<HostPolicy, 'requireAllowedHosts'>;
  /** Aborted when the process has to end: what is under way is taken up at the next start. */
  readonly signal: AbortSignal;
  readonly pass?: Pass;
  /** Of each piece of work; default: `ATTEMPT`. */
  readonly limits?: TimeLimits;
}

interface Secret {
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly allowedHosts?: readonly string[];
}

export function createPromoter(deps: PromoterDeps): Promoter {
  async function secretOf(
    { metadata: { namespace } }: Pipeline,
    { url, secretRef }: Pick<PullRequestStrategy, 'url' | 'secretRef'>,
    reaches: 'git' | 'forge',
  ) {
    const where = `Secret ${namespace}/${secretRef.name}`;
    const secret = await deps.readSecret(namespace, secretRef.name);
    if (!secret) {
      const message = missingSecret({ url, reaches }, where);
      throw new TurnpikeError('SecretNotFound', message, { retry: 'never' });
    }
    const refused = secretHostProblem(where, url, secret.allowedHosts, deps.policy);
    if (refused !== undefined) throw new TurnpikeError('HostNotAllowed', refused, { retry: 'never' });
    return { values: secret.values, where };
  }

  async function forgeAccess(pipeline: Pipeline, settings: ForgeSettings) {
    const { values, where } = await secretOf(pipeline, settings, 'forge');
    return credentialsFrom(values, where, forgeTypeOf(settings));
  }

  async function gitAccess(pipeline: Pipeline, settings: PushStrategy) {
    const { values, where } = await secretOf(pipeline, settings, 'git');
    return gitCredentialsFrom(values, where);
  }

  function inTime<T>(work: (time: AttemptTime) => Promise<T>): Promise<T> {
    return inAttemptTime(deps.signal, work, deps.limits);
  }

  async function carryOut(job: PromotionJob, time: AttemptTime): Promise<Result> {
    const { pipeline, environment } = job;
    const strategy = promotionInto(pipeline.spec, environment)?.strategy;
    const settings = strategy?.['pull-request'];
    const request = requestOf(job);
    if (settings) {
      const access = await forgeAccess(pipeline, settings);
      await deps.pass?.('secret-read', keyOf(pipeline));
      return deps.pullRequests.promote(request, settings, access, time);
    }
    if (strategy?.push) {
      const access = await gitAccess(pipeline, strategy.push);
      await deps.pass?.('secret-read', keyOf(pipeline));
      return deps.pushes.promote(request, strategy.push, access, time);
    }
    if (strategy?.notification) return deps.notifications.promote(request, time.signal);
    const message = `The promotion into ${environment.name} has no strategy: set pull-request, push or notification.`;
    throw new TurnpikeError('SpecInvalid', message, { retry: 'never' });
  }

  /** What went wrong, as a result; but for the end of the process and of its lead. */
  function failure(error: unknown) {
    if (deps.signal.aborted || hasCode(error, 'NotLeading')) throw error;
    const retry = error instanceof TurnpikeError ? error.retry : 'backoff';
    return { kind: 'error' as const, message: errorMessage(error), retry };
  }

  async function runTask(
    { pipeline, environment, pullRequest }: TaskJob,
    task: PullRequestTask,
    time: AttemptTime,
  ) {
    const settings = repositoryOf(pipeline, environment, pullRequest);
    if (!settings) {
      const message = `It is not known how to reach the repository of ${pullRequest.url}: ${environment} is not promoted by pull request any more.`;
      throw new TurnpikeError('SpecInvalid', message, { retry: 'never' });
    }
    const access = await forgeAccess(pipeline, settings);
    const request = { ...ownerOf(pipeline, environment), task, pullRequest, settings };
    return deps.pullRequests.runTask(request, access, time);
  }

  async function findPullRequest({ pipeline, environment }: Job, time: AttemptTime) {
    const settings = promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
    if (!settings) return undefined;
    const owner = ownerOf(pipeline, environment.name);
    const access = await forgeAccess(pipeline, settings);
    return deps.pullRequests.find({ ...owner, settings }, access, time);
  }

  async function pullRequestState(job: Job, time: AttemptTime): Promise<PullRequestState> {
    const { pipeline, environment, promotion } = job;
    if (promotion.phase === 'Merged') return mergedState(job, time);
    const { pullRequest } = promotion;
    const settings = pullRequest && repositoryOf(pipeline, environment.name, pullRequest);
    // The strategy was changed: what is still open there is nobody's any more.
    if (!pullRequest || !settings) return 'missing';
    const access = await forgeAccess(pipeline, settings);
    const isClosed = promotion.phase === 'Rejected';
    const request = { ...ownerOf(pipeline, environment.name), pullRequest, settings, isClosed };
    return deps.pullRequests.state(request, access, time);
  }

  async function mergedState(job: Job, time: AttemptTime): Promise<PullRequestState> {
    const { pipeline, environment, promotion } = job;
    const strategy = promotionInto(pipeline.spec, environment)?.strategy;
    const request = requestOf({ ...job, recorded: Promise.resolve() });
    const { pullRequest } = promotion;
    const settings = pullRequest ? mergedInto(job, pullRequest) : strategy?.['pull-request'];
    if (settings) {
      return deps.pullRequests.inBase(request, settings, await forgeAccess(pipeline, settings), time);
    }
    const push = pullRequest ? undefined : strategy?.push;
    return push ? deps.pushes.inBase(request, push, await gitAccess(pipeline, push), time) : 'merged';
  }

  return {
    async promote(job) {
      try {
        return await inTime((time) => carryOut(job, time));
      } catch (error) {
        if (hasCode(error, 'NothingNew')) return { kind: 'needless', message: error.message };
        return failure(error);
      }
    },
    async runTask(job, task) {
      try {
        return await inTime((time) => runTask(job, task, time));
      } catch (error) {
        return failure(error);
      }
    },
    findPullRequest: (job) => inTime((time) => findPullRequest(job, time)),
    async pullRequestState(job) {
      await deps.pass?.('before-state', keyOf(job.pipeline));
      const state = await inTime((time) => pullRequestState(job, time));
      await deps.pass?.('after-state', keyOf(job.pipeline));
      return state;
    },
  };
}

function ownerOf({ metadata: { namespace, name } }: Pipeline, environment: string) {
  return { pipeline: { namespace, name }, environment };
}

type ForgeSettings = Pick<PullRequestStrategy, 'url' | 'type' | 'baseBranch' | 'secretRef' | 'files'>;

/** Of the repository that the pull request belongs to: as the spec has it now, or had it then. */
function repositoryOf(
  { spec }: Pipeline,
  environment: string,
  { repository, base }: PullRequestRef,
): ForgeSettings | undefined {
  const there = spec.environments.find(({ name }) => name === environment);
  const settings = there && promotionInto(spec, there)?.strategy['pull-request'];
  if (!repository || (settings && isSameRepository(settings.url, repository.url))) return settings;
  const { url, type, secret } = repository;
  return { url, ...(type && { type }), baseBranch: base ?? '', secretRef: { name: secret } };
}

/** The base branch that has it, whichever one the spec names by now. */
function mergedInto({ pipeline, environment }: Job, pullRequest: PullRequestRef): ForgeSettings | undefined {
  const settings = repositoryOf(pipeline, environment.name, pullRequest);
  return settings && { ...settings, baseBranch: pullRequest.base ?? settings.baseBranch };
}

function keyOf({ metadata }: Pipeline) {
  return pipelineKey(metadata.namespace, metadata.name);
}
