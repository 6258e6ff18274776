import {
  type AbandonedPullRequest,
  type EnvironmentStatus,
  MAX_ABANDONED,
  type Pipeline,
  type PipelineStatus,
  type PromotionStatus,
  type PullRequestStrategy,
} from '../api/pipeline.ts';
import { promotionInto } from './route.ts';
import { openPullRequest, withPromotion } from './state.ts';
import { update } from './step.ts';

/**
 * Pull requests that the spec leaves behind: of an environment that is not in it any more, and in a repository that the
 * environment is not promoted by any more. They are to be closed where they are.
 */
export function withAbandoned({ spec, status }: Pipeline, now: Date): PipelineStatus {
  const left: AbandonedPullRequest[] = [];
  const environments = Object.entries(status.environments ?? {}).map(([name, state]) => {
    const environment = spec.environments.find((one) => one.name === name);
    const pullRequest = state.promotion && openPullRequest(state.promotion);
    if (!pullRequest) return [name, state] as const;
    const settings = environment && promotionInto(spec, environment)?.strategy['pull-request'];
    const { repository } = pullRequest;
    if (environment && repository === undefined) return [name, withRepository(state, settings)] as const;
    if (environment && settings?.url === repository?.url) return [name, state] as const;
    const closing = environment ? whyMoved(name, settings?.url) : `${name} is not in the Pipeline any more.`;
    left.push({
      environment: name,
      pullRequest: { ...pullRequest, closing: pullRequest.closing ?? closing },
    });
    return [name, withoutPullRequest(state, now)] as const;
  });
  const known = { ...status, environments: Object.fromEntries(environments) };
  const isSame = environments.every(([name, state]) => state === status.environments?.[name]);
  if (left.length === 0) return isSame ? status : known;
  const abandoned = [...left, ...(status.abandoned ?? [])].slice(0, MAX_ABANDONED);
  return { ...known, abandoned };
}

/** An earlier version did not record it: while the spec has not changed it is the spec's. */
function withRepository(
  state: EnvironmentStatus,
  settings: PullRequestStrategy | undefined,
): EnvironmentStatus {
  const { promotion } = state;
  if (!promotion?.pullRequest || !settings) return state;
  const { url, type, secretRef } = settings;
  if (hostOf(url) !== hostOf(promotion.pullRequest.url)) return state;
  const repository = { url, ...(type && { type }), secret: secretRef.name };
  return { ...state, promotion: { ...promotion, pullRequest: { ...promotion.pullRequest, repository } } };
}

function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname;
}

function whyMoved(environment: string, url: string | undefined): string {
  if (url === undefined) return `${environment} is not promoted by pull request any more.`;
  return `${environment} is promoted by another repository now: ${url}`;
}

/** What was open begins anew in the other repository. An approval is to the revision, and stays. */
function withoutPullRequest(state: EnvironmentStatus, now: Date): EnvironmentStatus {
  if (!state.promotion) return state;
  const { pullRequest: _, ...promotion } = state.promotion;
  return withPromotion(state, begunAnew(promotion, now));
}

function begunAnew(promotion: PromotionStatus, now: Date): PromotionStatus {
  return promotion.phase === 'PullRequestOpen' ? update(promotion, { phase: 'Pending' }, now) : promotion;
}

/** All that is open of a Pipeline that was deleted, also of environments that were taken out just before. */
export function openPullRequests({ status }: Pick<Pipeline, 'status'>): AbandonedPullRequest[] {
  const recorded = Object.entries(status.environments ?? {}).flatMap(([environment, { promotion }]) => {
    const pullRequest = promotion && openPullRequest(promotion);
    return pullRequest ? [{ environment, pullRequest }] : [];
  });
  return [...recorded, ...(status.abandoned ?? [])];
}
