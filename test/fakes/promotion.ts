import type { PullRequestRef, PullRequestStrategy } from '../../src/api/pipeline.ts';
import type { PullRequestTask } from '../../src/decide/promotion/task.ts';
import type { StateRequest, TaskRequest } from '../../src/promote/pull-request/port.ts';
import type { PreparedPromotion, PromotionRequest, PromotionResult } from '../../src/promote/strategy.ts';

/** A promotion of 1.3.0 into staging, with changes. */
export function promotionRequest(change: Partial<PromotionRequest> = {}): PromotionRequest {
  return {
    pipeline: { namespace: 'team', name: 'app', uid: '9a7c5e0e-0000-4000-8000-000000000001' },
    application: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
    environment: 'staging',
    revision: '1.3.0',
    runs: '1.2.0',
    source: { environment: 'dev', deployedAt: '2026-11-21T10:37:49Z' },
    startedAt: '2026-11-21T10:37:50Z',
    ...change,
  };
}

/** Both phases of a promotion that is recorded. */
export async function carriedOut(
  prepared: PreparedPromotion | Promise<PreparedPromotion>,
): Promise<PromotionResult> {
  return (await prepared).carryOut();
}

const OWNER = { pipeline: { namespace: 'team', name: 'app' }, environment: 'staging' };

/** Asks about a pull request of such a promotion, which is open as far as is known. */
export function stateRequest(
  pullRequest: PullRequestRef,
  settings: PullRequestStrategy,
  change: Partial<StateRequest> = {},
): StateRequest {
  return { ...OWNER, pullRequest, settings, isClosed: false, ...change };
}

/** Asks for a task of a pull request of such a promotion. */
export function taskRequest(
  task: PullRequestTask,
  pullRequest: PullRequestRef,
  { environment = OWNER.environment, settings }: Pick<TaskRequest, 'settings'> & Partial<TaskRequest>,
): TaskRequest {
  return { ...OWNER, environment, task, pullRequest, settings };
}
