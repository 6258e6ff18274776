import type { Deployment, EnvironmentStatus, TargetStatus } from '../../api/pipeline.ts';
import { findTarget, startOf, targetIdentity } from '../fold.ts';
import { phaseOf } from '../meaning.ts';
import { cut } from '../text.ts';
import type { Located } from './located.ts';

/** What an event says of the deployment to its environment. */

/**
 * Watching is often faster than the event about the same deployment. To its sender that is no repetition: the
 * first event is answered as if nothing were known yet.
 */
export function isConfirmation({ meaning, revision }: Located, { deployment }: EnvironmentStatus): boolean {
  if (meaning !== 'deployed' || deployment?.source !== 'watch') return false;
  return deployment.phase === 'Succeeded' && deployment.revision === revision;
}

/**
 * Whether this very success is recorded: at the event's own target, and as the deployment. Of several targets each
 * repeats its own at each interval, which must not take the place of what another one does.
 */
export function isRecorded(located: Located, state: EnvironmentStatus): boolean {
  const { revision, environment } = located;
  const { deployment } = state;
  const target = recordedTarget(located, state);
  const isThere = target?.revision === revision && target.ready;
  if (environment.targets.length > 1 && isThere) return true;
  if (deployment?.revision !== revision || deployment.phase !== 'Succeeded') return false;
  return isThere || isWatched(target);
}

/** Its application says itself what it runs, or that it is gone. */
export function isWatched(target: TargetStatus | undefined): boolean {
  return target?.seen === 'now' || target?.seen === 'gone';
}

/** The application can be read, and does not show what the event says: the watch decides. */
export function isHint(located: Located, state: EnvironmentStatus): boolean {
  const target = recordedTarget(located, state);
  return isWatched(target) && !(target?.ready && target.revision === located.revision);
}

/** There is nothing that an event could be about. */
export function isGone(located: Located, state: EnvironmentStatus): boolean {
  return recordedTarget(located, state)?.seen === 'gone';
}

/** Older than what is recorded of the same target; of one that can be read, than what is recorded of all. */
export function isOutdated(located: Located, state: EnvironmentStatus): boolean {
  const { environment, at } = located;
  const target = recordedTarget(located, state);
  const isAlone = environment.targets.length === 1 || target?.seen === 'now';
  // What was read of it before its cluster went away is no older than that.
  const read = target?.seen === 'now' ? undefined : target?.deployedAt;
  const times = [target?.observedAt, read, isAlone ? endOf(state.deployment) : undefined];
  return times.some((time) => time !== undefined && Date.parse(at) < startOfSecond(time));
}

/** Flux's events say their time to the second; what is recorded here may be more exact. */
function startOfSecond(time: string): number {
  return Math.floor(Date.parse(time) / 1000) * 1000;
}

/** A deployment that was only seen to begin says nothing of when it ends. */
function endOf(deployment: Deployment | undefined): string | undefined {
  const isBegin = deployment?.source === 'watch' && deployment.phase === 'Progressing';
  return isBegin ? undefined : deployment?.observedAt;
}

function recordedTarget({ pipeline, target }: Located, state: EnvironmentStatus): TargetStatus | undefined {
  return findTarget(state, targetIdentity(pipeline.spec, target));
}

export function withDeployment(located: Located, state: EnvironmentStatus): EnvironmentStatus {
  const { pipeline, environment } = located;
  const targets = environment.targets.map((target): TargetStatus => {
    const identity = targetIdentity(pipeline.spec, target);
    const before = findTarget(state, identity) ?? { ...identity, ready: false };
    return target === located.target ? withNews(before, located) : before;
  });
  const end = endOf(state.deployment);
  const newer = end === undefined || Date.parse(located.at) >= Date.parse(end);
  return { ...state, targets, ...(newer && { deployment: nextDeployment(located, state.deployment) }) };
}

/** The event was expected: only that it came is new, and the time of the deployment stays. */
export function withConfirmation(state: EnvironmentStatus): EnvironmentStatus {
  const { deployment } = state;
  const confirmed = deployment && { deployment: { ...deployment, source: 'webhook' as const } };
  return { ...state, ...confirmed };
}

/** What the event says of its own target. Where the application can be read, it says so itself. */
function withNews(before: TargetStatus, { meaning, revision, event, at }: Located): TargetStatus {
  if (isWatched(before)) return { ...before, observedAt: at };
  const { error: _, ...rest } = before;
  const error = cut(event.message || event.reason);
  switch (meaning) {
    case 'deployed':
      return { ...rest, ready: true, revision, observedAt: at };
    case 'rolled-back':
      return { ...rest, ready: false, revision, error, observedAt: at };
    case 'failed':
    case 'uninstalled':
      return { ...rest, ready: false, error, observedAt: at };
    case 'progressing':
    case 'noted':
      return { ...before, observedAt: at };
  }
}

function nextDeployment({ meaning, revision, event, at }: Located, before?: Deployment): Deployment {
  const message = event.message && { message: cut(event.message) };
  if (meaning === 'noted') {
    const phase = before?.revision === revision ? before.phase : 'Progressing';
    return { ...before, revision, phase, ...message, observedAt: at, source: 'webhook' };
  }
  const startedAt = meaning === 'progressing' ? at : undefined;
  return {
    revision,
    phase: phaseOf(meaning),
    ...message,
    ...(startedAt === undefined ? startOf(before, revision) : { startedAt, ...startOf(before, revision) }),
    observedAt: at,
    source: 'webhook',
  };
}
