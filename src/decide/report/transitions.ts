import type {
  DeploymentPhase,
  Environment,
  EnvironmentStatus,
  Failure,
  Pipeline,
  PipelineStatus,
  PromotionPhase,
  PromotionStatus,
} from '../../api/pipeline.ts';
import { isSame, revisionOf, shortRevision } from '../model/revision.ts';
import { commonRevision, entryOf, environmentStatus } from '../model/state.ts';
import { newFailure } from './failure.ts';

/** The reasons of Events. A Warning needs a person. */
export const EVENT_TYPES = {
  WaitingApproval: 'Normal',
  PullRequestOpen: 'Normal',
  PullRequestMerged: 'Normal',
  PromotionSucceeded: 'Normal',
  PromotionSuperseded: 'Normal',
  PromotionRetrying: 'Warning',
  PromotionFailed: 'Warning',
  PromotionRejected: 'Warning',
  DeploymentFailed: 'Warning',
} as const;
export type EventReason = keyof typeof EVENT_TYPES;

/** A change between two states of a Pipeline that is reported as an Event. */
export interface Transition {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  readonly message: string;
  readonly environment: string;
  /** The revision that the transition is about. */
  readonly version: string;
  /** The revision that the environment runs, if it is known and another one. */
  readonly from?: string;
  /** Address of the pull request. */
  readonly pullRequest?: string;
  readonly phase: PromotionPhase | DeploymentPhase;
  /** The record's own time and attempt: a repetition of the same transition has another one. */
  readonly moment: string;
}

type Words = Pick<Transition, 'type' | 'reason' | 'message'>;

function words(reason: EventReason, message: string): Words {
  return { type: EVENT_TYPES[reason], reason, message };
}

/** A promotion that ended between the two states, for the metrics. */
export interface Ended {
  readonly environment: string;
  readonly promotion: PromotionStatus;
  /** RFC 3339; the time at which the revision was deployed in the previous environment, if known. */
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
    deployment?.phase === old.deployment?.phase &&
    isSame(revisionOf(deployment ?? {}), revisionOf(old.deployment ?? {}));
  if (!deployment || same || deployment.phase !== 'Failed') return [];
  const { phase, observedAt: moment } = deployment;
  const version = revisionOf(deployment) ?? '';
  const message = `The deployment of ${shortRevision(version)} to ${name} failed: ${deployment.message ?? 'no reason given.'}`;
  const about = { environment: name, version, phase, moment, ...runningBefore(version, old, state) };
  return [{ ...words('DeploymentFailed', message), ...about }];
}

function promotionTransitions(name: string, old: EnvironmentStatus, state: EnvironmentStatus): Transition[] {
  const { promotion } = state;
  if (!promotion) return [];
  const { revision: version, phase, pullRequest, updatedAt = '', attempts } = promotion;
  const moment = attempts === undefined ? updatedAt : `${updatedAt} ${attempts}`;
  const about = { environment: name, version, phase, moment, ...runningBefore(version, old, state) };
  return promotionWords(name, old.promotion, promotion).map((one) => ({
    ...one,
    ...about,
    ...(pullRequest && { pullRequest: pullRequest.url }),
  }));
}

/** Reports the former revision once the environment runs the new one. */
function runningBefore(version: string, old: EnvironmentStatus, state: EnvironmentStatus): { from?: string } {
  const known = [commonRevision(state.targets), commonRevision(old.targets)];
  const from = known.find((revision) => revision !== undefined && !isSame(revision, version));
  return from === undefined ? {} : { from };
}

function promotionWords(name: string, old: PromotionStatus | undefined, promotion: PromotionStatus): Words[] {
  const what = `${shortRevision(promotion.revision)} to ${name}`;
  const failure = newFailure(old, promotion);
  const same = isSame(old?.revision, promotion.revision) && old?.phase === promotion.phase;
  // An attempt that fails may have opened the pull request all the same.
  const isReported = !same && (!failure || promotion.phase === 'PullRequestOpen');
  const phase = isReported ? phaseWords(what, promotion) : undefined;
  return [...(phase ? [phase] : []), ...(failure ? [failureWords(what, failure)] : [])];
}

function failureWords(what: string, { retry, message }: Failure): Words {
  return retry === 'never'
    ? words('PromotionFailed', `The promotion of ${what} failed: ${message}`)
    : words('PromotionRetrying', `The promotion of ${what} is retried: ${message}`);
}

function phaseWords(what: string, promotion: PromotionStatus): Words | undefined {
  const { message } = promotion;
  switch (promotion.phase) {
    case 'Pending':
    case 'Promoting':
    case 'Failed': // Reported as the failure that it is.
      return undefined;
    case 'WaitingApproval':
      return words('WaitingApproval', `The promotion of ${what} waits for an approval.`);
    case 'PullRequestOpen':
      return words('PullRequestOpen', `A pull request promotes ${what}: ${promotion.pullRequest?.url ?? ''}`);
    case 'Merged':
      return words('PullRequestMerged', `The promotion of ${what} is merged.`);
    case 'Succeeded':
      return words('PromotionSucceeded', `Promoted ${what}.`);
    case 'Rejected':
      return words('PromotionRejected', message ?? `The promotion of ${what} was rejected.`);
    case 'Superseded':
      return words('PromotionSuperseded', `The promotion of ${what} ended: ${message ?? 'no reason given.'}`);
  }
}

const ENDS = ['Succeeded', 'Rejected', 'Superseded'];

/** The promotions that ended between the two states. One that failed may be retried; each new failure counts. */
export function endedPromotions({ spec, status }: Pipeline, before: PipelineStatus): Ended[] {
  return spec.environments.flatMap(({ name }, index) => {
    const { promotion } = environmentStatus(status, name);
    if (!promotion || !hasEnded(environmentStatus(before, name).promotion, promotion)) return [];
    const since = deployedAt(status, promotion.revision, spec.environments[index - 1]) ?? promotion.startedAt;
    return [{ environment: name, promotion, ...(since !== undefined && { since }) }];
  });
}

function hasEnded(old: PromotionStatus | undefined, promotion: PromotionStatus): boolean {
  if (promotion.phase === 'Failed') return newFailure(old, promotion)?.retry === 'never';
  if (!ENDS.includes(promotion.phase)) return false;
  return !isSame(old?.revision, promotion.revision) || old?.phase !== promotion.phase;
}

/** The execution has the time of the deployment; the deployment's own time moves with each event about it. */
function deployedAt(status: PipelineStatus, revision: string, environment: Environment | undefined) {
  if (!environment) return undefined;
  const known = entryOf(status, revision, environment.name).deployedAt;
  if (known !== undefined) return known;
  const { deployment } = environmentStatus(status, environment.name);
  // The deployment may be of a newer revision already.
  return deployment && isSame(revisionOf(deployment), revision) ? deployment.observedAt : undefined;
}
