import {
  type EnvironmentStatus,
  type Execution,
  type ExecutionOutcome,
  MAX_EXECUTIONS,
  type Passage,
  type Pipeline,
  type PipelineStatus,
  type PromotionStatus,
} from '../../api/pipeline.ts';
import { availableRevision } from '../gates/available.ts';
import { mayBeThereInPart } from '../gates/candidate.ts';
import { mergePlace } from '../model/merged.ts';
import { isUnfinished } from '../model/phase.ts';
import { fullestOf, isOlder, isSame, revisionOf } from '../model/revision.ts';
import {
  deployedRevision,
  environmentStatus,
  executionOf,
  ownValue,
  promotedOn,
  recordedPromotion,
} from '../model/state.ts';

/**
 * The journeys of revisions through the environments, kept in the status. Follows from the rest of the
 * status, so that folding twice is folding once.
 */

/**
 * Bytes of the whole Pipeline as JSON that its journeys may fill up: 10 KB without what the API server keeps
 * of its fields and owners. The spec counts twice, as `kubectl apply` leaves a copy of it.
 */
const MAX_BYTES = 8500;

type Journeys = readonly Execution[];

/** The status with the journeys as the rest of it shows them. */
export function foldExecutions(pipeline: Pipeline, now: Date): PipelineStatus {
  const { spec, status } = pipeline;
  let journeys = withoutStrangers(pipeline);
  // The last environment first: of two that begin together the one that has come less far is newer.
  for (const [index, environment] of [...spec.environments.entries()].reverse()) {
    const { name } = environment;
    const state = environmentStatus(status, name);
    journeys = withRollback(journeys, name, state, now);
    const available = availableRevision(pipeline, index);
    journeys = withFailure(journeys, name, state, available);
    if (available !== undefined) journeys = withDeployed(journeys, name, { state, revision: available, now });
    if (mayBeThereInPart(spec, environment)) journeys = withWhole(journeys, name, state, now);
    journeys = withPromotion(journeys, name, state);
  }
  const told = journeys.map((one) => ({ ...one, outcome: outcomeOf(one, pipeline) }));
  const executions = trimmed(told, pipeline);
  return executions.length > 0 || status.executions ? { ...status, executions } : status;
}

/** Environments that the spec has no more are forgotten, and with them journeys that were nowhere else. */
function withoutStrangers({ spec, status }: Pipeline): Journeys {
  const names = spec.environments.map(({ name }) => name);
  return (status.executions ?? []).flatMap((one) => {
    const passages = names.flatMap((name) => {
      const passage = passageIn(one, name);
      return passage ? [[name, passage] as const] : [];
    });
    return passages.length > 0 ? [{ ...one, environments: Object.fromEntries(passages) }] : [];
  });
}

/** An environment that runs what it ran before, or an older version, went back from everything after that. */
function withRollback(journeys: Journeys, name: string, state: EnvironmentStatus, now: Date): Journeys {
  // Only the environment as a whole goes back: one of its targets may be a canary.
  const runs = promotedOn(state);
  if (runs === undefined) return journeys;
  const own = executionOf(journeys, runs);
  const since = passageIn(own, name)?.deployedAt;
  return journeys.map((one) => {
    const passage = passageIn(one, name);
    if (!passage?.deployedAt || passage.rolledBackAt || one === own) return one;
    const isBack =
      since === undefined ? isOlder(runs, one.revision) : Date.parse(passage.deployedAt) > Date.parse(since);
    return isBack ? withPassage(one, name, { ...passage, rolledBackAt: time(now.toISOString()) }) : one;
  });
}

interface Deployed {
  readonly state: EnvironmentStatus;
  /** That the environment offers to the next one. */
  readonly revision: string;
  readonly now: Date;
}

