import type { Pass } from '../api/checkpoint.ts';
import { nextConditions, type WantedCondition } from '../api/condition.ts';
import { errorMessage, hasCode } from '../api/errors.ts';
import { RECONCILE_REQUESTED_AT } from '../api/group.ts';
import {
  type Pipeline,
  type PipelineKey,
  type PipelineStatus,
  pipelineKey,
  type StoredPipeline,
} from '../api/pipeline.ts';
import type { RecordStatus, StatusStore } from '../api/record.ts';
import { conditionsOf, invalidConditions } from '../decide/conditions.ts';
import { foldExecutions } from '../decide/executions.ts';
import { foldObservations } from '../decide/fold.ts';
import { nextSteps, type PullRequestState, type Step } from '../decide/next.ts';
import { foldResult, type Result, type RetryPolicy } from '../decide/result.ts';
import {
  deployedRevision,
  environmentStatus,
  recordedPromotion,
  withEnvironment,
  withPromotion,
} from '../decide/state.ts';
import { summarize } from '../decide/summary.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Check, CheckPipeline } from './check.ts';
import { type ApplicationReader, type ClusterReaders, observe } from './observe.ts';
import type { Promoter } from './promoter.ts';

/**
 * The four steps for one Pipeline: gather what is, decide what is to be done, act, record. Every act is
 * recorded before it is begun and can be done twice: a process that dies in between loses nothing.
 */
