import * as v from 'valibot';
import type { Checks } from '../merge.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { type Api, type MergeRequest, requestUrl, withQuery } from './api.ts';
import { checksOf, readCommit } from './status.ts';

/** https://docs.gitlab.com/api/merge_requests/#list-merge-request-pipelines */
const Pipelines = v.array(
  v.object({ id: v.number(), sha: v.string(), ref: v.nullish(v.string(), ''), status: v.string() }),
);
type Pipeline = v.InferOutput<typeof Pipelines>[number];

/**
 * The ref of a pipeline for merged results, and of a merge train. They hang on a commit that GitLab made of both
 * branches: https://docs.gitlab.com/ci/pipelines/merged_results_pipelines/
 */
const MERGED_RESULTS = /^refs\/merge-requests\/\d+\/(?:merge|train)$/;

/** The states of a pipeline that has ended, or that waits for a person. */
const ENDED = ['success', 'failed', 'canceled', 'skipped', 'manual'];

export function hasEnded({ status }: Pick<Pipeline, 'status'>): boolean {
  return ENDED.includes(status);
}

/** The checks of the commit, of which none has failed, and those of its merge with the base branch. */
export async function withMergedResults(
  api: Api,
  request: MergeRequest,
  commit: string,
  own: Checks,
): Promise<Checks> {
  // A merge request without any pipeline has none of merged results.
  if (!request.head_pipeline) return own;
  const pipeline = await newestOfResults(api, request);
  if (!pipeline) return own;
  const merged = await checksOfResult(api, pipeline, commit);
  return {
    any: own.any || merged.any,
    failing: merged.failing,
    pending: [...own.pending, ...merged.pending],
  };
}

async function newestOfResults(api: Api, { iid }: MergeRequest): Promise<Pipeline | undefined> {
  const url = withQuery(requestUrl(api, iid, '/pipelines'), { page: '1', per_page: '20' });
  const send = () => api.send({ method: 'GET', url });
  const { data } = await api.call('checks', send);
  const pipelines = parsedAnswer(Pipelines, 'checks', data, api.context);
  return pipelines
    .filter(({ ref }) => MERGED_RESULTS.test(ref))
    .toSorted((one, other) => other.id - one.id)[0];
}

/** A pipeline of an earlier head that has ended says nothing of this head. */
async function checksOfResult(api: Api, pipeline: Pipeline, commit: string): Promise<Checks> {
  const running = hasEnded(pipeline) ? [] : [`pipeline ${pipeline.id}`];
  const merged = await readCommit(api, pipeline.sha);
  if (!merged?.parent_ids.includes(commit)) return { any: false, failing: [], pending: running };
  const checks = await checksOf(api, pipeline.sha);
  return checks.pending.length > 0 ? checks : { ...checks, pending: running };
}
