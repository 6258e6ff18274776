import type { Pass } from '../api/checkpoint.ts';
import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import { ALLOWED_HOSTS } from '../api/group.ts';
import {
  type Environment,
  type Pipeline,
  type PipelineStatus,
  type PromotionStatus,
  type PullRequestRef,
  type PullRequestStrategy,
  type PushStrategy,
  pipelineKey,
} from '../api/pipeline.ts';
import { forgeTypeOf } from '../decide/forge-type.ts';
import { isAllowedHost } from '../decide/hosts.ts';
import { wasMergedLast } from '../decide/merged.ts';
import type { PullRequestState } from '../decide/next.ts';
import type { Result } from '../decide/result.ts';
import { isOlder } from '../decide/revision.ts';
import { destinationOf, promotionInto } from '../decide/route.ts';
import { isSameRepository } from '../decide/same-repository.ts';
import { broughtRevision, commonRevision, environmentStatus, ownValue, passageOf } from '../decide/state.ts';
import type { PullRequestTask, TaskResult } from '../decide/task.ts';
import { missingSecret } from '../decide/validate/secrets.ts';
import type { NotificationPromoter } from '../promote/notification.ts';
import { credentialsFrom, gitCredentialsFrom, type PullRequestPromoter } from '../promote/pull-request.ts';
import type { PushPromoter } from '../promote/push.ts';
import type { PromotionRequest } from '../promote/strategy.ts';

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

export interface PromoterDeps {
  readonly pullRequests: PullRequestPromoter;
  readonly pushes: PushPromoter;
  readonly notifications: NotificationPromoter;
  readonly readSecret: (namespace: string, name: string) => Promise<Secret | undefined>;
  /** Aborted when the process has to end: what is under way is taken up at the next start. */
  readonly signal: AbortSignal;
  readonly pass?: Pass;
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
    if (!isAllowedHost(url, secret.allowedHosts)) {
      const message = `${where} may not be sent to the host of the repository: its annotation ${ALLOWED_HOSTS} does not list it.`;
      throw new TurnpikeError('HostNotAllowed', message, { retry: 'never' });
    }
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

  async function carryOut(job: PromotionJob): Promise<Result> {
    const { pipeline, environment } = job;
    const strategy = promotionInto(pipeline.spec, environment)?.strategy;
    const settings = strategy?.['pull-request'];
    const request = requestOf(job);
    const { signal } = deps;
    if (settings) {
      const access = await forgeAccess(pipeline, settings);
      await deps.pass?.('secret-read', keyOf(pipeline));
      return deps.pullRequests.promote(request, settings, access, signal);
    }
    if (strategy?.push) {
      const access = await gitAccess(pipeline, strategy.push);
      await deps.pass?.('secret-read', keyOf(pipeline));
      return deps.pushes.promote(request, strategy.push, access, signal);
    }
    if (strategy?.notification) return deps.notifications.promote(request, signal);
    const message = `The promotion into ${environment.name} has no strategy: set pull-request, push or notification.`;
    throw new TurnpikeError('SpecInvalid', message, { retry: 'never' });
  }

  /** What went wrong, as a result; but for the end of the process and of its lead. */
  function failure(error: unknown) {
    if (deps.signal.aborted || hasCode(error, 'NotLeading')) throw error;
    const retry = error instanceof TurnpikeError ? error.retry : 'backoff';
    return { kind: 'error' as const, message: errorMessage(error), retry };
  }

  async function runTask({ pipeline, environment, pullRequest }: TaskJob, task: PullRequestTask) {
    const settings = repositoryOf(pipeline, environment, pullRequest);
    if (!settings) {
      const message = `It is not known how to reach the repository of ${pullRequest.url}: ${environment} is not promoted by pull request any more.`;
      throw new TurnpikeError('SpecInvalid', message, { retry: 'never' });
    }
    const access = await forgeAccess(pipeline, settings);
    const request = { ...ownerOf(pipeline, environment), task, pullRequest, settings };
    return deps.pullRequests.runTask(request, access, deps.signal);
  }

  async function findPullRequest({ pipeline, environment }: Job): Promise<PullRequestRef | undefined> {
    const settings = promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
    if (!settings) return undefined;
    const owner = ownerOf(pipeline, environment.name);
    return deps.pullRequests.find({ ...owner, settings }, await forgeAccess(pipeline, settings));
  }