export interface ReconcileDeps {
  readonly store: StatusStore;
  readonly record: RecordStatus;
  readonly applications: ApplicationReader;
  readonly clusters: ClusterReaders;
  readonly promoter: Promoter;
  readonly check: CheckPipeline;
  /** Told after each write that changed something. */
  readonly onChange: (pipeline: Pipeline, before: PipelineStatus) => void;
  readonly policy: RetryPolicy;
  readonly pass?: Pass;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Seconds until the Pipeline is to be looked at again. */
export type Reconcile = (key: PipelineKey) => Promise<number>;

export function createReconcile(deps: ReconcileDeps): Reconcile {
  return async (key) => {
    const stored = deps.store.get(key);
    if (!stored || stored.metadata.deletionTimestamp !== undefined) return deps.policy.resyncSeconds;
    if (!stored.spec.ok) return reportInvalid(deps, stored, stored.spec.problems);
    const pipeline = { ...stored, spec: stored.spec.value };
    const check = await deps.check(pipeline);
    if (check.spec.length > 0) return reportInvalid(deps, stored, check.spec);
    return reconcileValid(deps, pipeline, check);
  };
}

async function reportInvalid(deps: ReconcileDeps, stored: StoredPipeline, problems: readonly string[]) {
  const status = settled(deps, stored, stored.status, invalidConditions(problems));
  if (!Bun.deepEquals(status, stored.status)) {
    await deps.store.applyStatus(stored, status);
    const { namespace, name } = stored.metadata;
    deps.log.info({ namespace, name, problems }, 'pipeline has faults');
  }
  return deps.policy.resyncSeconds;
}

async function reconcileValid(deps: ReconcileDeps, pipeline: Pipeline, check: Check): Promise<number> {
  const seen = await observe(pipeline, deps);
  const now = deps.now();
  const folded = { ...pipeline, status: foldObservations(pipeline, seen, now) };
  const pullRequests = await askForges(deps, folded);
  const steps = nextSteps({ pipeline: folded, pullRequests, poked: isPoked(pipeline), now });
  const decided = applySteps(folded.status, steps);
  const recorded = await write(deps, pipeline, finish(deps, { ...folded, status: decided }, check));
  const again = await act(deps, recorded, steps, check);
  const wakes = Object.values(steps).map((step) => (step.kind === 'promote' ? undefined : step.wakeAfter));
  const recheck = check.secrets.length > 0 ? RECHECK_SECONDS : deps.policy.resyncSeconds;
  return Math.min(...wakes.map((seconds) => seconds ?? deps.policy.resyncSeconds), again, recheck);
}

/** Whether somebody changed the spec, or asked for a reconciliation as one does with Flux. */
function isPoked({ metadata, status }: Pipeline): boolean {
  const requested = metadata.annotations?.[RECONCILE_REQUESTED_AT];
  return metadata.generation !== status.observedGeneration || requested !== status.lastHandledReconcileAt;
}

function applySteps(status: PipelineStatus, steps: Readonly<Record<string, Step>>): PipelineStatus {
  let next = status;
  for (const [environment, step] of Object.entries(steps)) {
    if (step.kind === 'rest') continue;
    const state = environmentStatus(next, environment);
    next = withEnvironment(next, environment, withPromotion(state, step.promotion));
  }
  return next;
}

/** What the forges say of the open pull requests whose state can still matter. */
async function askForges(deps: ReconcileDeps, pipeline: Pipeline): Promise<Record<string, PullRequestState>> {
  const asked = pipeline.spec.environments.map(async (environment) => {
    const state = environmentStatus(pipeline.status, environment.name);
    const record = recordedPromotion(state);
    if (record?.phase !== 'PullRequestOpen' || !record.pullRequest) return [];
    if (deployedRevision(state) === record.revision) return [];
    try {
      const answer = await deps.promoter.pullRequestState(pipeline, environment, record.pullRequest);
      return [[environment.name, answer] as const];
    } catch (error) {
      const { namespace, name } = pipeline.metadata;
      const fields = { namespace, name, environment: environment.name, error: errorMessage(error) };
      deps.log.warn(fields, 'the pull request cannot be looked at; it is tried again');
      return [];
    }
  });
  return Object.fromEntries((await Promise.all(asked)).flat());
}

/** Carries out what is recorded as to be promoted; the seconds until the first retry. */
async function act(
  deps: ReconcileDeps,
  pipeline: Pipeline,
  steps: Readonly<Record<string, Step>>,
  check: Check,
) {
  const jobs = pipeline.spec.environments.flatMap((environment) => {
    const step = steps[environment.name];
    return step?.kind === 'promote' ? [{ pipeline, environment, promotion: step.promotion }] : [];
  });
  const waits = jobs.map(async (job) => {
    const { environment, promotion } = job;
    const result = await deps.promoter.promote(job);
    logResult(deps, pipeline, environment.name, promotion.revision, result);
    const attempt = { environment: environment.name, revision: promotion.revision, result };
    return recordResult(deps, pipeline, attempt, check);
  });
  return Math.min(deps.policy.resyncSeconds, ...(await Promise.all(waits)));
}

type Attempt = Parameters<typeof foldResult>[1];

async function recordResult(
  deps: ReconcileDeps,
  pipeline: Pipeline,
  attempt: Attempt,
  check: Check,
): Promise<number> {
  const { namespace, name } = pipeline.metadata;
  const key = pipelineKey(namespace, name);
  const known = deps.store.get(key) ?? asStored(pipeline);
  await deps.pass?.('before-result', key);
  const written = await deps.record(known, (current) => {
    const before = current.status;
    const status = foldResult(before, attempt, deps.policy, deps.now());
    return { before, pipeline: current, status: finish(deps, { ...current, status }, check) };
  });
  await deps.pass?.('after-result', key);
  if (!written) return deps.policy.resyncSeconds;
  deps.onChange({ ...written.pipeline, status: written.status }, written.before);
  const { promotion } = environmentStatus(written.status, attempt.environment);
  // A newer revision that came meanwhile, and a pull request that was just opened, are looked at soon.
  if (promotion?.revision !== attempt.revision) return 0;
  if (promotion.nextAttemptAt === undefined) return SOON_SECONDS;
  return Math.max(0, (Date.parse(promotion.nextAttemptAt) - deps.now().getTime()) / 1000);
}

const SOON_SECONDS = 10;
/** Whoever creates the Secret that was missing does not tell us. */
const RECHECK_SECONDS = 30;

function logResult(
  deps: ReconcileDeps,
  { metadata }: Pipeline,
  environment: string,
  revision: string,
  result: Result,
) {
  const { namespace, name } = metadata;
  const fields = { namespace, name, environment, revision };
  if (result.kind === 'error') {
    deps.log.warn({ ...fields, error: result.message, retry: result.retry }, 'promotion failed');
    return;
  }
  const url = result.kind === 'pull-request' ? { url: result.pullRequest.url } : {};
  deps.log.info({ ...fields, result: result.kind, ...url }, 'promotion carried out');
}

/** The status with everything in it that follows from the rest: summary, conditions, generation. */
function finish(deps: ReconcileDeps, pipeline: Pipeline, check: Check): PipelineStatus {
  const journeys = foldExecutions(pipeline, deps.now());
  const status = { ...journeys, summary: summarize(pipeline) };
  return settled(deps, pipeline, status, conditionsOf(pipeline, deps.policy.threshold, check));
}

function settled(
  deps: ReconcileDeps,
  { metadata }: Pick<Pipeline, 'metadata'>,
  status: PipelineStatus,
  wanted: readonly WantedCondition[],
): PipelineStatus {
  const at = { generation: metadata.generation, now: deps.now().toISOString() };
  const requested = metadata.annotations?.[RECONCILE_REQUESTED_AT];
  return {
    ...status,
    observedGeneration: metadata.generation,
    ...(requested !== undefined && { lastHandledReconcileAt: requested }),
    conditions: nextConditions(status.conditions ?? [], wanted, at),
  };
}

/** Writes what changed. Whoever wrote meanwhile goes first: the conflict brings the key back. */
async function write(deps: ReconcileDeps, pipeline: Pipeline, status: PipelineStatus): Promise<Pipeline> {
  if (Bun.deepEquals(status, pipeline.status)) return pipeline;
  const key = pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
  await deps.pass?.('before-intent', key);
  const stored = await deps.store.applyStatus(asStored(pipeline), status).catch(async (error) => {
    // The watch may be late, or broken off: the next attempt begins with what is there now.
    if (hasCode(error, 'ApiConflict')) await deps.store.read(key);
    throw error;
  });
  await deps.pass?.('after-intent', key);
  const recorded = { ...pipeline, metadata: stored.metadata, status };
  deps.onChange(recorded, pipeline.status);
  return recorded;
}

function asStored({ metadata, spec, status }: Pipeline): StoredPipeline {
  return { metadata, spec: { ok: true, value: spec }, status };
}
