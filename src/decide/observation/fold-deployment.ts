import type { Deployment, EnvironmentStatus } from '../../api/pipeline.ts';
import { cut } from '../../lib/text/index.ts';
import { graceEnd } from '../model/event-grace.ts';
import { isSame, type Recorded, revisionOf } from '../model/revision.ts';
import { readyRevision } from '../model/state.ts';
import type { Observation } from './application.ts';

/** Folds the observations of an environment's applications into its deployment. */

/** `wasWhole`: the revision that all targets were ready at before. */
type Looked = EnvironmentStatus & { readonly wasWhole: string | undefined };

/** The deployment that the observations show, if it differs from the recorded one. */
export function foldDeployment(
  state: Looked,
  observations: readonly Observation[],
  now: Date,
): Deployment | undefined {
  const applications = observations.filter((one) => one.kind === 'application');
  if (applications.length === 0 || graceEnd(state, now) !== undefined) return undefined;
  const revision = readyRevision(state);
  if (revision) return succeeded(state, revision, applications, now);
  if (applications.length < observations.length) return undefined;
  return failedDeployment(state, applications, now) ?? begun(state, applications, now);
}

type Application = Extract<Observation, { kind: 'application' }>;

/** All targets are ready at the revision; a target that cannot be read counts by its last event. */
function succeeded(
  { deployment, targets = [], wasWhole }: Looked,
  revision: string,
  applications: readonly Application[],
  now: Date,
): Deployment | undefined {
  const isKnown = deployment && isOf(deployment, revision) && deployment.phase === 'Succeeded';
  // The event of one target may have come before the others were there.
  const isEarly = !isSame(wasWhole, revision) && targets.length > 1 && deployment?.source === 'webhook';
  if (isKnown && !isEarly) return undefined;
  const reported = targets.flatMap((one) => (one.seen === 'now' ? [] : (one.observedAt ?? [])));
  const times = [...applications.flatMap((one) => one.deployedAt ?? []), ...reported];
  const last = times.toSorted((one, other) => Date.parse(one) - Date.parse(other)).at(-1);
  if (isKnown && !(Date.parse(last ?? '') > Date.parse(deployment.observedAt))) return undefined;
  const observedAt = deployedAt(last, { deployment, revision }, now);
  const names = namesOf(targets.find((one) => isSame(revisionOf(one), revision)) ?? { revision });
  return { ...names, phase: 'Succeeded', ...startOf(deployment, revision), observedAt, source: 'watch' };
}

/** The names of a revision as a deployment has them. */
function namesOf({ revision = '', fullRevision }: Recorded) {
  return { revision, ...(fullRevision !== undefined && { fullRevision }) };
}

/** True for a deployment of this revision, in any spelling. */
function isOf(deployment: Deployment, revision: string): boolean {
  return isSame(revisionOf(deployment), revision);
}

/**
 * The start of the recorded deployment in progress; a deployment after the failure of another revision has a new one.
 */
export function startOf(before: Deployment | undefined, revision: string): { startedAt?: string } {
  if (before?.startedAt === undefined) return {};
  const goesOn = isOf(before, revision) || before.phase === 'Progressing';
  return goesOn ? { startedAt: before.startedAt } : {};
}

function failedDeployment(
  { deployment }: EnvironmentStatus,
  applications: readonly Application[],
  now: Date,
): Deployment | undefined {
  const failure = applications.find((one) => one.failed !== undefined);
  if (failure?.failed === undefined) return undefined;
  const revision = failure.failedFull ?? failure.failed;
  if (deployment && isOf(deployment, revision) && deployment.phase === 'Failed') return deployment;
  return {
    ...namesOf({ revision: failure.failed, fullRevision: failure.failedFull }),
    phase: 'Failed',
    ...(failure.message !== undefined && { message: cut(failure.message) }),
    ...startOf(deployment, revision),
    observedAt: failure.deployedAt ?? now.toISOString(),
    source: 'watch',
  };
}

/** Flux has begun a deployment: of the new generation, or of another revision. */
function begun(
  { deployment }: EnvironmentStatus,
  applications: readonly Application[],
  now: Date,
): Deployment | undefined {
  const one = applications.find(({ deploying }) => deploying !== undefined);
  if (!one?.deploying) return undefined;
  const reported = [one.deploying, deployment, one].find((known) => known?.revision !== undefined) ?? {};
  const revision = revisionOf(reported);
  if (revision === undefined) return undefined;
  const isThis = deployment !== undefined && isOf(deployment, revision);
  // A failed deployment that is retried counts as failed until it is ready.
  if (isThis && (deployment.phase === 'Progressing' || deployment.phase === 'Failed')) return undefined;
  const at = now.toISOString();
  const startedAt = (deployment?.phase === 'Progressing' && deployment.startedAt) || at;
  const observedAt = isThis ? deployment.observedAt : at;
  return { ...namesOf(reported), phase: 'Progressing', startedAt, observedAt, source: 'watch' };
}

/** Kubernetes writes times to the second, so that two deployments may have the same. */
const SAME_MOMENT_MS = 2000;

/** Not every kind reports when it was deployed: a time before the former revision's, or in the future, is ignored. */
function deployedAt(
  reported: string | undefined,
  { deployment, revision }: { readonly deployment: Deployment | undefined; readonly revision: string },
  now: Date,
): string {
  const at = Date.parse(reported ?? '');
  const before = Date.parse(deployment?.observedAt ?? '');
  // A revision that is rolled out again with other values keeps the time of its first rollout.
  if (deployment && isOf(deployment, revision) && deployment.phase === 'Progressing' && !(at > before)) {
    return deployment.observedAt;
  }
  const isOld = at <= before && now.getTime() - at > SAME_MOMENT_MS;
  return reported !== undefined && at <= now.getTime() && !isOld ? reported : now.toISOString();
}