  async function pullRequestState(job: Job): Promise<PullRequestState> {
    const { pipeline, environment, promotion } = job;
    if (promotion.phase === 'Merged') return mergedState(job);
    const { pullRequest } = promotion;
    const settings = pullRequest && repositoryOf(pipeline, environment.name, pullRequest);
    // The strategy was changed: what is still open there is nobody's any more.
    if (!pullRequest || !settings) return 'missing';
    const access = await forgeAccess(pipeline, settings);
    const isClosed = promotion.phase === 'Rejected';
    const request = { ...ownerOf(pipeline, environment.name), pullRequest, settings, isClosed };
    return deps.pullRequests.state(request, access);
  }

  async function mergedState(job: Job): Promise<PullRequestState> {
    const { pipeline, environment, promotion } = job;
    const strategy = promotionInto(pipeline.spec, environment)?.strategy;
    const request = requestOf({ ...job, recorded: Promise.resolve() });
    const { pullRequest } = promotion;
    const settings = pullRequest ? mergedInto(job, pullRequest) : strategy?.['pull-request'];
    if (settings) return deps.pullRequests.inBase(request, settings, await forgeAccess(pipeline, settings));
    const push = pullRequest ? undefined : strategy?.push;
    return push ? deps.pushes.inBase(request, push, await gitAccess(pipeline, push)) : 'merged';
  }

  return {
    async promote(job) {
      try {
        return await carryOut(job);
      } catch (error) {
        return failure(error);
      }
    },
    async runTask(job, task) {
      try {
        return await runTask(job, task);
      } catch (error) {
        return failure(error);
      }
    },
    findPullRequest,
    async pullRequestState(job) {
      await deps.pass?.('before-state', keyOf(job.pipeline));
      const state = await pullRequestState(job);
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

/** What is over says nothing of the next one. */
function isKnown(pullRequest: PullRequestRef | undefined): pullRequest is PullRequestRef {
  return pullRequest !== undefined && pullRequest.endedAt === undefined;
}

/** With the revision that it brings, which records of an earlier version do not say. */
function withRevision(promotion: PromotionStatus, pullRequest: PullRequestRef): PullRequestRef {
  const revision = broughtRevision(promotion);
  return { ...pullRequest, ...(revision !== undefined && { revision }) };
}

/** What it went back from, and what is newer, may be there again for another reason than that somebody said no. */
function ranBefore({ executions = [] }: PipelineStatus, revision: string, environment: string): string[] {
  return executions.flatMap((one) => {
    const { deployedAt, rolledBackAt } = ownValue(one.environments, environment) ?? {};
    const isBefore = deployedAt !== undefined && rolledBackAt === undefined;
    return isBefore && one.revision !== revision && !isOlder(revision, one.revision) ? [one.revision] : [];
  });
}

function sourceOf({ pipeline, environment, promotion }: Job): PromotionRequest['source'] {
  const { spec, status } = pipeline;
  const previous = spec.environments[spec.environments.indexOf(environment) - 1];
  const deployment = previous && environmentStatus(status, previous.name).deployment;
  const known = deployment?.revision === promotion.revision ? deployment : undefined;
  const since = previous && passageOf(status, promotion.revision, previous.name).deployedAt;
  const deployedAt = since ?? known?.observedAt;
  return {
    environment: previous?.name ?? '',
    ...(deployedAt !== undefined && { deployedAt }),
    ...(known?.message !== undefined && { message: known.message }),
  };
}

function requestOf(job: PromotionJob): PromotionRequest {
  const { pipeline, environment, promotion, recorded } = job;
  const { spec, status, metadata } = pipeline;
  const runs = commonRevision(environmentStatus(status, environment.name).targets);
  const { gates, strategy } = promotionInto(spec, environment) ?? {};
  const destination = { environment: environment.name, into: strategy && destinationOf(strategy) };
  return {
    pipeline: { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
    application: spec.appRef,
    environment: environment.name,
    revision: promotion.revision,
    ...(runs !== undefined && { runs }),
    ran: ranBefore(status, promotion.revision, environment.name),
    source: sourceOf(job),
    ...(gates && { gates }),
    ...(promotion.startedAt !== undefined && { due: promotion.startedAt }),
    ...(wasMergedLast(status, promotion.revision, destination) && { wasMerged: true }),
    ...(promotion.approvedBy !== undefined && { approvedBy: promotion.approvedBy }),
    ...((promotion.mayBeOpen || (promotion.attempts ?? 0) > 1) && { mayBeOpen: true }),
    ...(isKnown(promotion.pullRequest) && { pullRequest: withRevision(promotion, promotion.pullRequest) }),
    recorded,
  };
}
