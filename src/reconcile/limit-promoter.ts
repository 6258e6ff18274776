import type { Bulkhead } from '../api/bulkhead.ts';
import { type Environment, type Pipeline, type PipelineKey, pipelineKey } from '../api/pipeline.ts';
import { promotionInto } from '../decide/route.ts';
import type { Promoter } from './promoter.ts';

export interface PromoterLimits {
  readonly bulkhead: Bulkhead;
  /** Runs what waits for others' servers while others are worked on. */
  readonly outside: <T>(key: PipelineKey, work: () => Promise<T>) => Promise<T>;
  /** Aborted when the process has to end. */
  readonly signal: AbortSignal;
}

/** Whatever waits for a forge or a Git server waits outside of the workers, and only so much of it at once. */
export function limitPromoter(promoter: Promoter, { bulkhead, outside, signal }: PromoterLimits): Promoter {
  function run<T>({ metadata }: Pipeline, url: string | undefined, work: () => Promise<T>): Promise<T> {
    const { namespace, name } = metadata;
    const place = { namespace, host: hostOf(url) };
    return outside(pipelineKey(namespace, name), () => bulkhead.run(place, signal, work));
  }

  return {
    promote: (job) => run(job.pipeline, urlOf(job.pipeline, job.environment), () => promoter.promote(job)),
    runTask: (job, task) => run(job.pipeline, job.pullRequest.url, () => promoter.runTask(job, task)),
    findPullRequest: (job) =>
      run(job.pipeline, urlOf(job.pipeline, job.environment), () => promoter.findPullRequest(job)),
    pullRequestState(job) {
      const url = job.promotion.pullRequest?.url ?? urlOf(job.pipeline, job.environment);
      return run(job.pipeline, url, () => promoter.pullRequestState(job));
    },
  };
}

function urlOf({ spec }: Pipeline, environment: Environment): string | undefined {
  const strategy = promotionInto(spec, environment)?.strategy;
  return strategy?.['pull-request']?.url ?? strategy?.push?.url;
}

/** What goes to no repository goes to notification-controller. */
function hostOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : '';
}
