import {
  type EnvironmentStatus,
  type Execution,
  type ExecutionEntry,
  type ExecutionOutcome,
  MAX_EXECUTIONS,
  type Pipeline,
  type PipelineStatus,
  type PromotionStatus,
} from '../../api/pipeline.ts';
import { wholeSeconds } from '../../lib/text/index.ts';
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
 * Records in the status how revisions passed through the environments. It follows from the rest of the status, so that
 * folding twice is folding once.
 */

/**
 * Bytes of the whole Pipeline as JSON that its executions may fill: 10 KB without the API server's record of fields and
 * owners. The spec counts twice, as `kubectl apply` leaves a copy of it.
 */
const MAX_BYTES = 8500;

type Executions = readonly Execution[];

/** The status with the executions as the rest of it shows them. */
export function foldExecutions(pipeline: Pipeline, now: Date): PipelineStatus {
  const { spec, status } = pipeline;
  let executions = dropRemovedEnvironments(pipeline);
  // The last environment first: if two start together, the one that has got less far is newer.
  for (const [index, environment] of [...spec.environments.entries()].reverse()) {
    const { name } = environment;
    const state = environmentStatus(status, name);
    executions = withRollback(executions, name, state, now);
    const available = availableRevision(pipeline, index);
    executions = withFailure(executions, name, state, available);
    if (available !== undefined)
      executions = withDeployed(executions, name, { state, revision: available, now });
    if (mayBeThereInPart(spec, environment)) executions = withWhole(executions, name, state, now);
    executions = withPromoted(executions, name, state);
  }
  const kept = trimmed(
    executions.map((one) => ({ ...one, outcome: outcomeOf(one, pipeline) })),
    pipeline,
  );
  return kept.length > 0 || status.executions ? { ...status, executions: kept } : status;
}

/** Drops the environments that were removed from the spec, and the executions that were nowhere else. */
function dropRemovedEnvironments({ spec, status }: Pipeline): Executions {
  const names = spec.environments.map(({ name }) => name);
  return (status.executions ?? []).flatMap((one) => {
    const entries = names.flatMap((name) => {
      const entry = entryIn(one, name);
      return entry ? [[name, entry] as const] : [];
    });
    return entries.length > 0 ? [{ ...one, environments: Object.fromEntries(entries) }] : [];
  });
}

/** An environment that returns to an earlier revision, or to an older version, rolled back from every later one. */
function withRollback(executions: Executions, name: string, state: EnvironmentStatus, now: Date): Executions {
  // A rollback is of the environment as a whole: one of its targets may be a canary.
  const runs = promotedOn(state);
  if (runs === undefined) return executions;
  const own = executionOf(executions, runs);
  const since = entryIn(own, name)?.deployedAt;
  return executions.map((one) => {
    const entry = entryIn(one, name);
    if (!entry?.deployedAt || entry.rolledBackAt || one === own) return one;
    const isBack =
      since === undefined ? isOlder(runs, one.revision) : Date.parse(entry.deployedAt) > Date.parse(since);
    return isBack ? withEntry(one, name, { ...entry, rolledBackAt: wholeSeconds(now.toISOString()) }) : one;
  });
}

interface Deployed {
  readonly state: EnvironmentStatus;
  /** The revision that the environment offers to the next. */
  readonly revision: string;
  readonly now: Date;
}

function withDeployed(executions: Executions, name: string, { state, revision, now }: Deployed): Executions {
  const { deployment, targets } = state;
  const isThis = deployment && isSame(revisionOf(deployment), revision);
  const isReported = isThis && deployment.phase === 'Succeeded';
  const at = notBefore(
    executions,
    name,
    revision,
    wholeSeconds(isReported ? deployment.observedAt : now.toISOString()),
  );
  const begun = withExecution(executions, revision, at);
  return replaced(begun, revision, (one) => {
    // The place of the merge is needed until it is deployed.
    const { rolledBackAt, failedAt, mergedInto: _, ...entry } = entryIn(one, name) ?? {};
    const anew = rolledBackAt ?? failedAt ?? (isLatest(begun, name, revision) ? undefined : at);
    const deployedAt = anew === undefined ? (entry.deployedAt ?? at) : at;
    return withEntry(withTag(one, targets), name, { ...entry, deployedAt });
  });
}

/** The tag of the revision's chart, once a target reports it. */
function withTag(execution: Execution, targets: EnvironmentStatus['targets']): Execution {
  const target = targets?.find((one) => one.tag !== undefined && isSame(revisionOf(one), execution.revision));
  return target?.tag === undefined || execution.tag !== undefined
    ? execution
    : { ...execution, tag: target.tag };
}

