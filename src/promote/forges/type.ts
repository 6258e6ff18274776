import { TurnpikeError } from '../../api/errors.ts';
import type { ForgeType, PullRequestStrategy } from '../../api/pipeline.ts';
import { forgeTypeOf, untoldForgeType } from '../../decide/forge-type.ts';

/**
 * The type that is written, or that the URL tells.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function typeOf(settings: Pick<PullRequestStrategy, 'type' | 'url'>): ForgeType {
  const type = forgeTypeOf(settings);
  if (type) return type;
  throw new TurnpikeError('SpecInvalid', untoldForgeType(settings.url), { retry: 'never' });
}
