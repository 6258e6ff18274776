import type { FluxEvent } from '../../api/event.ts';
import type { EnvironmentStatus, Pipeline, PipelineStatus } from '../../api/pipeline.ts';
import { revisionOf } from '../model/revision.ts';
import { environmentStatus, withEnvironment } from '../model/state.ts';
import { bounded } from '../report/bounded.ts';
import { foldExecutions } from '../report/executions.ts';
import { findTarget, ofThisApplication, targetIdentity } from './fold.ts';
import {
  isConfirmation,
  isOutdated,
  isRecorded,
  withConfirmation,
  withDeployment,
  withRepetition,
} from './receive/deployment.ts';
import { isReadFromSpec } from './receive/event-revision.ts';
import { follow, underWay, withEnd } from './receive/follow.ts';
import { type Located, locate, type Outcome, place } from './receive/located.ts';

/**
 * The changes by an authenticated event: it is only recorded here, the reconciler acts on the record. The outcomes are
 * those of the promotion webhook; without `status` there is nothing to write.
 */
export type Receipt =
  | { readonly kind: 'refused'; readonly problem: string; readonly status?: undefined }
  | {
      readonly kind: 'taken';
      readonly outcome: Outcome;
      readonly environment: string;
      readonly revision: string;
      /** The application must be observed, whatever the event reports. */
      readonly looks?: true;
      readonly status?: PipelineStatus;
    };

export function receiveEvent(recorded: Pipeline, name: string, event: FluxEvent, now: Date): Receipt {
  const pipeline = { ...recorded, status: ofThisApplication(recorded, now) };
  return hintOf(pipeline, name, event, now) ?? take(pipeline, name, event, now);
}

/** Receives an event about an application that could not be read just now, whatever is recorded of it. */
export function receiveUnread(recorded: Pipeline, name: string, event: FluxEvent, now: Date): Receipt {
  return take({ ...recorded, status: ofThisApplication(recorded, now) }, name, event, now);
}

function take(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Receipt {
  const located = locate(pipeline, name, event, now);
  if (typeof located === 'string') return { kind: 'refused', problem: located };
  const { outcome, status: written } = record(located, now);
  // The deployment before this one was there all the same, also when no look came in between.
  const folded = written && foldExecutions({ ...pipeline, status: written }, now);
  const ended = folded && withEnd({ ...located, pipeline: { ...pipeline, status: folded } }, now);
  const status = ended && bounded(pipeline.spec, ended);
  const { revision, environment } = located;
  const promotes = outcome === 'accepted' || outcome === 'waiting-approval' || outcome === 'unchanged';
  const about = promotes ? (located.next ?? environment) : environment;
  return { kind: 'taken', outcome, environment: about.name, revision, ...(status && { status }) };
}

/** Treats an event as a mere request to observe, if the spec of a readable application names the running revision. */
function hintOf(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Receipt | undefined {
  if (!isReadFromSpec(pipeline.spec)) return undefined;
  const placed = place(pipeline, name, event, now);
  if (typeof placed === 'string') return { kind: 'refused', problem: placed };
  const { environment, target } = placed;
  const state = environmentStatus(pipeline.status, environment.name);
  const known = findTarget(state, targetIdentity(pipeline.spec, target));
  if (known?.seen !== 'now') return undefined;
  const revision = revisionOf(known) ?? '';
  return { kind: 'taken', outcome: 'unchanged', environment: environment.name, revision, looks: true };
}

interface Recorded {
  readonly outcome: Outcome;
  readonly status?: PipelineStatus;
}

function record(located: Located, now: Date): Recorded {
  const { pipeline, environment, next, meaning } = located;
  const state = environmentStatus(pipeline.status, environment.name);
  const confirmed = next && isConfirmation(located, state) ? underWay(located, next) : undefined;
  if (confirmed) return written(located, withConfirmation(state), confirmed);
  if (meaning === 'deployed' && isRecorded(located, state)) return repeated(located, state, now);
  if (isOutdated(located, state)) return { outcome: 'outdated' };
  const recorded = written(located, withDeployment(located, state), 'recorded');
  if (meaning !== 'deployed') return recorded;
  if (!next) return { ...recorded, outcome: 'completed' };
  const followed = follow(located, next, recorded.status ?? pipeline.status, now);
  return followed.status === pipeline.status ? { outcome: followed.outcome } : followed;
}

function repeated(located: Located, state: EnvironmentStatus, now: Date): Recorded {
  const { next, pipeline } = located;
  const anew = withRepetition(located, state);
  if (!next) return written(located, anew, 'completed');
  const recorded = written(located, anew, anew === state ? 'unchanged' : 'recorded');
  const known = recorded.status ?? pipeline.status;
  const followed = follow(located, next, known, now);
  return followed.status === known ? recorded : followed;
}

/** A receipt without a change has no status to write. */
function written({ pipeline, environment }: Located, state: EnvironmentStatus, outcome: Outcome): Recorded {
  const before = environmentStatus(pipeline.status, environment.name);
  if (Bun.deepEquals(state, before)) return { outcome };
  return { outcome, status: withEnvironment(pipeline.status, environment.name, state) };
}
