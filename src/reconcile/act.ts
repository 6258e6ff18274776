import { type Pipeline, type PipelineStatus, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import { type CareTaken, type careFor, foldCare } from '../decide/care.ts';
import type { Step } from '../decide/next.ts';
import { foldResult, type Result } from '../decide/result.ts';
import { environmentStatus } from '../decide/state.ts';
import type { Check } from './check.ts';
import { finish } from './finish.ts';
import type { ReconcileDeps } from './reconcile.ts';

/** Acting on what was decided, and recording what has become of it. */

/** What is to be done, as it is recorded. */
export interface Intent {
  readonly pipeline: Pipeline;
  readonly check: Check;
}

/**
 * Carries out what is to be promoted; the seconds until the first retry. It begins to look while the record is
 * still being written. Throws what keeps it from being recorded: what looks by then ends by itself and does
 * nothing.
 */
export async function act(
  deps: ReconcileDeps,
  decided: Pipeline,
  steps: Readonly<Record<string, Step>>,
  intent: Promise<Intent>,
) {
  const jobs = decided.spec.environments.flatMap((environment) => {
    const step = steps[environment.name];
    if (step?.kind !== 'promote') return [];
    return [{ pipeline: decided, environment, promotion: step.promotion, recorded: intent }];
  });
  const waits = jobs.map(async (job) => {
    const { environment, promotion } = job;
    const result = await deps.promoter.promote(job);
    const { pipeline, check } = await intent;
    logResult(deps, pipeline, environment.name, promotion.revision, result);
    const attempt = { environment: environment.name, revision: promotion.revision, result };
    return recordResult(deps, pipeline, attempt, check);
  });
  return Math.min(deps.policy.resyncSeconds, ...(await Promise.all(waits)));
}

/** Does what the open pull requests need beside; the seconds until the next look at them. */
export async function tend(
  deps: ReconcileDeps,
  pipeline: Pipeline,
  { steps, cares, check }: { steps: Record<string, Step>; cares: ReturnType<typeof careFor>; check: Check },
): Promise<number> {
  const jobs = pipeline.spec.environments.map(async (environment) => {
    const { promotion } = environmentStatus(pipeline.status, environment.name);
    const { pullRequest } = promotion ?? {};
    if (!promotion || !pullRequest || steps[environment.name]?.kind === 'promote') return [];
    const waits: number[] = [];
    for (const care of cares[environment.name] ?? []) {
      const result = await deps.promoter.tend({ pipeline, environment, promotion }, pullRequest, care);
      const taken = { environment: environment.name, pullRequest, care, result };
      logCare(deps, pipeline, taken);
      await recordWith(deps, pipeline, check, (status) => foldCare(status, taken));
      waits.push(lookAgainAfter(taken, deps));
    }
    return waits;
  });
  return Math.min(deps.policy.resyncSeconds, ...(await Promise.all(jobs)).flat());
}

/** A merge is seen soon; what failed is tried again with the next look at the pull request. */
function lookAgainAfter({ care, result }: CareTaken, { policy }: ReconcileDeps): number {
  if (care.kind === 'merge' && result.kind === 'done') return MERGED_SECONDS;
  if (result.kind !== 'error' || result.retry === 'never') return policy.resyncSeconds;
  return result.retry === 'backoff' ? CARE_RETRY_SECONDS : result.retry.afterSeconds;
}

type Attempt = Parameters<typeof foldResult>[1];

async function recordResult(
  deps: ReconcileDeps,
  pipeline: Pipeline,
  attempt: Attempt,
  check: Check,
): Promise<number> {
  const fold = (status: PipelineStatus) => foldResult(status, attempt, deps.policy, deps.now());
  const status = await recordWith(deps, pipeline, check, fold);
  if (!status) return deps.policy.resyncSeconds;
  const { promotion } = environmentStatus(status, attempt.environment);
  // A newer revision that came meanwhile, and a pull request that was just opened, are looked at at once.
  if (promotion?.revision !== attempt.revision) return 0;
  if (promotion.nextAttemptAt === undefined) return promotion.pullRequest ? 0 : SOON_SECONDS;
  return Math.max(0, (Date.parse(promotion.nextAttemptAt) - deps.now().getTime()) / 1000);
}

/** The status as it was written; undefined when the Pipeline is gone. */
async function recordWith(
  deps: ReconcileDeps,
  pipeline: Pipeline,
  check: Check,
  fold: (status: PipelineStatus) => PipelineStatus,
): Promise<PipelineStatus | undefined> {
  const key = pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
  const known = deps.store.get(key) ?? asStored(pipeline);
  await deps.pass?.('before-result', key);
  const written = await deps.record(known, (current) => {
    const before = current.status;
    const folded = fold(before);
    if (folded === before) return { before, pipeline: current };
    return { before, pipeline: current, status: finish(deps, { ...current, status: folded }, check) };
  });
  await deps.pass?.('after-result', key);
  if (!written?.status) return written?.before;
  deps.onChange({ ...written.pipeline, status: written.status }, written.before);
  return written.status;
}

const SOON_SECONDS = 10;
/** Not at once: a forge may answer that it has merged before it shows it. */
const MERGED_SECONDS = 1;
const CARE_RETRY_SECONDS = 30;

function logCare(deps: ReconcileDeps, { metadata }: Pipeline, taken: CareTaken) {
  const { environment, pullRequest, care, result } = taken;
  const { namespace, name } = metadata;
  const fields = { namespace, name, environment, url: pullRequest.url, care: care.kind };
  if (result.kind === 'error') {
    const { message: error, retry } = result;
    deps.log.warn({ ...fields, error, retry }, 'the pull request could not be tended');
  } else {
    deps.log.info({ ...fields, result: result.kind }, 'the pull request was tended');
  }
}

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

export function asStored({ metadata, spec, status }: Pipeline): StoredPipeline {
  return { metadata, spec: { ok: true, value: spec }, status };
}
