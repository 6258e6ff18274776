import type {
  Deployment,
  EnvironmentStatus,
  Pipeline,
  PipelineSpec,
  PipelineStatus,
  PromotionStatus,
  Target,
  TargetStatus,
} from '../api/pipeline.ts';
import { withAbandoned } from './abandon.ts';
import type { Observation } from './application.ts';
import { foldExecutions } from './executions.ts';
import { rejectionOf, withOwnRejection } from './rejections.ts';
import { groupOf, isApplication } from './route.ts';
import {
  commonRevision,
  deployedRevision,
  environmentStatus,
  isUnfinished,
  openPullRequest,
  withoutNoToWhatRuns,
} from './state.ts';
import { update } from './step.ts';
import { cut } from './text.ts';

/** Folds what was seen of the applications into the status. The cluster is the truth, events are hints. */

/** Observations by environment, in the order of its targets. */
export type Observations = Readonly<Record<string, readonly Observation[]>>;

/**
 * How long an event is believed against what the application object shows. Flux may send the event a
 * moment before it writes the status; after this time the object wins.
 */
export const EVENT_GRACE_SECONDS = 15;

export function foldObservations(pipeline: Pipeline, seen: Observations, now: Date): PipelineStatus {
  const known = withKnownRejections(ofThisApplication(pipeline, now));
  const status = withAbandoned({ ...pipeline, status: known }, now);
  const environments: Record<string, EnvironmentStatus> = {};
  for (const environment of pipeline.spec.environments) {
    const old = environmentStatus(status, environment.name);
    const observations = seen[environment.name] ?? [];
    const targets = environment.targets.map((target, index) => {
      const identity = targetIdentity(pipeline.spec, target);
      return foldTarget(identity, findTarget(old, identity), observations[index], now);
    });
    const state = withoutNoToWhatRuns({ ...old, targets });
    const deployment = foldDeployment({ ...state, wasWhole: deployedRevision(old) }, observations, now);
    environments[environment.name] = deployment ? { ...state, deployment } : state;
  }
  return foldExecutions({ ...pipeline, status: { ...status, environments } }, now);
}

/** An earlier version kept a no in the promotion alone. */
function withKnownRejections(status: PipelineStatus): PipelineStatus {
  const isUnknown = ({ promotion, rejected }: EnvironmentStatus) =>
    promotion?.phase === 'Rejected' && !rejectionOf({ rejected }, promotion.revision);
  const entries = Object.entries(status.environments ?? {});
  if (!entries.some(([, state]) => isUnknown(state))) return status;
  const known = entries.map(([name, state]) => [name, isUnknown(state) ? withOwnRejection(state) : state]);
  return { ...status, environments: Object.fromEntries(known) };
}

/** Another application begins anew: what was recorded of the one before says nothing of it. */
function ofThisApplication({ spec, status }: Pipeline, now: Date): PipelineStatus {
  const isOther = ({ targets = [] }: EnvironmentStatus) =>
    targets.length > 0 && !targets.some((target) => isApplication(spec.appRef, target.clusterAppRef));
  const entries = Object.entries(status.environments ?? {});
  if (!entries.some(([, state]) => isOther(state))) return status;
  const { executions: _, ...rest } = status;
  const message = `The application is ${spec.appRef.kind} ${spec.appRef.name} now.`;
  const anew = entries.map(([name, state]) => [name, isOther(state) ? ended(state, message, now) : state]);
  return { ...rest, environments: Object.fromEntries(anew) };
}

/** A pull request that is open goes to the next revision. */
function ended(
  { promotion, waitingApproval }: EnvironmentStatus,
  message: string,
  now: Date,
): EnvironmentStatus {
  const waiting = waitingApproval && { waitingApproval: { revision: '' } };
  if (!promotion) return { ...waiting };
  if (!isUnfinished(promotion)) return { ...waiting, ...(openPullRequest(promotion) && { promotion }) };
  const over = update(promotion, { phase: 'Superseded', message }, now);
  return { ...waiting, promotion: withoutBrought(over) };
}

/** That a person had closed it is no word on a version of the application that is there now. */
function withoutBrought({ pullRequest, ...promotion }: PromotionStatus): PromotionStatus {
  if (!pullRequest) return promotion;
  const { revision: _, ...rest } = pullRequest;
  return { ...promotion, pullRequest: rest };
}

/** What a target's status begins with: which object, where. */
export type TargetIdentity = Pick<TargetStatus, 'clusterAppRef' | 'namespace'>;

