import type {
  Deployment,
  EnvironmentStatus,
  Pipeline,
  PipelineSpec,
  PipelineStatus,
  Target,
  TargetStatus,
} from '../api/pipeline.ts';
import type { Observation } from './application.ts';
import { foldExecutions } from './executions.ts';
import { groupOf, isApplication } from './route.ts';
import { commonRevision, deployedRevision, environmentStatus } from './state.ts';
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
  const status = ofThisApplication(pipeline, now);
  const environments: Record<string, EnvironmentStatus> = {};
  for (const environment of pipeline.spec.environments) {
    const old = environmentStatus(status, environment.name);
    const observations = seen[environment.name] ?? [];
    const targets = environment.targets.map((target, index) => {
      const identity = targetIdentity(pipeline.spec, target);
      return foldTarget(identity, findTarget(old, identity), observations[index]);
    });
    const state = { ...old, targets };
    const deployment = foldDeployment(state, observations, now);
    environments[environment.name] = deployment ? { ...state, deployment } : state;
  }
  return foldExecutions({ ...pipeline, status: { ...status, environments } }, now);
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
  if (!promotion || promotion.phase === 'Succeeded' || promotion.phase === 'Rejected') return { ...waiting };
  return { ...waiting, promotion: update(promotion, { phase: 'Superseded', message }, now) };
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

function foldTarget(
  identity: TargetIdentity,
  before: TargetStatus | undefined,
  seen: Observation | undefined,
): TargetStatus {
  const observedAt = before?.observedAt !== undefined && { observedAt: before.observedAt };
  if (seen?.kind === 'application') {
    return {
      ...identity,
      ready: seen.ready,
      ...(seen.revision !== undefined && { revision: seen.revision }),
      ...(seen.message !== undefined && { error: cut(seen.message) }),
      ...observedAt,
    };
  }
  const error = cut(seen?.error ?? 'It was not looked at.');
  const believed = before?.observedAt ? before : undefined;
  // What cannot be read is still there: to forget what it ran would let an older revision in.
  const known = seen?.kind === 'absent' ? believed : before;
  return {
    ...identity,
    ready: believed?.ready ?? false,
    ...(known?.revision !== undefined && { revision: known.revision }),
    error,
    ...observedAt,
  };
}

function foldDeployment(
  state: EnvironmentStatus,
  observations: readonly Observation[],
  now: Date,
): Deployment | undefined {
  const applications = observations.filter((one) => one.kind === 'application');
  if (applications.length === 0 || applications.length < observations.length) return undefined;
  if (hintEnd(state, now) !== undefined) return undefined;
  const revision = deployedRevision(state);
  if (revision) {
    if (state.deployment?.revision === revision && state.deployment.phase === 'Succeeded') return undefined;
    const times = applications.flatMap((one) => (one.deployedAt ? [one.deployedAt] : [])).sort();
    const observedAt = deployedAt(times.at(-1), state.deployment, now);
    return { revision, phase: 'Succeeded', observedAt, source: 'watch' };
  }
  const failure = applications.find((one) => one.failed !== undefined);
  if (failure?.failed === undefined) return undefined;
  if (state.deployment?.revision === failure.failed && state.deployment.phase === 'Failed') return undefined;
  return {
    revision: failure.failed,
    phase: 'Failed',
    ...(failure.message !== undefined && { message: cut(failure.message) }),
    observedAt: failure.deployedAt ?? now.toISOString(),
    source: 'watch',
  };
}

/** Kubernetes writes times to the second, so that two deployments may have the same. */
const SAME_MOMENT_MS = 2000;

/** Not every kind says when it was deployed: a time from before the former revision, or to come, is none. */
function deployedAt(told: string | undefined, before: Deployment | undefined, now: Date): string {
  const at = Date.parse(told ?? '');
  const isOld =
    before !== undefined && at <= Date.parse(before.observedAt) && now.getTime() - at > SAME_MOMENT_MS;
  return told !== undefined && at <= now.getTime() && !isOld ? told : now.toISOString();
}

/** Until when the last event is too young to be overruled by the application object; undefined: it is not. */
export function hintEnd(state: EnvironmentStatus, now: Date): number | undefined {
  const { deployment } = state;
  if (deployment?.source !== 'webhook' || deployment.phase !== 'Succeeded') return undefined;
  if (commonRevision(state.targets) === deployment.revision) return undefined;
  const end = Date.parse(deployment.observedAt) + EVENT_GRACE_SECONDS * 1000;
  return end > now.getTime() ? end : undefined;
}
