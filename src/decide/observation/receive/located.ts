import type { FluxEvent } from '../../../api/event.ts';
import type { Environment, Pipeline, Target } from '../../../api/pipeline.ts';
import { type RevisionDetails, revisionOf } from '../../model/revision.ts';
import { environmentIndex, isApplication, promotionInto } from '../../model/route.ts';
import { classifyEvent, type Meaning } from '../event-reason.ts';
import { eventOrigin, eventTarget } from '../event-target.ts';
import { isReadFromSpec, revisionOfEvent } from './event-revision.ts';

/** The answers of the promotion webhook. */
export type Outcome = 'accepted' | 'waiting-approval' | 'unchanged' | 'recorded' | 'outdated' | 'completed';

/** A timestamp that is further ahead than this is not believed: later events would seem outdated. */
const MAX_CLOCK_SKEW_MS = 10 * 60_000;

/** An event, and the parts of the Pipeline that it is about. */
export interface Placed {
  readonly pipeline: Pipeline;
  readonly environment: Environment;
  /** The one target that the event is about. */
  readonly target: Target;
  readonly next?: Environment;
  readonly event: FluxEvent;
  readonly meaning: Meaning;
  /** RFC 3339; the event's own time. */
  readonly at: string;
}

/** A placed event with its revision. */
export interface Located extends Placed {
  /** The revision as Flux reports it, */
  readonly revision: string;
  /** and with its digest. */
  readonly full: string;
  /** The details that the revision leaves out. */
  readonly details: RevisionDetails;
}

/** Finds the environment that the event is about; returns a sentence if it is none of this Pipeline's. */
export function locate(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Located | string {
  const said = revisionOfEvent(pipeline.spec, event);
  if (typeof said === 'string') return said;
  const placed = place(pipeline, name, event, now);
  if (typeof placed === 'string') return placed;
  return {
    ...placed,
    ...said,
    full: revisionOf({ revision: said.revision, ...said.details }) ?? said.revision,
  };
}

/** Finds the environment without the event's revision. */
export function place(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Placed | string {
  const { spec, metadata } = pipeline;
  const at = eventTime(event, now);
  if (at === undefined) return 'The event has no timestamp: without one it could be sent again at any time.';
  const index = environmentIndex(spec, name);
  const environment = spec.environments[index];
  if (!environment) return `Pipeline ${metadata.namespace}/${metadata.name} has no environment ${name}.`;
  const object = event.involvedObject;
  const here = environment.targets.some((target) => target.namespace === object.namespace);
  if (!here || !isApplication(spec.appRef, object)) {
    return `The involved object is not the application of this Pipeline in the environment ${name}.`;
  }
  const target = eventTarget(spec, environment, eventOrigin(event), metadata.namespace);
  if (typeof target === 'string') return target;
  const next = spec.environments[index + 1];
  if (next && !promotionInto(spec, next)) return `No promotion is configured for ${next.name}.`;
  return {
    pipeline,
    environment,
    target,
    ...(next && { next }),
    event,
    meaning: meaningHere(spec, event),
    at,
  };
}

/** If the spec names the revision, a successful test of a HelmRelease counts as its deployment. */
function meaningHere(spec: Pipeline['spec'], event: FluxEvent): Meaning {
  const isTested = event.reason === 'TestSucceeded' && event.severity !== 'error';
  return isTested && isReadFromSpec(spec) ? 'deployed' : classifyEvent(event);
}

function eventTime({ timestamp }: FluxEvent, now: Date): string | undefined {
  if (!timestamp) return undefined;
  const sent = new Date(timestamp);
  return (sent.getTime() - now.getTime() > MAX_CLOCK_SKEW_MS ? now : sent).toISOString();
}