/** An environment that ran it as a whole rolls back from it when some of its targets do. */
function withWhole(executions: Executions, name: string, state: EnvironmentStatus, now: Date): Executions {
  const revision = deployedRevision(state);
  if (revision === undefined) return executions;
  return replaced(executions, revision, (one) => {
    const entry = entryIn(one, name);
    if (!entry?.deployedAt || entry.wholeAt) return one;
    return withEntry(one, name, { ...entry, wholeAt: wholeSeconds(now.toISOString()) });
  });
}

/** Clocks differ: what comes after a revision is not deployed before it. */
function notBefore(executions: Executions, name: string, revision: string, at: string): string {
  const own = executionOf(executions, revision);
  const others = executions.flatMap((one) => {
    const entry = entryIn(one, name);
    return one === own || entry?.rolledBackAt ? [] : (entry?.deployedAt ?? []);
  });
  return [...others, at].toSorted((a, b) => Date.parse(b) - Date.parse(a))[0] ?? at;
}

/** A revision that is healthy again after a failure gets a new time there; a ready revision has not failed. */
function withFailure(
  executions: Executions,
  name: string,
  { deployment }: EnvironmentStatus,
  available: string | undefined,
): Executions {
  const revision = revisionOf(deployment ?? {});
  if (deployment?.phase !== 'Failed' || revision === undefined || isSame(revision, available))
    return executions;
  return replaced(executions, revision, (one) => {
    const entry = entryIn(one, name);
    if (!entry?.deployedAt || entry.failedAt) return one;
    return withEntry(one, name, { ...entry, failedAt: wholeSeconds(deployment.observedAt) });
  });
}

/** True if no other revision was deployed after this one. */
function isLatest(executions: Executions, name: string, revision: string): boolean {
  const at = (one: Execution | undefined) => Date.parse(entryIn(one, name)?.deployedAt ?? '');
  const own = executionOf(executions, revision);
  return !executions.some((one) => one !== own && at(one) > at(own));
}

function withPromoted(executions: Executions, name: string, { promotion }: EnvironmentStatus): Executions {
  const at = promotion && carriedOutAt(promotion);
  if (!promotion || at === undefined) return executions;
  const begun = withExecution(executions, promotion.revision, wholeSeconds(promotion.startedAt ?? at));
  return replaced(begun, promotion.revision, (one) => {
    const entry = entryIn(one, name) ?? {};
    const place = mergePlace(promotion);
    const merged = promotion.phase === 'Merged' && {
      mergedAt: wholeSeconds(at),
      ...(place && !entry.deployedAt && { mergedInto: { url: place.url, branch: place.branch } }),
    };
    // A second merge counts as the last one.
    return withEntry(one, name, { promotedAt: wholeSeconds(at), ...entry, ...merged });
  });
}

const CARRIED_OUT = ['PullRequestOpen', 'Merged', 'Succeeded'];

/** A notification has a message once it is raised, see result.ts. */
function carriedOutAt({ phase, message, updatedAt }: PromotionStatus): string | undefined {
  const isNotified = phase === 'Promoting' && message !== undefined;
  return isNotified || CARRIED_OUT.includes(phase) ? updatedAt : undefined;
}

/** A known execution takes the spelling with the most details. */
function withExecution(executions: Executions, revision: string, startedAt: string): Executions {
  const known = executionOf(executions, revision);
  const fullest = known && fullestOf([known.revision, revision]);
  if (known && fullest === known.revision) return executions;
  if (known && fullest) return executions.map((one) => (one === known ? { ...one, revision: fullest } : one));
  return [{ revision, startedAt, outcome: 'InProgress', environments: {} }, ...executions];
}

function replaced(
  executions: Executions,
  revision: string,
  change: (one: Execution) => Execution,
): Executions {
  const own = executionOf(executions, revision);
  return executions.map((one) => (one === own ? change(one) : one));
}

function entryIn(execution: Execution | undefined, name: string): ExecutionEntry | undefined {
  return ownValue(execution?.environments, name);
}

function withEntry(execution: Execution, name: string, entry: ExecutionEntry): Execution {
  return { ...execution, environments: { ...execution.environments, [name]: entry } };
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

/** Sorts the newest first; executions still in use stay if there is no room for all. */
function trimmed(executions: Executions, pipeline: Pipeline): Execution[] {
  const { executions: _, ...status } = pipeline.status;
  const sorted = executions.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
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
