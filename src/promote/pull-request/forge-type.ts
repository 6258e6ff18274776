import type { PullRequestStrategy } from '../../api/pipeline.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { type ForgeType, forgeTypeOf, untoldForgeType } from '../../lib/forges/pure.ts';

/**
 * How many branches one push may bring so that the forge does for each of them what it does. GitLab makes pipelines for
 * four of them alone, and calls no webhook where there are more than three:
 * https://gitlab.com/gitlab-org/gitlab/-/issues/31009, https://gitlab.com/gitlab-org/gitlab/-/issues/38251
 */
export function atOnce(type: ForgeType | undefined): { readonly branchesAtOnce?: number } {
  return type === 'gitlab' ? { branchesAtOnce: 3 } : {};
}

/**
 * Whether Turnpike may merge by a rebase, also because nobody says how. GitHub rebases nothing that would become something
 * else: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
 */
export function mayBeRebased(settings: PullRequestStrategy): boolean {
  const { merge, mergeMethod } = settings;
  if (mergeMethod !== undefined) return mergeMethod === 'rebase';
  return merge === 'auto' && typeOf(settings) !== 'github';
}

/**
 * The type that is written, or that the URL tells.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function typeOf(settings: Pick<PullRequestStrategy, 'type' | 'url'>): ForgeType {
  const type = forgeTypeOf(settings);
  if (type) return type;
  throw new TurnpikeError('SpecInvalid', untoldForgeType(settings.url));
}
