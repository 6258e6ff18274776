import type {
  EnvironmentStatus,
  Passage,
  PipelineStatus,
  PromotionPhase,
  PromotionStatus,
  PullRequestRef,
  TargetStatus,
} from '../api/pipeline.ts';

/** Questions about what is recorded in a Pipeline's status. */

export function environmentStatus(status: PipelineStatus, environment: string): EnvironmentStatus {
  return ownValue(status.environments, environment) ?? {};
}

/** An environment may be called as something that every object has, such as `constructor`. */
export function ownValue<Value>(
  values: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return values && Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The status with one environment's state replaced. */
export function withEnvironment(
  status: PipelineStatus,
  environment: string,
  state: EnvironmentStatus,
): PipelineStatus {
  return { ...status, environments: { ...status.environments, [environment]: state } };
}

/**
 * The environment's state with this promotion in it. `waitingApproval` is always written, as the
 * predecessor's clients read it; empty means that nothing waits.
 */
export function withPromotion(
  state: EnvironmentStatus,
  promotion: PromotionStatus | undefined,
): EnvironmentStatus {
  if (!promotion) return state;
  const waiting = promotion.phase === 'WaitingApproval' ? promotion.revision : '';
  return { ...state, waitingApproval: { revision: waiting }, promotion };
}

/** A revision takes the place of another one; a pull request that is open already is kept for it. */
export function newPromotion(
  revision: string,
  before: PromotionStatus | undefined,
  now: Date,
): PromotionStatus {
  const isOver = before?.phase === 'Succeeded' || before?.phase === 'Merged' || before?.phase === 'Rejected';
  const pullRequest = isOver ? undefined : before?.pullRequest;
  return {
    revision,
    phase: 'Pending',
    ...(pullRequest && { pullRequest: takenOver(pullRequest) }),
    startedAt: now.toISOString(),
    updatedAt: now.toISOString(),
  };
}

/** What was pushed and told for the revision before is not known of the next one. */
export function takenOver({ url, number }: PullRequestRef): PullRequestRef {
  return { url, number };
}

/** The recorded promotion. What the predecessor left waiting for approval is one too. */
export function recordedPromotion(state: EnvironmentStatus): PromotionStatus | undefined {
  if (state.promotion) return state.promotion;
  const waiting = state.waitingApproval?.revision;
  return waiting ? { revision: waiting, phase: 'WaitingApproval' } : undefined;
}

const FINISHED: readonly PromotionPhase[] = ['Succeeded', 'Rejected', 'Superseded'];

/** Whether something is still to come of it. */
export function isUnfinished(promotion: PromotionStatus): boolean {
  return !FINISHED.includes(promotion.phase);
}

/** The one revision that all targets run, ready or not. */
export function commonRevision(targets: readonly TargetStatus[] | undefined): string | undefined {
  const revision = targets?.[0]?.revision;
  return revision && targets?.every((target) => target.revision === revision) ? revision : undefined;
}

/** The revision that all targets run and are ready at. */
export function deployedRevision(state: EnvironmentStatus): string | undefined {
  return state.targets?.every((target) => target.ready) ? commonRevision(state.targets) : undefined;
}

/** What is known of a revision in an environment. */
export function passageOf(status: PipelineStatus, revision: string, environment: string): Passage {
  const journey = status.executions?.find((one) => one.revision === revision);
  return ownValue(journey?.environments, environment) ?? {};
}
