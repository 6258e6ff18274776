import type { PullRequestRef, PullRequestStrategy } from '../../api/pipeline.ts';
import { recordOf } from '../../decide/model/recorded-repository.ts';
import type { Forge, PullRequest } from '../../lib/forges/index.ts';
import type { PromotionRequest } from '../strategy.ts';
import { ownerName, ownerOf, type PipelineEnvironment, promotionBranch, saysClosing } from './names.ts';

/** A pull request that is there already: whether it is ours, and what became of it. */

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

/** The open one of the environment's branch, where it is ours. */
export async function findOpen(
  forge: Forge,
  request: PipelineEnvironment,
  settings: PullRequestStrategy,
): Promise<PullRequestRef | undefined> {
  const head = promotionBranch(request, settings);
  const found = await forge.find(head, settings.baseBranch);
  if (!found || !isOurs(found, found, { head, owner: ownerName(request) })) return undefined;
  return { url: found.url, number: found.number, ...placeOf(settings, head) };
}

/** The place of a pull request, as it is recorded. */
export function placeOf(settings: PullRequestStrategy, branch: string) {
  return { repository: recordOf(settings), branch, base: settings.baseBranch };
}
