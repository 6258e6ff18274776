import type { Pass } from '../api/checkpoint.ts';
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
import { careFor } from '../decide/care.ts';
import { invalidConditions } from '../decide/conditions.ts';
import { foldObservations } from '../decide/fold.ts';
import { nextSteps, type PullRequestState, type Step } from '../decide/next.ts';
import type { RetryPolicy } from '../decide/result.ts';
import {
  deployedRevision,
  environmentStatus,
  recordedPromotion,
  withEnvironment,
  withPromotion,
} from '../decide/state.ts';
import type { Logger } from '../telemetry/log.ts';
import { act, asStored, type Intent, tend } from './act.ts';
import type { Checking, CheckPipeline } from './check.ts';
import { finish, settled } from './finish.ts';
import { type ApplicationReader, type ClusterReaders, observe } from './observe.ts';
import type { Promoter } from './promoter.ts';
import { newest } from './record.ts';

/**
 * The four steps for one Pipeline: gather what is, decide what is to be done, act, record. Every act is
 * recorded before it is done and can be done twice: a process that dies in between loses nothing. What it
 * has to look at first is looked at while the record is being written.
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
    const check = deps.check(pipeline);
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

async function reconcileValid(deps: ReconcileDeps, pipeline: Pipeline, checking: Checking): Promise<number> {
  const seen = await observe(pipeline, deps);
  const now = deps.now();
  const folded = { ...pipeline, status: foldObservations(pipeline, seen, now) };
  const pullRequests = await askForges(deps, folded);
  const steps = nextSteps({ pipeline: folded, pullRequests, poked: isPoked(pipeline), now });
  const decided = { ...folded, status: applySteps(folded.status, steps) };
  const intent = recordIntent(deps, pipeline, { decided, checking });
  const [again, tended, { check }] = await Promise.all([
    act(deps, decided, steps, intent),
    intent.then(({ pipeline: recorded, check }) => {
      const cares = careFor({ pipeline: recorded, pullRequests, poked: false, now });
      return tend(deps, recorded, { steps, cares, check });
    }),
    intent,
  ]);
  const wakes = Object.values(steps).map((step) => (step.kind === 'promote' ? undefined : step.wakeAfter));
  const recheck = check.secrets.length > 0 ? RECHECK_SECONDS : deps.policy.resyncSeconds;
  return Math.min(...wakes.map((seconds) => seconds ?? deps.policy.resyncSeconds), again, tended, recheck);
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

/** Whoever creates the Secret that was missing does not tell us. */
const RECHECK_SECONDS = 30;

async function recordIntent(
  deps: ReconcileDeps,
  before: Pipeline,
  { decided, checking }: { readonly decided: Pipeline; readonly checking: Checking },
): Promise<Intent> {
  const check = await checking.whole();
  return { pipeline: await write(deps, before, finish(deps, decided, check)), check };
}

/** Writes what changed. Whoever wrote meanwhile goes first: the conflict brings the key back. */
async function write(deps: ReconcileDeps, pipeline: Pipeline, status: PipelineStatus): Promise<Pipeline> {
  if (Bun.deepEquals(status, pipeline.status)) return pipeline;
  const key = pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
  await deps.pass?.('before-intent', key);
  const stored = await deps.store.applyStatus(asStored(pipeline), status).catch(async (error) => {
    // The watch may be late, or broken off: the next attempt begins with what is there now.
    if (hasCode(error, 'ApiConflict')) await newest(deps.store, asStored(pipeline));
    throw error;
  });
  await deps.pass?.('after-intent', key);
  const recorded = { ...pipeline, metadata: stored.metadata, status };
  deps.onChange(recorded, pipeline.status);
  return recorded;
}
