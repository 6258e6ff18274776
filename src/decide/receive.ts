import { eventCluster, eventRevision, type FluxEvent } from '../api/event.ts';
import type {
  Deployment,
  Environment,
  EnvironmentStatus,
  Pipeline,
  PipelineStatus,
  Target,
  TargetStatus,
} from '../api/pipeline.ts';
import { candidateOf, objectionTo, versionProblem } from './candidate.ts';
import { eventTarget } from './event-target.ts';
import { findTarget, targetIdentity } from './fold.ts';
import { isByHand } from './gates.ts';
import { type Meaning, meaningOf, phaseOf } from './meaning.ts';
import { environmentIndex, isApplication, isManual, promotionInto } from './route.ts';
import {
  deployedRevision,
  environmentStatus,
  isUnfinished,
  newPromotion,
  recordedPromotion,
  withEnvironment,
  withPromotion,
} from './state.ts';
import { cut } from './text.ts';

/**
 * What an authenticated event changes: it is only recorded here, the reconciler acts on the record. The
 * outcomes are those of the promotion webhook; without `status` there is nothing to write.
 */
export type Receipt =
  | { readonly kind: 'refused'; readonly problem: string; readonly status?: undefined }
  | {
      readonly kind: 'taken';
      readonly outcome: Outcome;
      readonly environment: string;
      readonly revision: string;
      readonly status?: PipelineStatus;
    };

export type Outcome = 'accepted' | 'waiting-approval' | 'unchanged' | 'recorded' | 'outdated' | 'completed';

/** A sender whose clock is further ahead than this is not believed: later events would seem outdated. */
const MAX_CLOCK_SKEW_MS = 10 * 60_000;

interface Located {
  readonly pipeline: Pipeline;
  readonly environment: Environment;
  /** Of the one target that the event is about. */
  readonly target: Target;
  readonly next?: Environment;
  readonly event: FluxEvent;
  readonly revision: string;
  readonly meaning: Meaning;
  /** RFC 3339; the event's own time. */
  readonly at: string;
}

