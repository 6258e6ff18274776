import { setTimeout as sleep } from 'node:timers/promises';
import { type Pipeline, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { StatusStore } from '../decide/model/status-store.ts';
import { openPullRequests } from '../decide/promotion/abandon.ts';
import { errorMessage, TurnpikeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Promoter } from './promoter.ts';

/** A deleted Pipeline has no finalizer: what is open is closed at the event of its deletion, as far as that goes. */
export interface DeletedDeps {
  readonly store: Pick<StatusStore, 'read'>;
  readonly promoter: Pick<Promoter, 'runTask'>;
  readonly leading: () => boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds before each further attempt. */
  readonly delaysMs?: readonly number[];
}

export type CloseDeleted = (last: StoredPipeline) => Promise<void>;

type Open = ReturnType<typeof openPullRequests>;

const DELAYS_MS = [2_000, 10_000, 30_000, 60_000, 300_000];
/** Stands for a last spec that cannot be read: the place that is recorded with a pull request is enough to close it. */
const NO_SPEC: Pipeline['spec'] = { appRef: { apiVersion: '', kind: '', name: '' }, environments: [] };

export function createCloseDeleted(deps: DeletedDeps): CloseDeleted {
  const { store, promoter, leading, log, signal, delaysMs = DELAYS_MS } = deps;

  /** A Pipeline that was created anew under the same name goes on with what is open. */
  async function isThere({ metadata: { namespace, name } }: Pipeline): Promise<boolean | 'unknown'> {
    try {
      return (await store.read(pipelineKey(namespace, name))) !== undefined;
    } catch (error) {
      if (!(error instanceof TurnpikeError) || error.retry === 'never') throw error;
      const fields = { namespace, name, error: error.message };
      log.warn(fields, 'cannot see whether the pipeline is gone, retrying');
      return 'unknown';
    }
  }

  /** The ones that could not be closed for a reason that can pass. */
  async function close(pipeline: Pipeline, left: Open): Promise<Open> {
    const there = await isThere(pipeline);
    if (there !== false) return there === 'unknown' ? left : [];
    const again: Open = [];
    for (const one of left) if (!(await closeOne(pipeline, one))) again.push(one);
    return again;
  }

  /** False: for a reason that can pass it is not closed yet. */
  async function closeOne(pipeline: Pipeline, { environment, pullRequest }: Open[number]): Promise<boolean> {
    const { namespace, name } = pipeline.metadata;
    const job = { pipeline, environment, pullRequest };
    // A pull request that may not be closed must not be merged by the forge either.
    if (pullRequest.scheduled) await promoter.runTask(job, { kind: 'cancel-merge' });
    const result = await promoter.runTask(job, { kind: 'close', reason: whyDeleted(pipeline) });
    const fields = { namespace, name, environment, url: pullRequest.url };
    if (result.kind !== 'error') log.info(fields, 'closed the pull request of a deleted pipeline');
    else if (result.retry === 'never') log.warn({ ...fields, error: result.message }, LEFT_OPEN);
    return result.kind !== 'error' || result.retry === 'never';
  }

  return async ({ metadata, spec, status }) => {
    if (!leading()) return;
    const pipeline = { metadata, spec: spec.ok ? spec.value : NO_SPEC, status };
    let left = openPullRequests(pipeline);
    let why = 'It was tried several times.';
    try {
      for (const delay of [0, ...delaysMs]) {
        if (left.length === 0) return;
        await sleep(delay, undefined, { signal });
        left = await close(pipeline, left);
      }
    } catch (error) {
      why = errorMessage(error);
    }
    const { namespace, name } = metadata;
    for (const { environment, pullRequest } of left) {
      log.warn({ namespace, name, environment, url: pullRequest.url, error: why }, LEFT_OPEN);
    }
  };
}

const LEFT_OPEN = 'a pull request of a deleted pipeline is left open; close it by hand';

export function whyDeleted({ metadata: { namespace, name } }: Pick<Pipeline, 'metadata'>): string {
  return `Pipeline ${namespace}/${name} was deleted.`;
}
