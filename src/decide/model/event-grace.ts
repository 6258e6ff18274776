import type { EnvironmentStatus } from '../../api/pipeline.ts';
import { isSame, revisionOf } from './revision.ts';
import { commonRevision } from './state.ts';

/**
 * Seconds for which an event is believed against what the application object shows. Flux may send the event a
 * moment before it writes the status; after this time the object wins.
 */
const EVENT_GRACE_SECONDS = 15;

/**
 * The end of the time for which an event of a successful deployment is too recent for the application to overrule it.
 */
export function hintEnd(state: EnvironmentStatus, now: Date): number | undefined {
  return state.deployment?.phase === 'Succeeded' ? graceEnd(state, now) : undefined;
}

/**
 * The end of the time for which the last event is too recent for the application object, which shows another state, to
 * overrule it; undefined: it is over.
 */
export function graceEnd({ deployment, targets }: EnvironmentStatus, now: Date): number | undefined {
  if (deployment?.source !== 'webhook') return undefined;
  const isThere = isSame(commonRevision(targets), revisionOf(deployment));
  if (deployment.phase === 'Succeeded' && isThere) return undefined;
  const grace = EVENT_GRACE_SECONDS * 1000;
  const sent = Date.parse(deployment.observedAt);
  // A sender whose clock is ahead would hold the environment for that time.
  const isAhead = sent > now.getTime() + grace;
  return !isAhead && sent + grace > now.getTime() ? sent + grace : undefined;
}
