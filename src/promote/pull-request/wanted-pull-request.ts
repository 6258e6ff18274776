import type { PullRequestStrategy } from '../../api/pipeline.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { type Forge, type NewPullRequest, type PullRequest, sameText } from '../../lib/forges/index.ts';
import type { BranchResult } from '../branch/port.ts';
import type { PromotionRequest } from '../strategy.ts';
import { ownerName, ownerOf, promotionBranch } from './names.ts';
import { promotionBody, promotionTitle } from './texts.ts';

/** The pull request as it shall be, and how it comes to be that. */

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
