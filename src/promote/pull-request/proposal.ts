import type { PullRequestRef, PullRequestStrategy } from '../../api/pipeline.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { type Forge, type NewPullRequest, type PullRequest, sameText } from '../../lib/forges/index.ts';
import type { BranchResult } from '../branch/port.ts';
import type { PromotionRequest } from '../strategy.ts';
import { promotionBody, promotionTitle } from './body.ts';
import { ownerName, ownerOf, promotionBranch, saysClosing } from './names.ts';

/** The pull request as it shall be, and how the one that is there becomes that. */

export function wantedPullRequest(
  request: PromotionRequest,
  settings: PullRequestStrategy,
  forge: Forge,
  { changes, problems }: Extract<BranchResult, { kind: 'pushed' | 'unchanged' }>,
): NewPullRequest {
  const { baseBranch: base, draft, templates } = settings;
  const head = promotionBranch(request, settings);
  const options = {
    templates,
    compareUrl: forge.compareUrl(base, head),
    maxLength: forge.maxBody,
    hiddenBy: forge.hiddenBy,
  };
  return {
    head,
    base,
    title: promotionTitle(request, templates),
    ...(draft && { draft: true }),
    body: promotionBody(request, changes, problems, options),
  };
}

/** A new pull request of the branch, else the one that is in the way. */
export async function createPullRequest(
  forge: Forge,
  request: PromotionRequest,
  wanted: NewPullRequest,
): Promise<PullRequest> {
  const created = await forge.create(wanted);
  if (created !== 'exists') return created;
  const found = await forge.find(wanted.head, wanted.base);
  if (found) return updateIfChanged(forge, request, found, wanted);
  const sentence = `The forge says that ${wanted.head} has a pull request to ${wanted.base} already, and shows none that is open: it is tried again.`;
  throw new TurnpikeError('ForgeUnavailable', sentence);
}

/** Of this repository and branch, and not said to be another pipeline's. */
export function isOurs(
  found: PullRequest,
  known: Pick<PullRequestRef, 'url'>,
  { head, owner }: { readonly head: string; readonly owner: string },
): boolean {
  const said = ownerOf(found.body);
  return found.url === hrefOf(known.url) && found.head === head && (said === undefined || said === owner);
}

/** Earlier versions recorded addresses as the forge spelled them. */
function hrefOf(url: string): string {
  return URL.parse(url)?.href ?? url;
}

/**
 * An attempt that moved it to another base may have ended before that was recorded. Of a repository that the spec names no
 * more, records of an earlier version have no base: it is empty.
 */
export function mergedWhere(
  { base }: Pick<PullRequest, 'base'>,
  recorded: { readonly base: string; readonly meant: string },
): 'merged' | 'merged-elsewhere' {
  return ['', base].includes(recorded.base) || base === recorded.meant ? 'merged' : 'merged-elsewhere';
}

/** The pull request that the status knows, as the forge has it now. */
export interface KnownPull {
  /** While it is still open, and of this repository and branch. */
  readonly open?: PullRequest;
  /** The revision that a person said no to by closing it. */
  readonly rejected?: string;
}

/** A pull request that we closed, or the forge with its base branch, was not rejected by a person. */
export async function lookAtKnown(
  forge: Forge,
  { pullRequest, pipeline, environment }: PromotionRequest,
  { head, hasBase }: { readonly head: string; readonly hasBase: () => Promise<boolean> },
): Promise<KnownPull> {
  if (!pullRequest) return {};
  const owner = ownerName({ pipeline, environment });
  const found = await forge.get(pullRequest.number);
  if (!found || !isOurs(found, pullRequest, { head, owner })) return {};
  if (found.state === 'open') return { open: found };
  const { revision } = pullRequest;
  if (found.state !== 'closed' || revision === undefined || saysClosing(found.body)) return {};
  return (await hasBase()) ? { rejected: revision } : {};
}

/** Brings title, text and base branch of one that is open up to what is wanted. */
export async function updateIfChanged(
  forge: Forge,
  request: PromotionRequest,
  pull: PullRequest,
  wanted: NewPullRequest,
): Promise<PullRequest> {
  const owner = ownerOf(pull.body);
  if (owner !== undefined && owner !== ownerName(request)) {
    const sentence = `The branch ${wanted.head} has an open pull request of another pipeline, ${owner}: ${pull.url}. Both pipelines give their branches the same name: give one of them another pull-request.branch.`;
    throw new TurnpikeError('ForgeRefused', sentence);
  }
  const { title, body, base } = wanted;
  if (pull.title === title && sameText(pull.body, body) && pull.base === base) return pull;
  const updated = await forge.update(pull.number, { title, body, ...(pull.base !== base && { base }) });
  if (updated.state === 'open') return updated;
  const sentence = `${pull.url} was ${updated.state} while it was being updated: a new pull request is opened next.`;
  throw new TurnpikeError('ForgeUnavailable', sentence);
}
