import { type Pipeline, type PipelineStatus, pipelineKey } from '../api/pipeline.ts';
import { secondsTo } from '../decide/gates/seconds.ts';
import { isSame } from '../decide/model/revision.ts';
import { environmentStatus } from '../decide/model/state.ts';
import type { StatusStore } from '../decide/model/status-store.ts';
import type { Step } from '../decide/promotion/next.ts';
import { type AttemptResult, foldResult } from '../decide/promotion/result.ts';
import type { RetryPolicy } from '../decide/promotion/retry.ts';
import type { Logger } from '../lib/logger.ts';
import { whyDeleted } from './deleted.ts';
import type { Intent, RecordResult } from './intent.ts';
import type { Polls } from './polls.ts';
import type { Promoter } from './promoter.ts';
import { logTask } from './run-tasks.ts';

/** Acting on what was decided, and recording what has become of it. */

export interface ActDeps {
  readonly promoter: Pick<Promoter, 'promote' | 'runTask'>;
  readonly polls: Pick<Polls, 'changed'>;
  readonly store: Pick<StatusStore, 'read'>;
  readonly recordResult: RecordResult;
  readonly policy: RetryPolicy;
  readonly log: Logger;
  readonly now: () => Date;
}

/**
 * Carries out what is to be promoted; the seconds until the first retry. It begins to look while the record is
 * still being written. Throws what keeps it from being recorded: what was prepared is discarded then.
 */
export async function act(
  deps: ActDeps,
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
    const made = await intent;
    const attempt = { environment: environment.name, revision: promotion.revision, result };
    logResult(deps, made.pipeline, attempt);
    return recordAttempt(deps, made, attempt);
  });
  // Each is waited for, also when another one fails: nothing is under way any more when the key is free again.
  await Promise.allSettled(waits);
  return Math.min(deps.policy.resyncSeconds, ...(await Promise.all(waits)));
}

async function recordAttempt(deps: ActDeps, intent: Intent, attempt: AttemptResult): Promise<number> {
  const { pipeline } = intent;
  const fold = (status: PipelineStatus) => foldResult(status, attempt, deps.policy, deps.now());
  const status = await deps.recordResult(intent, fold);
  deps.polls.changed(pipeline, attempt.environment);
  if (!status) return closeLeft(deps, pipeline, attempt);
  const { promotion } = environmentStatus(status, attempt.environment);
  // A newer revision that came meanwhile, and a pull request that was just opened, are looked at at once.
  if (!promotion || !isSame(promotion.revision, attempt.revision)) return 0;
  if (promotion.nextAttemptAt === undefined) return promotion.pullRequest ? 0 : SOON_SECONDS;
  const seconds = secondsTo(Date.parse(promotion.nextAttemptAt), { now: deps.now() });
  return promotion.failure?.retry === 'never' ? Math.min(seconds, RECHECK_SECONDS) : seconds;
}

/** No event announces a Secret that was missing and is created, or that is mended. */
export const RECHECK_SECONDS = 30;

/** The Pipeline was deleted while its pull request was being opened. */
async function closeLeft(
  deps: ActDeps,
  pipeline: Pipeline,
  { environment, result }: AttemptResult,
): Promise<number> {
  const { namespace, name } = pipeline.metadata;
  // Nothing is recorded either where the spec has become unreadable: that Pipeline is still there.
  const isGone = (await deps.store.read(pipelineKey(namespace, name))) === undefined;
  if (isGone && result.kind === 'pull-request') {
    const { pullRequest } = result;
    const task = { kind: 'close', reason: whyDeleted(pipeline) } as const;
    const closed = await deps.promoter.runTask({ pipeline, environment, pullRequest }, task);
    logTask(deps, pipeline, { environment, pullRequest, task, result: closed });
  }
  return deps.policy.resyncSeconds;
}

const SOON_SECONDS = 10;

function logResult(
  deps: Pick<ActDeps, 'log'>,
  { metadata }: Pipeline,
  { environment, revision, result }: AttemptResult,
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