function withDeployed(journeys: Journeys, name: string, { state, revision, now }: Deployed): Journeys {
  const { deployment, targets } = state;
  const isThis = deployment && isSame(revisionOf(deployment), revision);
  const isTold = isThis && deployment.phase === 'Succeeded';
  const at = notBefore(journeys, name, revision, time(isTold ? deployment.observedAt : now.toISOString()));
  const begun = withJourney(journeys, revision, at);
  return replaced(begun, revision, (one) => {
    // Where it was merged is of use until it is deployed.
    const { rolledBackAt, failedAt, mergedInto: _, ...passage } = passageIn(one, name) ?? {};
    const anew = rolledBackAt ?? failedAt ?? (isLatest(begun, name, revision) ? undefined : at);
    const deployedAt = anew === undefined ? (passage.deployedAt ?? at) : at;
    return withPassage(withTag(one, targets), name, { ...passage, deployedAt });
  });
}

/** The tag of its chart, once a target says it. */
function withTag(journey: Execution, targets: EnvironmentStatus['targets']): Execution {
  const told = targets?.find((one) => one.tag !== undefined && isSame(revisionOf(one), journey.revision));
  return told?.tag === undefined || journey.tag !== undefined ? journey : { ...journey, tag: told.tag };
}

/** An environment that had it as a whole goes back from it when some of its targets do. */
function withWhole(journeys: Journeys, name: string, state: EnvironmentStatus, now: Date): Journeys {
  const revision = deployedRevision(state);
  if (revision === undefined) return journeys;
  return replaced(journeys, revision, (one) => {
    const passage = passageIn(one, name);
    if (!passage?.deployedAt || passage.wholeAt) return one;
    return withPassage(one, name, { ...passage, wholeAt: time(now.toISOString()) });
  });
}

/** Clocks differ: what comes after a revision is not deployed before it. */
function notBefore(journeys: Journeys, name: string, revision: string, at: string): string {
  const own = executionOf(journeys, revision);
  const others = journeys.flatMap((one) => {
    const passage = passageIn(one, name);
    return one === own || passage?.rolledBackAt ? [] : (passage?.deployedAt ?? []);
  });
  return [...others, at].toSorted((a, b) => Date.parse(b) - Date.parse(a))[0] ?? at;
}

/** Once a revision that failed is healthy again, its time there begins anew; what is ready has not failed. */
function withFailure(
  journeys: Journeys,
  name: string,
  { deployment }: EnvironmentStatus,
  available: string | undefined,
): Journeys {
  const revision = revisionOf(deployment ?? {});
  if (deployment?.phase !== 'Failed' || revision === undefined || isSame(revision, available))
    return journeys;
  return replaced(journeys, revision, (one) => {
    const passage = passageIn(one, name);
    if (!passage?.deployedAt || passage.failedAt) return one;
    return withPassage(one, name, { ...passage, failedAt: time(deployment.observedAt) });
  });
}

/** Whether no other revision was deployed there after this one. */
function isLatest(journeys: Journeys, name: string, revision: string): boolean {
  const at = (one: Execution | undefined) => Date.parse(passageIn(one, name)?.deployedAt ?? '');
  const own = executionOf(journeys, revision);
  return !journeys.some((one) => one !== own && at(one) > at(own));
}

function withPromotion(journeys: Journeys, name: string, { promotion }: EnvironmentStatus): Journeys {
  const at = promotion && carriedOutAt(promotion);
  if (!promotion || at === undefined) return journeys;
  const begun = withJourney(journeys, promotion.revision, time(promotion.startedAt ?? at));
  return replaced(begun, promotion.revision, (one) => {
    const passage = passageIn(one, name) ?? {};
    const place = mergePlace(promotion);
    const merged = promotion.phase === 'Merged' && {
      mergedAt: time(at),
      ...(place && !passage.deployedAt && { mergedInto: { url: place.url, branch: place.branch } }),
    };
    // What is merged a second time was merged last then.
    return withPassage(one, name, { promotedAt: time(at), ...passage, ...merged });
  });
}

const CARRIED_OUT = ['PullRequestOpen', 'Merged', 'Succeeded'];

