import type { Deployment, EnvironmentStatus, TargetStatus } from '../../../api/pipeline.ts';
import { cut } from '../../../lib/text/index.ts';
import { isSame, revisionOf } from '../../model/revision.ts';
import { phaseOf } from '../event-reason.ts';
import { findTarget, targetIdentity } from '../fold.ts';
import { startOf } from '../fold-deployment.ts';
import type { Located } from './located.ts';

/** Records the deployment that an event reports in its environment. */

/**
 * True for the event of a deployment that the watch, which is often faster, has recorded. Its sender has not sent it
 * before: the first event is answered as if the deployment were new.
 */
export function isConfirmation(located: Located, state: EnvironmentStatus): boolean {
  const { meaning, full } = located;
  const { deployment } = state;
  if (meaning !== 'deployed' || deployment?.source !== 'watch') return false;
  return isSame(revisionOf(deployment), full) && isRecorded(located, state);
}

/**
 * True if this very success is recorded: at the event's own target, and as the deployment. Each of several targets
 * repeats its own success at each interval, which must not replace what another one reports.
 */
export function isRecorded(located: Located, state: EnvironmentStatus): boolean {
  const { full, environment } = located;
  const { deployment } = state;
  const target = recordedTarget(located, state);
  const isThere = target?.ready === true && isSame(revisionOf(target), full);
  if (environment.targets.length > 1 && isThere) return true;
  if (deployment?.phase !== 'Succeeded' || !isSame(revisionOf(deployment), full)) return false;
  return isThere || isWatched(target);
}

/** The application itself shows which revision it runs, or that it is gone. */
export function isWatched(target: TargetStatus | undefined): boolean {
  return target?.seen === 'now' || target?.seen === 'gone';
}

/** The application can be read, and does not show what the event reports: the watch decides. */
export function isHint(located: Located, state: EnvironmentStatus): boolean {
  const target = recordedTarget(located, state);
  return isWatched(target) && !(target?.ready && isSame(revisionOf(target), located.full));
}

/** There is no object that an event could be about. */
export function isGone(located: Located, state: EnvironmentStatus): boolean {
  return recordedTarget(located, state)?.seen === 'gone';
}

/** True if it is older than the record of the same target; for a target that can be read, than that of all. */
export function isOutdated(located: Located, state: EnvironmentStatus): boolean {
  const { environment, at } = located;
  const target = recordedTarget(located, state);
  const isAlone = environment.targets.length === 1 || target?.seen === 'now';
  // An observation from before its cluster became unreadable counts as well.
  const read = target?.seen === 'now' ? undefined : target?.deployedAt;
  const reported = target?.observedAt === undefined ? undefined : Date.parse(target.observedAt);
  const times = [
    reported,
    read === undefined ? undefined : startOfSecond(read),
    isAlone ? endOf(state.deployment) : undefined,
  ];
  return times.some((time) => time !== undefined && Date.parse(at) < time);
}

/** Flux's events have their time to the second; an observation may be more exact. */
function startOfSecond(time: string): number {
  return Math.floor(Date.parse(time) / 1000) * 1000;
}

/** Milliseconds. A deployment that was only observed to begin does not have an end yet. */
function endOf(deployment: Deployment | undefined): number | undefined {
  if (deployment?.source !== 'watch') return deployment && Date.parse(deployment.observedAt);
  return deployment.phase === 'Progressing' ? undefined : startOfSecond(deployment.observedAt);
}

function recordedTarget({ pipeline, target }: Located, state: EnvironmentStatus): TargetStatus | undefined {
  return findTarget(state, targetIdentity(pipeline.spec, target));
}

export function withDeployment(located: Located, state: EnvironmentStatus): EnvironmentStatus {
  const targets = withTarget(located, state, (before) => withNews(before, located));
  const end = endOf(state.deployment);
  const newer = end === undefined || Date.parse(located.at) >= end;
  return { ...state, targets, ...(newer && { deployment: nextDeployment(located, state.deployment) }) };
}

/** The event was expected: only its arrival is new, and the time of the deployment stays. */
export function withConfirmation(state: EnvironmentStatus): EnvironmentStatus {
  const { deployment } = state;
  if (!deployment) return state;
  // Other events of the same second are not older.
  const observedAt = new Date(startOfSecond(deployment.observedAt)).toISOString();
  return { ...state, deployment: { ...deployment, observedAt, source: 'webhook' } };
}

/** Reasons of events that each rollout raises once. */
const ROLLOUTS: readonly string[] = ['InstallSucceeded', 'UpgradeSucceeded'];
/** Seconds by which a repeated event must be later for its time to be worth a write. */
const REPEATED_SECONDS = 60;

/**
 * The same revision was rolled out again, as a rollback does: a revision in between is over, even if its event arrives
 * later. A reconciliation reports the same at each interval, and may have rolled out nothing.
 */
export function withRepetition(located: Located, state: EnvironmentStatus): EnvironmentStatus {
  const { event, at } = located;
  const target = recordedTarget(located, state);
  const since = Date.parse(at) - Date.parse(target?.observedAt ?? '');
  const isNews = ROLLOUTS.includes(event.reason) && since > REPEATED_SECONDS * 1000;
  if (!isNews || isWatched(target)) return state;
  return { ...state, targets: withTarget(located, state, (before) => ({ ...before, observedAt: at })) };
}

/** The records of all targets, the event's own with the change in it. */
function withTarget(
  { pipeline, environment, target }: Located,
  state: EnvironmentStatus,
  change: (before: TargetStatus) => TargetStatus,
): TargetStatus[] {
  return environment.targets.map((one) => {
    const identity = targetIdentity(pipeline.spec, one);
    const before = findTarget(state, identity) ?? { ...identity, ready: false };
    return one === target ? change(before) : before;
  });
}

/** Records the event at its own target. An application that can be read speaks for itself. */
function withNews(before: TargetStatus, { meaning, revision, details, event, at }: Located): TargetStatus {
  if (isWatched(before)) return { ...before, observedAt: at };
  const { error: _, ...rest } = before;
  const { fullRevision: __, tag: ___, ...other } = rest;
  const error = cut(event.message || event.reason);
  switch (meaning) {
    case 'deployed':
      return { ...other, ready: true, revision, ...details, observedAt: at };
    case 'rolled-back':
      return { ...other, ready: false, revision, ...details, error, observedAt: at };
    case 'failed':
    case 'uninstalled':
      return { ...rest, ready: false, error, observedAt: at };
    case 'progressing':
    case 'noted':
      return { ...before, observedAt: at };
  }
}

function nextDeployment({ meaning, event, at, ...located }: Located, before?: Deployment): Deployment {
  const { revision, full, details } = located;
  const names = {
    revision,
    ...(details.fullRevision !== undefined && { fullRevision: details.fullRevision }),
  };
  const message = event.message && { message: cut(event.message) };
  if (meaning === 'noted') {
    const isThis = before !== undefined && isSame(revisionOf(before), full);
    const phase = isThis ? before.phase : 'Progressing';
    const { fullRevision: _, ...rest } = before ?? {};
    return { ...rest, ...names, phase, ...message, observedAt: at, source: 'webhook' };
  }
  const startedAt = meaning === 'progressing' ? at : undefined;
  return {
    ...names,
    phase: phaseOf(meaning),
    ...message,
    ...(startedAt === undefined ? startOf(before, full) : { startedAt, ...startOf(before, full) }),
    observedAt: at,
    source: 'webhook',
  };
}