export function targetIdentity(spec: PipelineSpec, target: Target): TargetIdentity {
  const { apiVersion, kind, name } = spec.appRef;
  const clusterRef = target.clusterRef && { clusterRef: target.clusterRef };
  return { clusterAppRef: { apiVersion, kind, name, ...clusterRef }, namespace: target.namespace };
}

/** What is recorded of this very target; targets may have been reordered or renamed in the spec since. */
export function findTarget(state: EnvironmentStatus, identity: TargetIdentity): TargetStatus | undefined {
  const wanted = identityKey(identity);
  return state.targets?.find((target) => identityKey(target) === wanted);
}

function identityKey({ clusterAppRef: app, namespace }: TargetIdentity): string {
  const cluster = app.clusterRef;
  const where = [cluster?.kind, cluster?.namespace, cluster?.name, namespace];
  return JSON.stringify([groupOf(app.apiVersion), app.kind, app.name, ...where]);
}

/** What a target's status becomes by what was seen of its application. */
export function foldTarget(
  identity: TargetIdentity,
  before: TargetStatus | undefined,
  seen: Observation | undefined,
  now: Date,
): TargetStatus {
  const isBack = before?.seen === 'gone' && seen?.kind === 'application';
  const observedAt = before?.observedAt !== undefined && !isBack && { observedAt: before.observedAt };
  if (seen?.kind === 'application') {
    const ready = seen.ready || isSteady(before, seen);
    return {
      ...identity,
      ready,
      ...(seen.revision !== undefined && { revision: seen.revision }),
      ...(seen.message !== undefined && !ready && { error: cut(seen.message) }),
      ...deployedSince(before, seen),
      ...observedAt,
      seen: 'now',
    };
  }
  const error = cut(seen?.error ?? 'It was not looked at.');
  const wasSeen = before?.seen !== undefined;
  if (seen?.kind === 'absent' && wasSeen) {
    return { ...identity, ready: false, error, observedAt: goneSince(before, now), seen: 'gone' };
  }
  const believed = before?.observedAt ? before : undefined;
  // What cannot be read is still there: to forget what it ran would let an older revision in.
  const known = seen?.kind === 'absent' ? believed : before;
  return {
    ...identity,
    ready: believed?.ready ?? false,
    ...(known?.revision !== undefined && { revision: known.revision }),
    error,
    ...(before?.deployedAt !== undefined && { deployedAt: before.deployedAt }),
    ...observedAt,
    ...(wasSeen && { seen: 'before' }),
  };
}

/**
 * An application that was seen and is gone is gone, whatever events said of it before. One that comes later and is older
 * says nothing either, also when its cluster cannot be read any more. To the second, as Flux's events have it.
 */
function goneSince({ seen, observedAt }: TargetStatus, now: Date): string {
  return (seen === 'gone' && observedAt) || new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString();
}

/** A reconciliation moves what some kinds say: the first time that is said of a revision counts. */
function deployedSince(before: TargetStatus | undefined, seen: Application): { deployedAt?: string } {
  const isSame = before?.revision !== undefined && before.revision === seen.revision;
  const deployedAt = (isSame && before.deployedAt) || seen.deployedAt;
  return deployedAt === undefined || seen.revision === undefined ? {} : { deployedAt };
}

/** A reconciliation of the revision that was ready before is no news. */
function isSteady(before: TargetStatus | undefined, seen: Observation): boolean {
  if (seen.kind !== 'application' || !seen.steady || before?.seen !== 'now') return false;
  return before.ready && before.revision !== undefined && before.revision === seen.revision;
}

/** `wasWhole`: the revision that all targets were ready at before. */
type Looked = EnvironmentStatus & { readonly wasWhole: string | undefined };

function foldDeployment(
  state: Looked,
  observations: readonly Observation[],
  now: Date,
): Deployment | undefined {
  const applications = observations.filter((one) => one.kind === 'application');
  if (applications.length === 0 || graceEnd(state, now) !== undefined) return undefined;
  const revision = deployedRevision(state);
  if (revision) return succeeded(state, revision, applications, now);
  if (applications.length < observations.length) return undefined;
  return failedDeployment(state, applications, now) ?? begun(state, applications, now);
}

type Application = Extract<Observation, { kind: 'application' }>;