/** A notification has a message once it is raised, see result.ts. */
function carriedOutAt({ phase, message, updatedAt }: PromotionStatus): string | undefined {
  const isNotified = phase === 'Promoting' && message !== undefined;
  return isNotified || CARRIED_OUT.includes(phase) ? updatedAt : undefined;
}

/** One that is known is called by the spelling that says most. */
function withJourney(journeys: Journeys, revision: string, startedAt: string): Journeys {
  const known = executionOf(journeys, revision);
  const fullest = known && fullestOf([known.revision, revision]);
  if (known && fullest === known.revision) return journeys;
  if (known && fullest) return journeys.map((one) => (one === known ? { ...one, revision: fullest } : one));
  return [{ revision, startedAt, outcome: 'InProgress', environments: {} }, ...journeys];
}

function replaced(journeys: Journeys, revision: string, change: (one: Execution) => Execution): Journeys {
  const own = executionOf(journeys, revision);
  return journeys.map((one) => (one === own ? change(one) : one));
}

function passageIn(journey: Execution | undefined, name: string): Passage | undefined {
  return ownValue(journey?.environments, name);
}

function withPassage(journey: Execution, name: string, passage: Passage): Execution {
  return { ...journey, environments: { ...journey.environments, [name]: passage } };
}

function outcomeOf({ revision, environments, outcome }: Execution, pipeline: Pipeline): ExecutionOutcome {
  const { spec, status } = pipeline;
  const states = spec.environments.map(({ name }) => environmentStatus(status, name));
  const records = states.flatMap((state) => recordedPromotion(state) ?? []);
  const own = records.filter((record) => isSame(record.revision, revision));
  if (Object.values(environments).some(({ rolledBackAt }) => rolledBackAt)) return 'RolledBack';
  if (ownValue(environments, spec.environments.at(-1)?.name ?? '')?.deployedAt) return 'Succeeded';
  if (own.some(({ phase }) => phase === 'Rejected')) return 'Rejected';
  if (own.some(({ phase }) => phase === 'Failed') || states.some((state) => hasFailed(state, revision))) {
    return 'Failed';
  }
  if (own.some(isUnfinished)) return 'InProgress';
  if (own.some(({ phase }) => phase === 'Superseded')) return 'Superseded';
  if (spec.environments.some((_, index) => isSame(availableRevision(pipeline, index), revision)))
    return 'InProgress';
  return outcome === 'Rejected' || outcome === 'Failed' ? outcome : 'Superseded';
}

function hasFailed({ deployment }: EnvironmentStatus, revision: string): boolean {
  return deployment?.phase === 'Failed' && isSame(revisionOf(deployment), revision);
}

/** The newest first; what is still in use stays when there is no room for all. */
function trimmed(journeys: Journeys, pipeline: Pipeline): Execution[] {
  const { executions: _, ...status } = pipeline.status;
  const sorted = journeys.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  const needed = sorted.filter((one) => isInUse(one, pipeline)).slice(0, MAX_EXECUTIONS);
  const kept = new Set(needed);
  let room = MAX_BYTES - bytesOf({ ...pipeline, status }) - bytesOf(pipeline.spec) - bytesOf(needed);
  for (const one of sorted) {
    if (kept.has(one)) continue;
    room -= bytesOf(one) + 1;
    if (room < 0 || kept.size >= MAX_EXECUTIONS) break;
    kept.add(one);
  }
  return sorted.filter((one) => kept.has(one));
}

function isInUse({ revision }: Execution, { spec, status }: Pipeline): boolean {
  return spec.environments.some(({ name }) => {
    const state = environmentStatus(status, name);
    if (state.targets?.some((target) => isSame(revisionOf(target), revision))) return true;
    return (
      state.promotion !== undefined &&
      isSame(state.promotion.revision, revision) &&
      isUnfinished(state.promotion)
    );
  });
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** To the second, as Kubernetes writes its times. */
function time(at: string): string {
  return at.replace(/\.\d+Z$/, 'Z');
}
