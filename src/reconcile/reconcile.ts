import { RECONCILE_REQUESTED_AT } from '../api/group.ts';
import {
  type Pipeline,
  type PipelineKey,
  type PipelineStatus,
  pipelineKey,
  type StoredPipeline,
} from '../api/pipeline.ts';
import { secondsTo } from '../decide/gates/seconds.ts';
import { graceEnd } from '../decide/model/event-grace.ts';
import { withMerge } from '../decide/model/merged.ts';
import { shortRevision } from '../decide/model/revision.ts';
import { environmentStatus, withEnvironment, withPromotion } from '../decide/model/state.ts';
import type { RecordStatus, StatusStore } from '../decide/model/status-store.ts';
import { foldObservations } from '../decide/observation/fold.ts';
import { type Decision, nextSteps, type Situation } from '../decide/promotion/next.ts';
import type { Asked } from '../decide/promotion/poll.ts';
import type { RetryPolicy } from '../decide/promotion/retry.ts';
import { transition } from '../decide/promotion/step.ts';
import { closingDue, tasksFor } from '../decide/promotion/tasks.ts';
import { type Unrecorded, unrecorded } from '../decide/promotion/unrecorded.ts';
import { invalidConditions } from '../decide/report/conditions.ts';
import { hasCode, TurnpikeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { act, RECHECK_SECONDS } from './act.ts';
import type { Checking, CheckPipeline } from './check.ts';
import { asStored, createRecordResult, type Intent, type RecordResult } from './intent.ts';
import type { Job } from './job.ts';
import { observe, type Readers } from './observe.ts';
import { createPolls, type Polls } from './polls.ts';
import type { Promoter } from './promoter.ts';
import { newest } from './record.ts';
import { runTasks } from './run-tasks.ts';
import { type ConditionDeps, presentOf, withConditions, withSummary } from './with-conditions.ts';

/**
 * The four steps for one Pipeline: gather what is, decide what is to be done, act, record. Every act is
 * recorded before it is done and can be done twice: a process that dies in between loses nothing. What it
 * has to look at first is looked at while the record is being written.
 */
export interface ReconcileDeps extends Readers {
  readonly store: StatusStore;
  readonly record: RecordStatus;
  readonly promoter: Promoter;
  readonly check: CheckPipeline;
  /** Runs what waits for others' servers, for as long as others are worked on. */
  readonly outside?: <T>(key: PipelineKey, work: () => Promise<T>) => Promise<T>;
  /** Called after each write that changed something. */
  readonly onChange: (pipeline: Pipeline, before: PipelineStatus) => void;
  readonly policy: RetryPolicy;
  /** Times at which forges were asked last; a process begins without. */
  readonly asked?: Map<string, Asked>;
  readonly log: Logger;
  readonly now: () => Date;
}

type Deps = ReconcileDeps & { readonly polls: Polls; readonly recordResult: RecordResult };

/** Seconds until the Pipeline is to be looked at again. */
export type Reconcile = (key: PipelineKey) => Promise<number>;

export function createReconcile(options: ReconcileDeps): Reconcile {
  const deps = { ...options, polls: createPolls(options), recordResult: createRecordResult(options) };
  return async (key) => {
    const stored = deps.store.get(key);
    if (!stored || stored.metadata.deletionTimestamp !== undefined) return deps.policy.resyncSeconds;
    if (!stored.spec.ok) return reportInvalid(deps, stored, stored.spec.problems);
    const pipeline = { ...stored, spec: stored.spec.value };
    const check = deps.check(pipeline);
    if (check.spec.length > 0) return reportInvalid(deps, stored, check.spec);
    return reconcileValid(deps, pipeline, check);
  };
}

async function reportInvalid(
  deps: Pick<ReconcileDeps, 'store' | 'policy' | 'log' | 'now'>,
  stored: StoredPipeline,
  problems: readonly string[],
) {
  const acted = { ...stored.status, ...presentOf(stored) };
  const status = withConditions(deps, acted, invalidConditions(problems));
  if (!Bun.deepEquals(status, stored.status)) {
    await deps.store.applyStatus(stored, status);
    const { namespace, name } = stored.metadata;
    deps.log.info({ namespace, name, problems }, 'pipeline has faults');
  }
  return deps.policy.resyncSeconds;
}

async function reconcileValid(deps: Deps, pipeline: Pipeline, checking: Checking): Promise<number> {
  const { resyncSeconds } = deps.policy;
  const seen = await gather(deps, pipeline);
  const isMended = hasStopped(pipeline.status) && (await checking.changed());
  const now = deps.now();
  const requested = isRequested(pipeline) || isMended;
  const looked = { ...pipeline, status: foldObservations(pipeline, seen, now) };
  const { pullRequests, wakeAfter } = await deps.polls.ask(looked, { now, requested });
  const { pipeline: folded, steps } = await decide(deps, looked, { pullRequests, requested, now });
  const decided = { ...folded, status: applySteps(folded.status, steps, now) };
  const intent = recordIntent(deps, pipeline, { decided, checking });
  const [again, done, recorded] = await allOf([
    act(deps, decided, steps, intent),
    intent.then((made) => {
      const groups = tasksFor({ pipeline: made.pipeline, pullRequests, requested, now });
      return runTasks(deps, made, { steps, groups, requested });
    }),
    intent,
  ]);
  const wakes = Object.values(steps).map((step) => (step.kind === 'promote' ? undefined : step.wakeAfter));
  const isFaulty = recorded.check.secrets.length > 0 || hasStopped(recorded.pipeline.status);
  return Math.min(
    ...wakes.map((seconds) => seconds ?? resyncSeconds),
    again,
    done,
    wakeAfter,
    graceWake(folded.status, now) ?? resyncSeconds,
    closingDue(recorded.pipeline.status, now) ?? resyncSeconds,
    isFaulty ? RECHECK_SECONDS : resyncSeconds,
  );
}

/** A cluster that does not answer keeps nobody waiting but the Pipelines that name it. */
function gather(deps: Readers & Pick<ReconcileDeps, 'outside'>, pipeline: Pipeline) {
  const { metadata, spec } = pipeline;
  const look = () => observe(pipeline, deps);
  const isRemote = spec.environments.some(({ targets }) => targets.some(({ clusterRef }) => clusterRef));
  return isRemote && deps.outside
    ? deps.outside(pipelineKey(metadata.namespace, metadata.name), look)
    : look();
}

/** Decides, with the pull requests of promotions that are about to end and know none, though one is open. */
async function decide(deps: FindDeps, pipeline: Pipeline, situation: Omit<Situation, 'pipeline'>) {
  const steps = nextSteps({ ...situation, pipeline });
  const unknown = unrecorded(pipeline, steps);
  if (unknown.length === 0) return { pipeline, steps };
  const held: Record<string, Decision> = {};
  let { status } = pipeline;
  for (const { environment, promotion } of unknown) {
    const found = await findPullRequest(deps, { pipeline, environment, promotion }, situation.requested);
    if (found === 'unknown') held[environment.name] = whileUnknown(promotion, situation.now);
    if (found === 'unknown' || found === undefined) continue;
    const state = environmentStatus(status, environment.name);
    status = withEnvironment(status, environment.name, {
      ...state,
      promotion: { ...promotion, pullRequest: found },
    });
  }
  const known = { ...pipeline, status };
  return { pipeline: known, steps: { ...nextSteps({ ...situation, pipeline: known }), ...held } };
}

/** It does not end yet, and says why; or what a person has to mend first. */
function whileUnknown(promotion: Unrecorded['promotion'], now: Date): Decision {
  if (promotion.failure?.retry === 'never') return { kind: 'rest', wakeAfter: RECHECK_SECONDS };
  const message = `It is not known whether a pull request of ${shortRevision(promotion.revision)} is open, and the forge cannot be asked now.`;
  const { nextAttemptAt: _, ...rest } = promotion;
  if (promotion.message === message) return { kind: 'rest', wakeAfter: RECHECK_SECONDS };
  return {
    kind: 'record',
    promotion: transition(rest, { by: 'forgeSilent', message }, now),
    wakeAfter: RECHECK_SECONDS,
  };
}

/** No attempt can have opened anything where one of these is the answer. */
const NOWHERE = ['ForgeNotFound', 'HostNotAllowed', 'SpecInvalid'] as const;

type FindDeps = Pick<Deps, 'promoter' | 'polls' | 'log' | 'now'>;

/** `unknown`: the forge does not say it now, so that the promotion does not end yet. */
async function findPullRequest({ promoter, polls, log, now }: FindDeps, job: Job, requested: boolean) {
  const { namespace, name, uid } = job.pipeline.metadata;
  const key = `${uid} ${job.environment.name} find`;
  if (!requested && polls.isPaused(key, now())) return 'unknown' as const;
  try {
    return await promoter.findPullRequest(job);
  } catch (error) {
    if (!(error instanceof TurnpikeError) || error.code === 'NotLeading') throw error;
    const fields = { namespace, name, environment: job.environment.name, error: error.message };
    log.warn(fields, 'cannot see whether the promotion has an open pull request');
    polls.pause(key, now(), error.code === 'ForgeUnauthorized');
    if (hasCode(error, ...NOWHERE)) return undefined;
    return 'unknown' as const;
  }
}

/** Waits for all of them, so that nothing is under way any more when the key is free again; the first error is thrown. */
async function allOf<T extends readonly unknown[]>(
  work: { readonly [K in keyof T]: Promise<T[K]> },
): Promise<T> {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T;
}

/** Tells whether a promotion waits for a person to mend something, or its pull request does not show its gates. */
function hasStopped({ environments = {} }: PipelineStatus): boolean {
  return Object.values(environments).some(({ promotion }) => {
    const { commit, checked } = promotion?.pullRequest ?? {};
    const isUnreported =
      promotion?.phase === 'PullRequestOpen' && commit !== undefined && checked === undefined;
    return isUnreported || promotion?.failure?.retry === 'never';
  });
}

/** Seconds until an event that the application does not bear out is overruled by it. */
function graceWake({ environments = {} }: PipelineStatus, now: Date): number | undefined {
  const ends = Object.values(environments).flatMap((state) => graceEnd(state, now) ?? []);
  return ends.length > 0 ? secondsTo(Math.min(...ends), { now }) : undefined;
}

/** Tells whether somebody changed the spec, or requested a reconciliation as one does with Flux. */
function isRequested({ metadata, status }: Pipeline): boolean {
  const requested = metadata.annotations?.[RECONCILE_REQUESTED_AT];
  const isAsked = requested !== undefined && requested !== status.lastHandledReconcileAt;
  return metadata.generation !== status.observedGeneration || isAsked;
}

function applySteps(
  status: PipelineStatus,
  steps: Readonly<Record<string, Decision>>,
  now: Date,
): PipelineStatus {
  let next = status;
  for (const [environment, step] of Object.entries(steps)) {
    if (step.merged !== undefined) next = withMerge(next, step.merged, { environment, now });
    const before = environmentStatus(next, environment);
    const state = step.rejected ? { ...before, rejected: [...step.rejected] } : before;
    if (step.kind !== 'rest') next = withEnvironment(next, environment, withPromotion(state, step.promotion));
    else if (state !== before) next = withEnvironment(next, environment, state);
  }
  return next;
}

type WriteDeps = Pick<ReconcileDeps, 'store' | 'onChange'>;

async function recordIntent(
  deps: WriteDeps & ConditionDeps,
  before: Pipeline,
  { decided, checking }: { readonly decided: Pipeline; readonly checking: Checking },
): Promise<Intent> {
  const check = await checking.whole();
  const pipeline = await write(deps, before, withSummary(deps, decided, check, presentOf(decided)));
  checking.handled();
  return { pipeline, check };
}

/** Writes what changed. Optimistic concurrency: on a conflict the other writer wins, and the key is requeued. */
async function write(deps: WriteDeps, pipeline: Pipeline, status: PipelineStatus): Promise<Pipeline> {
  if (Bun.deepEquals(status, pipeline.status)) return pipeline;
  const stored = await deps.store.applyStatus(asStored(pipeline), status).catch(async (error) => {
    // The watch may be late, or broken off: the next attempt begins with what is there now.
    if (hasCode(error, 'ApiConflict')) await newest(deps.store, asStored(pipeline));
    throw error;
  });
  const recorded = { ...pipeline, metadata: stored.metadata, status };
  deps.onChange(recorded, pipeline.status);
  return recorded;
}
