import {
  type AbandonedPullRequest,
  type EnvironmentStatus,
  MAX_ABANDONED,
  type Pipeline,
  type PipelineStatus,
  type PromotionStatus,
  type PullRequestRef,
  type PullRequestStrategy,
  type Strategy,
} from '../../api/pipeline.ts';
import { isSameRepository } from '../../lib/forges/pure.ts';
import { isSamePlace, mergePlace, withoutMerge } from '../model/merged.ts';
import { isIn } from '../model/phase.ts';
import { promotionBranch } from '../model/promotion-branch.ts';
import { recordOf } from '../model/recorded-repository.ts';
import { destinationOf, promotionInto } from '../model/route.ts';
import { openPullRequest, withPromotion } from '../model/state.ts';
import { TRANSITIONS } from './phases.ts';
import { transition } from './step.ts';

/**
 * Pull requests that the spec no longer covers: of an environment that was removed, or in a repository or from a branch
 * that the environment is not promoted by any more. They are closed where they are.
 */
export function withAbandoned({ metadata, spec, status }: Pipeline, now: Date): PipelineStatus {
  const before = Object.entries(status.environments ?? {});
  const found = before.map(([name, state]) => {
    const environment = spec.environments.find((one) => one.name === name);
    const strategy = environment && promotionInto(spec, environment)?.strategy;
    return {
      name,
      ...settle({ of: metadata, name, state, strategy, isThere: environment !== undefined }, now),
    };
  });
  const known = unneeded(status);
  const isSame = found.every(({ state }, index) => state === before[index]?.[1]);
  if (isSame && known.length === (status.abandoned?.length ?? 0)) return status;
  const environments = Object.fromEntries(found.map(({ name, state }) => [name, state]));
  const left = found.flatMap(({ left: one }) => one ?? []);
  const abandoned = [...left, ...known].slice(0, MAX_ABANDONED);
  return {
    ...found.reduce((kept, { name, unmerged }) => withoutMerge(kept, unmerged, name), status),
    environments,
    ...((left.length > 0 || status.abandoned) && { abandoned }),
  };
}

/** The abandoned pull requests, without those that a promotion has open again. */
export function unneeded({
  environments = {},
  abandoned = [],
}: PipelineStatus): readonly AbandonedPullRequest[] {
  const open = Object.values(environments).flatMap(
    ({ promotion }) => promotion && (openPullRequest(promotion) ?? []),
  );
  const urls = new Set(open.flatMap((one) => (one && one.closing === undefined ? [one.url] : [])));
  return abandoned.filter(({ pullRequest }) => !urls.has(pullRequest.url));
}

interface Recorded {
  readonly of: { readonly namespace: string; readonly name: string };
  readonly name: string;
  readonly state: EnvironmentStatus;
  /** The present strategy into the environment. */
  readonly strategy: Strategy | undefined;
  readonly isThere: boolean;
}

interface Settled {
  readonly state: EnvironmentStatus;
  readonly left?: AbandonedPullRequest;
  /** The revision whose merge does not count any more. */
  readonly unmerged?: string;
}

function settle(recorded: Recorded, now: Date): Settled {
  const { name, state, strategy, isThere } = recorded;
  const { promotion } = state;
  if (!promotion) return { state };
  if (strategy && isMergedElsewhere(promotion, strategy)) {
    return { state: withoutPullRequest(state, promotion, now), unmerged: promotion.revision };
  }
  const pullRequest = openPullRequest(promotion);
  if (!pullRequest) return { state };
  const settings = strategy?.['pull-request'];
  const { repository } = pullRequest;
  if (isThere && repository === undefined) return { state: withRepository(state, settings) };
  const why = whyLeft(recorded, pullRequest);
  if (why === undefined) {
    return { state: settings?.url === repository?.url ? state : withRepository(state, settings) };
  }
  const left = { environment: name, pullRequest: { ...pullRequest, closing: pullRequest.closing ?? why } };
  return { state: withoutPullRequest(state, promotion, now), left };
}

/** The reason for which the environment is not promoted by this pull request any more; undefined: it is. */
function whyLeft(
  { of, name, strategy, isThere }: Recorded,
  { repository, branch }: PullRequestRef,
): string | undefined {
  if (!isThere) return `${name} is no longer in the Pipeline.`;
  const settings = strategy?.['pull-request'];
  if (!settings) return `${name} is no longer promoted by pull request.`;
  if (!repository || !isSameRepository(settings.url, repository.url)) {
    return `${name} is now promoted through another repository: ${settings.url}`;
  }
  const head = (template?: string) => promotionBranch(of.namespace, of.name, name, template);
  // Earlier versions did not record it, and had one name alone.
  if (head(settings.branch) === (branch ?? head())) return undefined;
  return `${name} is now promoted through another branch: ${head(settings.branch)}`;
}

/** True if it was merged into a place that the spec does not promote to any more, and is not deployed yet. */
function isMergedElsewhere(promotion: PromotionStatus, strategy: Strategy): boolean {
  if (promotion.phase !== 'Merged') return false;
  const place = mergePlace(promotion);
  const now = destinationOf(strategy);
  return place !== undefined && (now === undefined || !isSamePlace(now, place));
}

/** An earlier version did not record it: while the spec has not changed it is the spec's. */
function withRepository(
  state: EnvironmentStatus,
  settings: PullRequestStrategy | undefined,
): EnvironmentStatus {
  const { promotion } = state;
  if (!promotion?.pullRequest || !settings) return state;
  const { repository: before } = promotion.pullRequest;
  if (!before && hostOf(settings.url) !== hostOf(promotion.pullRequest.url)) return state;
  const repository = recordOf(settings);
  return { ...state, promotion: { ...promotion, pullRequest: { ...promotion.pullRequest, repository } } };
}

function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname;
}

/** Starts over in the other repository, or from the other branch. An approval is of the revision, and stays. */
function withoutPullRequest(
  state: EnvironmentStatus,
  { pullRequest: _, into: __, ...promotion }: PromotionStatus,
  now: Date,
): EnvironmentStatus {
  return withPromotion(state, begunAnew(promotion, now));
}

function begunAnew(promotion: PromotionStatus, now: Date): PromotionStatus {
  if (!isIn(promotion, TRANSITIONS.movedElsewhere.from)) return promotion;
  return transition(promotion, { by: 'movedElsewhere' }, now);
}

/** All open pull requests of a Pipeline that was deleted, also of environments that were removed just before. */
export function openPullRequests({ status }: Pick<Pipeline, 'status'>): AbandonedPullRequest[] {
  const recorded = Object.entries(status.environments ?? {}).flatMap(([environment, { promotion }]) => {
    const pullRequest = promotion && openPullRequest(promotion);
    return pullRequest ? [{ environment, pullRequest }] : [];
  });
  return [...recorded, ...(status.abandoned ?? [])];
}
