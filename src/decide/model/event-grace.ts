import type { EnvironmentStatus } from '../../api/pipeline.ts';
import { isSame, revisionOf } from './revision.ts';
import { commonRevision } from './state.ts';

/**
 * Seconds for which an event is believed against what the application object shows. Flux may send the event a
 * moment before it writes the status; after this time the object wins.
 */
const EVENT_GRACE_SECONDS = 15;

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
  const isThere = isSame(commonRevision(targets), revisionOf(deployment));
  if (deployment.phase === 'Succeeded' && isThere) return undefined;
  const grace = EVENT_GRACE_SECONDS * 1000;
  const sent = Date.parse(deployment.observedAt);
  // A sender whose clock is ahead would hold the environment for as long as it is.
  const isAhead = sent > now.getTime() + grace;
  return !isAhead && sent + grace > now.getTime() ? sent + grace : undefined;
}
