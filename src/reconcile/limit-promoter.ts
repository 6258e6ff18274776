import { type Pipeline, type PipelineKey, type PullRequestRef, pipelineKey } from '../api/pipeline.ts';
import { promotionInto } from '../decide/model/route.ts';
import type { Bulkhead } from '../lib/async/index.ts';
import type { Job } from './job.ts';
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
  function run<T>({ pipeline, environment, pullRequest }: About, work: () => Promise<T>): Promise<T> {
    const { namespace, name } = pipeline.metadata;
    const host = whoseTime(pipeline, environment, pullRequest);
    const place = { namespace, host };
    return outside(pipelineKey(namespace, name), () => bulkhead.run(place, signal, work));
  }

  return {
    promote: (job) => run(aboutBranch(job), () => promoter.promote(job)),
    runTask: (job, task) => run(job, () => promoter.runTask(job, task)),
    findPullRequest: (job) => run(aboutBranch(job), () => promoter.findPullRequest(job)),
    pullRequestState(job) {
      const { pullRequest } = job.promotion;
      return run({ ...aboutBranch(job), ...(pullRequest && { pullRequest }) }, () =>
        promoter.pullRequestState(job),
      );
    },
  };
}

interface About {
  readonly pipeline: Pipeline;
  /** Its name. */
  readonly environment: string;
  readonly pullRequest?: PullRequestRef;
}

function aboutBranch({ pipeline, environment }: Job): About {
  return { pipeline, environment: environment.name };
}

/**
 * The host that may take long. Where the Pipeline names a proxy it is the proxy, which is its namespace's own: others who
 * go to the same host are not to wait for it.
 */
function whoseTime({ metadata, spec }: Pipeline, environment: string, pullRequest?: PullRequestRef): string {
  const there = spec.environments.find(({ name }) => name === environment);
  const strategy = there && promotionInto(spec, there)?.strategy;
  const settings = strategy?.['pull-request'] ?? strategy?.push;
  const proxy = pullRequest?.repository?.proxySecret ?? settings?.proxySecretRef?.name;
  if (proxy !== undefined) return `the proxy of ${metadata.namespace}/${proxy}`;
  return hostOf(pullRequest?.url ?? settings?.url);
}

/** The host that a promotion goes to; without a repository that is notification-controller. */
function hostOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : '';
}
