import type { Pass } from '../api/checkpoint.ts';
import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import { ALLOWED_HOSTS } from '../api/group.ts';
import {
  type Environment,
  type Pipeline,
  type PromotionStatus,
  type PullRequestRef,
  type PullRequestStrategy,
  type PushStrategy,
  pipelineKey,
} from '../api/pipeline.ts';
import type { Care, CareResult } from '../decide/care.ts';
import { forgeTypeOf } from '../decide/forge-type.ts';
import { isAllowedHost } from '../decide/hosts.ts';
import type { PullRequestState } from '../decide/next.ts';
import type { Result } from '../decide/result.ts';
import { promotionInto } from '../decide/route.ts';
import { commonRevision, environmentStatus } from '../decide/state.ts';
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
  tend(job: Job, pullRequest: PullRequestRef, care: Care): Promise<CareResult>;
  /** What the forge says of the pull request into this environment. */
  pullRequestState(
    pipeline: Pipeline,
    environment: Environment,
    pullRequest: PullRequestRef,
  ): Promise<PullRequestState>;
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

  async function forgeAccess(pipeline: Pipeline, settings: PullRequestStrategy) {
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

  async function tend({ pipeline, environment }: Job, pullRequest: PullRequestRef, care: Care) {
    const settings = promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
    if (!settings) {
      const message = `The promotion into ${environment.name} is by pull request no more: close what is open by hand.`;
      throw new TurnpikeError('SpecInvalid', message, { retry: 'never' });
    }
    const access = await forgeAccess(pipeline, settings);
    return deps.pullRequests.tend(care, pullRequest, settings, access, deps.signal);
  }

  return {
    async promote(job) {
      try {
        return await carryOut(job);
      } catch (error) {
        return failure(error);
      }
    },
    async tend(job, pullRequest, care) {
      try {
        return await tend(job, pullRequest, care);
      } catch (error) {
        return failure(error);
      }
    },
    async pullRequestState(pipeline, environment, pullRequest) {
      const settings = promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
      // The strategy was changed: what is still open there is nobody's any more.
      if (!settings) return 'missing';
      const access = await forgeAccess(pipeline, settings);
      await deps.pass?.('before-state', keyOf(pipeline));
      const state = await deps.pullRequests.state(pullRequest, settings, access);
      await deps.pass?.('after-state', keyOf(pipeline));
      return state;
    },
  };
}

function keyOf({ metadata }: Pipeline) {
  return pipelineKey(metadata.namespace, metadata.name);
}

function requestOf({ pipeline, environment, promotion, recorded }: PromotionJob): PromotionRequest {
  const { spec, status, metadata } = pipeline;
  const previous = spec.environments[spec.environments.indexOf(environment) - 1];
  const deployment = previous && environmentStatus(status, previous.name).deployment;
  const known = deployment?.revision === promotion.revision ? deployment : undefined;
  const runs = commonRevision(environmentStatus(status, environment.name).targets);
  const gates = promotionInto(spec, environment)?.gates;
  return {
    pipeline: { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
    application: spec.appRef,
    environment: environment.name,
    revision: promotion.revision,
    ...(runs !== undefined && { runs }),
    source: {
      environment: previous?.name ?? '',
      ...(known && { deployedAt: known.observedAt }),
      ...(known?.message !== undefined && { message: known.message }),
    },
    ...(gates && { gates }),
    ...(promotion.startedAt !== undefined && { due: promotion.startedAt }),
    ...(promotion.approvedBy !== undefined && { approvedBy: promotion.approvedBy }),
    ...(promotion.pullRequest && { pullRequest: promotion.pullRequest }),
    recorded,
  };
}