export function receiveEvent(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Receipt {
  const located = locate(pipeline, name, event, now);
  if (typeof located === 'string') return { kind: 'refused', problem: located };
  const { outcome, status } = record(located, now);
  const { revision, environment } = located;
  const promotes = outcome === 'accepted' || outcome === 'waiting-approval' || outcome === 'unchanged';
  const about = promotes ? (located.next ?? environment) : environment;
  return { kind: 'taken', outcome, environment: about.name, revision, ...(status && { status }) };
}

/** Which environment the event is about; a sentence when it is about none of this Pipeline's. */
function locate(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Located | string {
  const { spec, metadata } = pipeline;
  const revision = eventRevision(event);
  if (!revision) return 'The event has no revision in its metadata.';
  if (revision.length > 512) return 'The revision is longer than 512 characters.';
  const index = environmentIndex(spec, name);
  const environment = spec.environments[index];
  if (!environment) return `Pipeline ${metadata.namespace}/${metadata.name} has no environment ${name}.`;
  const object = event.involvedObject;
  const here = environment.targets.some((target) => target.namespace === object.namespace);
  if (!here || !isApplication(spec.appRef, object)) {
    return `The involved object is not the application of this Pipeline in the environment ${name}.`;
  }
  const origin = { namespace: object.namespace, cluster: eventCluster(event) };
  const target = eventTarget(spec, environment, origin, metadata.namespace);
  if (typeof target === 'string') return target;
  const next = spec.environments[index + 1];
  if (next && !promotionInto(spec, next)) return `No promotion is configured into ${next.name}.`;
  return {
    pipeline,
    environment,
    target,
    ...(next && { next }),
    event,
    revision,
    meaning: meaningOf(event),
    at: eventTime(event, now),
  };
}

function eventTime(event: FluxEvent, now: Date): string {
  const sent = event.timestamp ? new Date(event.timestamp) : now;
  return (sent.getTime() - now.getTime() > MAX_CLOCK_SKEW_MS ? now : sent).toISOString();
}

function record(located: Located, now: Date): { outcome: Outcome; status?: PipelineStatus } {
  const { pipeline, environment, next, meaning } = located;
  const state = environmentStatus(pipeline.status, environment.name);
  const confirms = isConfirmation(located, state);
  if (meaning === 'deployed' && isKnown(located, state, confirms)) {
    return { outcome: next ? 'unchanged' : 'completed' };
  }
  if (!confirms && isOutdated(located, state)) return { outcome: 'outdated' };
  const recorded = withDeployment(located, state);
  const status = withEnvironment(pipeline.status, environment.name, recorded);
  const write = JSON.stringify(recorded) === JSON.stringify(state) ? {} : { status };
  if (meaning !== 'deployed') return { outcome: 'recorded', ...write };
  if (!next) return { outcome: 'completed', ...write };
  const under = confirms ? confirmedOutcome(located, next) : undefined;
  return under ? { outcome: under, ...write } : startPromotion(located, next, status, now);
}

/**
 * Watching is often faster than the event about the same deployment. To its sender that is no repetition: the
 * first event is answered as if nothing were known yet.
 */
function isConfirmation({ meaning, revision }: Located, { deployment }: EnvironmentStatus): boolean {
  if (meaning !== 'deployed' || deployment?.source !== 'watch') return false;
  return deployment.phase === 'Succeeded' && deployment.revision === revision;
}

/** What an event about a promotion is answered that is on its way already; undefined when none is. */
function confirmedOutcome({ pipeline, revision }: Located, next: Environment): Outcome | undefined {
  const promotion = recordedPromotion(environmentStatus(pipeline.status, next.name));
  if (promotion?.revision !== revision || promotion.phase === 'Superseded') return undefined;
  if (promotion.phase === 'WaitingApproval') return 'waiting-approval';
  return isUnfinished(promotion) ? 'accepted' : 'unchanged';
}

/** Records the promotion that follows from the deployment, when one does. */
function startPromotion(
  { pipeline: { metadata, spec }, environment, revision }: Located,
  next: Environment,
  status: PipelineStatus,
  now: Date,
): { outcome: Outcome; status: PipelineStatus } {
  const state = environmentStatus(status, next.name);
  const before = recordedPromotion(state);
  const known = before?.revision === revision && before.phase !== 'Superseded';
  const way = { pipeline: { metadata, spec, status }, previous: environment, environment: next, state, now };
  const byHand = before && isUnfinished(before) && isByHand(before);
  if (known || byHand || deployedRevision(state) === revision || objectionTo(way, revision)) {
    return { outcome: 'recorded', status };
  }
  // The deployment is recorded: it is looked at again once it has passed what the other one has passed.
  if (candidateOf(way, revision, before) !== revision) return { outcome: 'accepted', status };
  const admitted = versionProblem(promotionInto(spec, next)?.gates ?? {}, revision) === undefined;
  const manual = admitted && isManual(spec, next);
  const promotion = withPromotion(state, {
    ...newPromotion(revision, before, now),
    phase: manual ? 'WaitingApproval' : 'Pending',
    message: manual ? `Waits for an approval of ${revision}.` : 'Recorded; it is carried out next.',
  });
  return {
    outcome: manual ? 'waiting-approval' : 'accepted',
    status: withEnvironment(status, next.name, promotion),
  };
}

/** Whether nothing new is in this success: recorded here and on its way, or already in the next environment. */
function isKnown(located: Located, state: EnvironmentStatus, confirms: boolean): boolean {
  const { pipeline, next, revision } = located;
  const following = next && environmentStatus(pipeline.status, next.name);
  if (following && deployedRevision(following) === revision) return true;
  if (confirms) return false;
  const promotion = following && recordedPromotion(following);
  if (next && promotion?.revision !== revision) return false;
  const { deployment } = state;
  if (deployment?.revision !== revision || deployment.phase !== 'Succeeded') return false;
  const target = recordedTarget(located, state);
  return target?.revision === revision && target.ready;
}

/** Older than what is recorded of the same target. */
function isOutdated(located: Located, state: EnvironmentStatus): boolean {
  const { environment, at } = located;
  const single = environment.targets.length === 1 ? state.deployment?.observedAt : undefined;
  const times = [recordedTarget(located, state)?.observedAt, single];
  return times.some((time) => time !== undefined && Date.parse(at) < Date.parse(time));
}

function recordedTarget({ pipeline, target }: Located, state: EnvironmentStatus): TargetStatus | undefined {
  return findTarget(state, targetIdentity(pipeline.spec, target));
}

function withDeployment(located: Located, state: EnvironmentStatus): EnvironmentStatus {
  const { pipeline, environment } = located;
  const targets = environment.targets.map((target): TargetStatus => {
    const identity = targetIdentity(pipeline.spec, target);
    const before = findTarget(state, identity) ?? { ...identity, ready: false };
    return target === located.target ? withNews(before, located) : before;
  });
  const newer = !state.deployment || Date.parse(located.at) >= Date.parse(state.deployment.observedAt);
  const newest = newer || isConfirmation(located, state);
  return { ...state, targets, ...(newest && { deployment: nextDeployment(located, state.deployment) }) };
}

/** What the event says of its own target. */
function withNews(before: TargetStatus, { meaning, revision, event, at }: Located): TargetStatus {
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
  return { revision, phase: phaseOf(meaning), ...message, observedAt: at, source: 'webhook' };
}
