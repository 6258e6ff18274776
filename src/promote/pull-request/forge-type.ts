import type { PullRequestStrategy } from '../../api/pipeline.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { type ForgeType, forgeTypeOf, forgeTypeProblem, kindOf } from '../../lib/forges/pure.ts';

/** How many branches one push may bring so that the forge does for each of them what it does. */
export function atOnce(type: ForgeType | undefined): { readonly branchesAtOnce?: number } {
  const { branchesAtOnce } = type ? kindOf(type) : {};
  return branchesAtOnce === undefined ? {} : { branchesAtOnce };
}

/** True: Turnpike may merge by a rebase, also because the spec does not say how. */
export function mayBeRebased(settings: PullRequestStrategy): boolean {
  const { merge, mergeMethod } = settings;
  if (mergeMethod !== undefined) return mergeMethod === 'rebase';
  return merge === 'auto' && !kindOf(typeOf(settings)).keepsRebased;
}

/**
 * The type that is written, or that the URL tells.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function typeOf(settings: Pick<PullRequestStrategy, 'type' | 'url'>): ForgeType {
  const type = forgeTypeOf(settings);
  if (type) return type;
  throw new TurnpikeError('SpecInvalid', forgeTypeProblem(settings.url));
}
