import type {
  Arrived,
  EnvironmentStatus,
  Execution,
  ExecutionEntry,
  PipelineStatus,
  PromotionPhase,
  PromotionStatus,
  PullRequestRef,
  TargetStatus,
} from '../../api/pipeline.ts';
import type { In } from './phase.ts';
import { withOwnRejection, withoutRejection } from './rejections.ts';
import { fullestOf, hasArrived, isSame, pinsOf, revisionOf } from './revision.ts';

/** Queries of a Pipeline's status. */

export function environmentStatus(status: PipelineStatus, environment: string): EnvironmentStatus {
  return ownValue(status.environments, environment) ?? {};
}

/** An environment may have the name of a property of every object, such as `constructor`. */
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
  return withOwnRejection({ ...state, waitingApproval: { revision: waiting }, promotion });
}

/** Replaces the revision by another one, which inherits a pull request that is open already. */
export function newPromotion(
  revision: string,
  before: PromotionStatus | undefined,
  now: Date,
): In<'Pending'> {
  const pullRequest = before && openPullRequest(before);
  return {
    revision,
    phase: 'Pending',
    ...(pullRequest && { pullRequest: takenOver(pullRequest) }),
    startedAt: now.toISOString(),
    updatedAt: now.toISOString(),
  };
}

const WITHOUT_PULL_REQUEST: readonly PromotionPhase[] = ['Merged', 'Succeeded', 'Rejected'];

/** The pull request that is recorded as open, even if it is to be closed. */
export function openPullRequest({ phase, pullRequest }: PromotionStatus): PullRequestRef | undefined {
  if (!pullRequest || pullRequest.endedAt !== undefined) return undefined;
  return WITHOUT_PULL_REQUEST.includes(phase) && pullRequest.closing === undefined ? undefined : pullRequest;
}

/** Keeps a pull request that was to be closed; the next task corrects its text. */
function takenOver(pullRequest: PullRequestRef): PullRequestRef {
  if (pullRequest.closing === undefined) return pullRequest;
  const { closing: _, checked: __, ...rest } = pullRequest;
  return rest;
}

/** The revision that the pull request brings; another one may be in the record since. */
export function broughtRevision({ revision, pullRequest, phase }: PromotionStatus): string | undefined {
  if (pullRequest?.revision !== undefined) return pullRequest.revision;
  // Records of an earlier version do not have it.
  return pullRequest && phase === 'PullRequestOpen' ? revision : undefined;
}

/** The recorded promotion. A revision that the predecessor left waiting for approval is one too. */
export function recordedPromotion(state: EnvironmentStatus): PromotionStatus | undefined {
  if (state.promotion) return state.promotion;
  const waiting = state.waitingApproval?.revision;
  return waiting ? { revision: waiting, phase: 'WaitingApproval' } : undefined;
}

/** The one revision that all targets run, ready or not, in its full form. */
export function commonRevision(targets: readonly TargetStatus[] | undefined): string | undefined {
  const revisions = (targets ?? []).map((target) => revisionOf(target) || undefined);
  const fullest = fullestOf(revisions);
  // A revision without a digest is the same as two with different ones, so all are compared with the fullest.
  return fullest !== undefined && revisions.every((one) => isSame(one, fullest)) ? fullest : undefined;
}

/** True if all targets are ready at the promotion's revision. */
export function isDeployed(
  { targets }: EnvironmentStatus,
  { revision, byVersion }: PromotionStatus,
): boolean {
  if (!targets?.length) return false;
  return targets.every((target) => target.ready && hasArrived(revisionOf(target), revision, byVersion));
}

/** The revision that all targets run and are ready at. */
export function readyRevision(state: EnvironmentStatus): string | undefined {
  return state.targets?.every((target) => target.ready) ? commonRevision(state.targets) : undefined;
}

/** The revision as it is promoted further: if it has arrived by its version alone, the promoted one. */
export function deployedRevision(state: EnvironmentStatus): string | undefined {
  if (!state.targets?.every((target) => target.ready)) return undefined;
  return promotedOn(state);
}

/** The one revision that all targets run, ready or not, as it is promoted on. */
export function promotedOn(state: EnvironmentStatus): string | undefined {
  const { arrived, targets } = state;
  return arrived && isThere(targets, arrived) ? arrived.revision : commonRevision(targets);
}

function isThere(targets: readonly TargetStatus[] = [], { revision, byVersion }: Arrived): boolean {
  return targets.length > 0 && targets.every((one) => hasArrived(revisionOf(one), revision, byVersion));
}

const BROUGHT: readonly PromotionPhase[] = ['Promoting', 'PullRequestOpen', 'Merged', 'Succeeded'];

/** Keeps the revision that has arrived by its version alone while that version runs. */
export function withArrived({ arrived: before, ...state }: EnvironmentStatus): EnvironmentStatus {
  const { promotion, targets } = state;
  const { revision, byVersion, phase } = promotion ?? {};
  const isBrought = phase !== undefined && BROUGHT.includes(phase);
  const brought = isBrought && revision !== undefined && byVersion ? { revision, byVersion } : undefined;
  const arrived = [brought, before].find((one) => one && isThere(targets, one));
  return arrived ? { ...state, arrived } : state;
}

/** The execution of a revision; an exact spelling takes precedence over others that are the same. */
export function executionOf<One extends Pick<Execution, 'revision'>>(
  executions: readonly One[] | undefined,
  revision: string,
): One | undefined {
  const exact = executions?.find((one) => one.revision === revision);
  return exact ?? executions?.find((one) => isSame(one.revision, revision));
}

/**
 * The execution of a revision that an environment has. Several may have a version without its digest: the last one to
 * arrive there is returned, and never one that did not.
 */
export function executionIn(
  status: PipelineStatus,
  revision: string,
  environment: string,
): Execution | undefined {
  const { executions } = status;
  if (pinsOf(revision).size > 0) return executionOf(executions, revision);
  const cameAt = (one: Execution) => {
    const { deployedAt, mergedAt } = ownValue(one.environments, environment) ?? {};
    return Date.parse(deployedAt ?? mergedAt ?? '');
  };
  const came = (executions ?? []).filter((one) => isSame(one.revision, revision) && cameAt(one) > 0);
  return came.toSorted((one, other) => cameAt(other) - cameAt(one))[0];
}

/** The entry of a revision for an environment, as far as it is known. */
export function entryOf(status: PipelineStatus, revision: string, environment: string): ExecutionEntry {
  const execution = executionIn(status, revision, environment) ?? executionOf(status.executions, revision);
  return ownValue(execution?.environments, environment) ?? {};
}

/** Removes the rejection of the revision that runs: a person brought it there. */
export function withoutNoToWhatRuns(state: EnvironmentStatus): EnvironmentStatus {
  const revision = deployedRevision(state);
  return revision === undefined ? state : withoutRejection(state, revision);
}