/** All targets are ready at the revision, those that cannot be read by their last event. */
function succeeded(
  { deployment, targets = [], wasWhole }: Looked,
  revision: string,
  applications: readonly Application[],
  now: Date,
): Deployment | undefined {
  const isKnown = deployment?.revision === revision && deployment.phase === 'Succeeded';
  // The event of one target may have come before the others were there.
  const isEarly = wasWhole !== revision && targets.length > 1 && deployment?.source === 'webhook';
  if (isKnown && !isEarly) return undefined;
  const told = targets.flatMap((one) => (one.seen === 'now' ? [] : (one.observedAt ?? [])));
  const times = [...applications.flatMap((one) => one.deployedAt ?? []), ...told];
  const last = times.toSorted((one, other) => Date.parse(one) - Date.parse(other)).at(-1);
  if (isKnown && !(Date.parse(last ?? '') > Date.parse(deployment.observedAt))) return undefined;
  const observedAt = deployedAt(last, { deployment, revision }, now);
  return { revision, phase: 'Succeeded', ...startOf(deployment, revision), observedAt, source: 'watch' };
}

/** When the deployment began that is recorded as under way; what follows a failure of another revision is a new one. */
export function startOf(before: Deployment | undefined, revision: string): { startedAt?: string } {
  if (before?.startedAt === undefined) return {};
  const goesOn = before.revision === revision || before.phase === 'Progressing';
  return goesOn ? { startedAt: before.startedAt } : {};
}

function failedDeployment(
  { deployment }: EnvironmentStatus,
  applications: readonly Application[],
  now: Date,
): Deployment | undefined {
  const failure = applications.find((one) => one.failed !== undefined);
  if (failure?.failed === undefined) return undefined;
  if (deployment?.revision === failure.failed && deployment.phase === 'Failed') return deployment;
  return {
    revision: failure.failed,
    phase: 'Failed',
    ...(failure.message !== undefined && { message: cut(failure.message) }),
    ...startOf(deployment, failure.failed),
    observedAt: failure.deployedAt ?? now.toISOString(),
    source: 'watch',
  };
}

/** Flux has begun to deploy something: the new generation, or another revision. */
function begun(
  { deployment }: EnvironmentStatus,
  applications: readonly Application[],
  now: Date,
): Deployment | undefined {
  const one = applications.find(({ deploying }) => deploying !== undefined);
  if (!one?.deploying) return undefined;
  const revision = one.deploying.revision ?? deployment?.revision ?? one.revision;
  if (revision === undefined) return undefined;
  const isSame = deployment?.revision === revision;
  // What failed and is tried again has failed until it is ready.
  if (isSame && (deployment.phase === 'Progressing' || deployment.phase === 'Failed')) return undefined;
  const at = now.toISOString();
  const startedAt = (deployment?.phase === 'Progressing' && deployment.startedAt) || at;
  const observedAt = isSame ? deployment.observedAt : at;
  return { revision, phase: 'Progressing', startedAt, observedAt, source: 'watch' };
}

/** Kubernetes writes times to the second, so that two deployments may have the same. */
const SAME_MOMENT_MS = 2000;

/** Not every kind says when it was deployed: a time from before the former revision, or to come, is none. */
function deployedAt(
  told: string | undefined,
  { deployment, revision }: { readonly deployment: Deployment | undefined; readonly revision: string },
  now: Date,
): string {
  const at = Date.parse(told ?? '');
  const before = Date.parse(deployment?.observedAt ?? '');
  // The same revision rolled out once more, with other values, is there since it was there first.
  if (deployment?.revision === revision && deployment.phase === 'Progressing' && !(at > before)) {
    return deployment.observedAt;
  }
  const isOld = at <= before && now.getTime() - at > SAME_MOMENT_MS;
  return told !== undefined && at <= now.getTime() && !isOld ? told : now.toISOString();
}

/** Until when an event that says that a deployment succeeded is too young for the application to overrule it. */
export function hintEnd(state: EnvironmentStatus, now: Date): number | undefined {
  return state.deployment?.phase === 'Succeeded' ? graceEnd(state, now) : undefined;
}

/**
 * Until when the last event is too young to be overruled by the application object, which shows something else;
 * undefined: it is not.
 */
export function graceEnd({ deployment, targets }: EnvironmentStatus, now: Date): number | undefined {
  if (deployment?.source !== 'webhook') return undefined;
  if (deployment.phase === 'Succeeded' && commonRevision(targets) === deployment.revision) return undefined;
  const grace = EVENT_GRACE_SECONDS * 1000;
  const sent = Date.parse(deployment.observedAt);
  // A sender whose clock is ahead would hold the environment for as long as it is.
  const isAhead = sent > now.getTime() + grace;
  return !isAhead && sent + grace > now.getTime() ? sent + grace : undefined;
}
