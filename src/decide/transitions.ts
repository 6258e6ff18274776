import type {
  Environment,
  EnvironmentStatus,
  Pipeline,
  PipelineStatus,
  PromotionStatus,
} from '../api/pipeline.ts';
import { environmentStatus, passageOf } from './state.ts';

/** What is told as a Kubernetes Event: only what changed between two states of a Pipeline. */
export interface Transition {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Also the journal of promotions that ended between the two states, for the metrics. */
export interface Ended {
  readonly environment: string;
  readonly promotion: PromotionStatus;
  /** RFC 3339; when the revision was deployed in the previous environment, as far as is known. */
  readonly since?: string;
}

export function transitions({ spec, status }: Pipeline, before: PipelineStatus): Transition[] {
  return spec.environments.flatMap(({ name }) => {
    const old = environmentStatus(before, name);
    const state = environmentStatus(status, name);
    return [...deploymentTransitions(name, old, state), ...promotionTransitions(name, old, state)];
  });
}

function deploymentTransitions(name: string, old: EnvironmentStatus, state: EnvironmentStatus): Transition[] {
  const { deployment } = state;
  const same =
    deployment?.phase === old.deployment?.phase && deployment?.revision === old.deployment?.revision;
  if (!deployment || same || deployment.phase !== 'Failed') return [];
  const message = `The deployment of ${deployment.revision} to ${name} failed: ${deployment.message ?? 'no reason given.'}`;
  return [{ type: 'Warning', reason: 'DeploymentFailed', message }];
}

function promotionTransitions(name: string, old: EnvironmentStatus, state: EnvironmentStatus): Transition[] {
  const { promotion } = state;
  if (!promotion) return [];
  const sameRevision = old.promotion?.revision === promotion.revision;
  const isRetry = promotion.phase === 'Pending' && promotion.nextAttemptAt !== undefined;
  if (isRetry) {
    if (sameRevision && old.promotion?.message === promotion.message) return [];
    const message = `Promotion of ${promotion.revision} to ${name} is retried: ${promotion.message ?? ''}`;
    return [{ type: 'Warning', reason: 'PromotionRetrying', message }];
  }
  if (sameRevision && old.promotion?.phase === promotion.phase) return [];
  const told = tell(name, promotion);
  return told ? [told] : [];
}

function tell(name: string, promotion: PromotionStatus): Transition | undefined {
  const what = `${promotion.revision} to ${name}`;
  const message = promotion.message ?? '';
  switch (promotion.phase) {
    case 'Pending':
    case 'Promoting':
      return undefined;
    case 'WaitingApproval':
      return {
        type: 'Normal',
        reason: 'WaitingApproval',
        message: `The promotion of ${what} waits for an approval.`,
      };
    case 'PullRequestOpen': {
      const url = promotion.pullRequest?.url ?? '';
      return {
        type: 'Normal',
        reason: 'PullRequestOpen',
        message: `A pull request promotes ${what}: ${url}`,
      };
    }
    case 'Merged':
      return { type: 'Normal', reason: 'PullRequestMerged', message: `The promotion of ${what} is merged.` };
    case 'Succeeded':
      return { type: 'Normal', reason: 'PromotionSucceeded', message: `Promoted ${what}.` };
    case 'Failed':
      return {
        type: 'Warning',
        reason: 'PromotionFailed',
        message: `The promotion of ${what} failed: ${message}`,
      };
    case 'Rejected':
      return { type: 'Warning', reason: 'PromotionRejected', message };
    case 'Superseded':
      return {
        type: 'Normal',
        reason: 'PromotionSuperseded',
        message: `The promotion of ${what} ended: ${message}`,
      };
  }
}

const ENDS = ['Succeeded', 'Failed', 'Rejected', 'Superseded'];

/** The promotions that ended between the two states. */
export function endedPromotions({ spec, status }: Pipeline, before: PipelineStatus): Ended[] {
  return spec.environments.flatMap(({ name }, index) => {
    const { promotion } = environmentStatus(status, name);
    const old = environmentStatus(before, name).promotion;
    if (!promotion || !ENDS.includes(promotion.phase)) return [];
    if (old?.revision === promotion.revision && old.phase === promotion.phase) return [];
    const since = deployedAt(status, promotion.revision, spec.environments[index - 1]) ?? promotion.startedAt;
    return [{ environment: name, promotion, ...(since !== undefined && { since }) }];
  });
}

function deployedAt(status: PipelineStatus, revision: string, environment: Environment | undefined) {
  if (!environment) return undefined;
  const { deployment } = environmentStatus(status, environment.name);
  // A newer one may be there by now.
  if (deployment?.revision === revision) return deployment.observedAt;
  return passageOf(status, revision, environment.name).deployedAt;
}
