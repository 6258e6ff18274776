import type { PipelineKey, StoredPipeline } from '../api/pipeline.ts';
import { isSame } from '../decide/model/revision.ts';
import { environmentStatus } from '../decide/model/state.ts';
import { onTimer, type Schedule } from '../lib/async/index.ts';

/** Lets a request wait for what another one of the replicas may do: all see it in the status. */
export interface WatchedPipelines {
  find(key: PipelineKey): StoredPipeline | undefined;
  subscribe(listener: (key: PipelineKey) => void): () => void;
}

export interface Wanted {
  readonly key: PipelineKey;
  readonly environment: string;
  readonly revision: string;
  readonly seconds: number;
}

/** The longest that a sender is let wait, in seconds: notification-controller hangs up long before. */
export const MAX_WAIT_SECONDS = 25;

/** Seconds of `Prefer: wait=N` (RFC 7240), 0 without one. */
export function preferredWait(header: string | null): number {
  const found = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?=$|[,;\s])/i.exec(header ?? '');
  return found ? Math.min(Number(found[1]), MAX_WAIT_SECONDS) : 0;
}

/** URL of the pull request for a revision once it is open; undefined when the seconds have passed. */
export function waitForPullRequest(
  pipelines: WatchedPipelines,
  wanted: Wanted,
  schedule: Schedule = onTimer,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const look = () => {
    const url = openPullRequest(pipelines.find(wanted.key), wanted);
    if (url !== undefined) resolve(url);
  };
  const callOff = schedule(() => resolve(undefined), wanted.seconds);
  const unsubscribe = pipelines.subscribe((key) => {
    if (key === wanted.key) look();
  });
  look();
  return promise.finally(() => {
    callOff();
    unsubscribe();
  });
}

function openPullRequest(pipeline: StoredPipeline | undefined, { environment, revision }: Wanted) {
  const promotion = pipeline && environmentStatus(pipeline.status, environment).promotion;
  if (promotion?.phase !== 'PullRequestOpen' || !isSame(promotion.revision, revision)) return undefined;
  return promotion.pullRequest?.url;
}
