import { TurnpikeError } from '../api/errors.ts';
import type { PullRequestRef, PullRequestStrategy } from '../api/pipeline.ts';
import { promotionBody, promotionTitle } from './body.ts';
import type { Forge, NewPullRequest, PullRequest } from './forges/forge.ts';
import { sameText } from './forges/shared.ts';
import { ownerName, ownerOf, promotionBranch } from './names.ts';
import type { PromotionRequest } from './strategy.ts';
import type { BranchResult } from './workspace.ts';

/** What the pull request shall be, and how what is there already becomes that. */

export function proposalOf(
  request: PromotionRequest,
  { baseBranch: base, draft, templates }: PullRequestStrategy,
  forge: Forge,
  { changes, problems }: Exclude<BranchResult, { kind: 'in-base' | 'blocked' }>,
): NewPullRequest {
  const head = promotionBranch(request);
  const options = { templates, compareUrl: forge.compareUrl(base, head), maxLength: forge.maxBody };
  return {
    head,
    base,
    title: promotionTitle(request, templates),
    ...(draft && { draft: true }),
    body: promotionBody(request, changes, problems, options),
  };
}

/** A new pull request of the branch, else the one that is in the way. */
export async function createOne(
  forge: Forge,
  request: PromotionRequest,
  wanted: NewPullRequest,
): Promise<PullRequest> {
  const created = await forge.create(wanted);
  if (created !== 'exists') return created;
  const found = await forge.find(wanted.head, wanted.base);
  if (found) return bringUp(forge, request, found, wanted);
  const sentence = `The forge says that ${wanted.head} has a pull request to ${wanted.base} already, and shows none that is open: it is tried again.`;
  throw new TurnpikeError('ForgeUnavailable', sentence, { retry: 'backoff' });
}

/** Whether a person has closed the one that was opened for this very revision: what has a commit is. */
export async function isTurnedAway(
  forge: Forge,
  { pullRequest }: PromotionRequest,
  head: string,
): Promise<boolean> {
  if (pullRequest?.commit === undefined) return false;
  const found = await forge.get(pullRequest.number);
  return found?.state === 'closed' && found.url === pullRequest.url && found.head === head;
}

/** The known pull request while it is still open, and of this repository and branch. */
export async function openOne(
  forge: Forge,
  known: PullRequestRef | undefined,
  wanted: NewPullRequest,
): Promise<PullRequest | undefined> {
  const found = known && (await forge.get(known.number));
  return found?.state === 'open' && found.url === known?.url && found.head === wanted.head
    ? found
    : undefined;
}

export async function bringUp(
  forge: Forge,
  request: PromotionRequest,
  pull: PullRequest,
  wanted: NewPullRequest,
): Promise<PullRequest> {
  const owner = ownerOf(pull.body);
  if (owner !== undefined && owner !== ownerName(request)) {
    const sentence = `The branch ${wanted.head} has an open pull request of another pipeline, ${owner}: ${pull.url}. Both pipelines give their branches the same name; rename one of them, its namespace or its environment.`;
    throw new TurnpikeError('ForgeRefused', sentence, { retry: 'never' });
  }
  const { title, body, base } = wanted;
  if (pull.title === title && sameText(pull.body, body) && pull.base === base) return pull;
  const updated = await forge.update(pull.number, { title, body, ...(pull.base !== base && { base }) });
  if (updated.state === 'open') return updated;
  const sentence = `${pull.url} was ${updated.state} while it was being updated: a new pull request is opened next.`;
  throw new TurnpikeError('ForgeUnavailable', sentence, { retry: 'backoff' });
}
