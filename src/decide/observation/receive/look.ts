import type { FluxEvent } from '../../../api/event.ts';
import type { Environment, Pipeline, Target, TargetStatus } from '../../../api/pipeline.ts';
import { isSame, revisionOf } from '../../model/revision.ts';
import { environmentStatus, withEnvironment } from '../../model/state.ts';
import type { Observation } from '../application.ts';
import { findTarget, foldTarget, ofThisApplication, targetIdentity } from '../fold.ts';
import { type Receipt, receiveEvent, receiveUnread } from '../receive.ts';
import { isReadFromSpec } from './event-revision.ts';
import { locate, place } from './located.ts';

/**
 * Reads the application before the event is answered: the deployment that it reports may be there already and not be
 * recorded yet, as a watch takes a moment. The answer then names the consequence.
 */

/** The target whose application is to be read; undefined: its state would change nothing. */
export function targetToLookAt(
  pipeline: Pipeline,
  name: string,
  event: FluxEvent,
  now: Date,
): Target | undefined {
  const located = isReadFromSpec(pipeline.spec) ? placedAt(pipeline, name, event, now) : undefined;
  if (located) return located;
  return targetOfNews(pipeline, name, event, now);
}

/** Does not need the event's revision if the application's spec names the running one. */
function placedAt(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Target | undefined {
  const placed = place(pipeline, name, event, now);
  if (typeof placed === 'string' || placed.target.clusterRef) return undefined;
  return placed.meaning === 'noted' || placed.meaning === 'progressing' ? undefined : placed.target;
}

function targetOfNews(pipeline: Pipeline, name: string, event: FluxEvent, now: Date): Target | undefined {
  const located = locate(pipeline, name, event, now);
  if (typeof located === 'string' || located.meaning !== 'deployed' || located.target.clusterRef)
    return undefined;
  const { environment, target, full } = located;
  const recorded = recordedOf(pipeline, environment, target);
  return recorded?.ready && isSame(revisionOf(recorded), full) ? undefined : target;
}

/** The application of a target, as it was read for the event. */
export interface Look {
  readonly target: Target;
  readonly seen: Observation;
}

/** An event, and the environment that its address names. */
export interface Sent {
  readonly environment: string;
  readonly event: FluxEvent;
}

/**
 * Receives the event with the observation that was just made. An answer of `recorded` is always recorded, if only that.
 */
export function receiveWith(
  look: Look | undefined,
  pipeline: Pipeline,
  { environment: name, event }: Sent,
  now: Date,
): Receipt {
  const current = look ? withSeen(pipeline, name, look, now) : pipeline;
  const isSpec = !look && isReadFromSpec(pipeline.spec);
  const isUnread = isSpec && targetToLookAt(pipeline, name, event, now) !== undefined;
  const receipt = (isUnread ? receiveUnread : receiveEvent)(current, name, event, now);
  const isKnown = current === pipeline || receipt.kind === 'refused' || receipt.outcome !== 'unchanged';
  if (isKnown) return receipt;
  const outcome = isReadFromSpec(pipeline.spec) ? 'unchanged' : 'recorded';
  return { ...receipt, outcome, status: current.status };
}

/** The Pipeline with the observation of the target. */
function withSeen(recorded: Pipeline, name: string, { target, seen }: Look, now: Date): Pipeline {
  const environment = recorded.spec.environments.find((one) => one.name === name);
  if (!environment || seen.kind !== 'application') return recorded;
  const pipeline = { ...recorded, status: ofThisApplication(recorded, now) };
  const state = environmentStatus(pipeline.status, name);
  const targets = environment.targets.map((one): TargetStatus => {
    const identity = targetIdentity(pipeline.spec, one);
    const before = findTarget(state, identity);
    const isSame = one.namespace === target.namespace && !one.clusterRef;
    return isSame ? foldTarget(identity, before, seen, now) : (before ?? { ...identity, ready: false });
  });
  if (Bun.deepEquals(targets, state.targets)) return recorded;
  return { ...pipeline, status: withEnvironment(pipeline.status, name, { ...state, targets }) };
}

function recordedOf(
  { spec, status }: Pipeline,
  { name }: Environment,
  target: Target,
): TargetStatus | undefined {
  return findTarget(environmentStatus(status, name), targetIdentity(spec, target));
}
