import type { Environment, Gates, Promotion } from '../../api/pipeline.ts';
import { defined } from '../../lib/defined.ts';
import { isDeny } from './window.ts';

/** The fields of an environment that override the Pipeline's promotion, each one for itself. */

export function withOnTop(
  promotion: Promotion,
  { gates, manual, approvals }: Pick<Environment, 'gates' | 'manual' | 'approvals'>,
): Promotion {
  if (gates === undefined && manual === undefined && approvals === undefined) return asManual(promotion);
  const merged = {
    ...promotion,
    ...defined({ manual, gates: gates && gatesOnTop(promotion.gates, gates), approvals }),
  };
  if (manual !== false || approvals) return asManual(merged);
  // An environment that needs no approval does not inherit the Pipeline's `approvals` either.
  const { approvals: _, ...unasked } = merged;
  return unasked;
}

/** `approvals` mean `manual`. */
export function asManual(promotion: Promotion): Promotion {
  return promotion.approvals && !promotion.manual ? { ...promotion, manual: true } : promotion;
}

/** A value that removes a gate leaves no gate behind, so that texts do not mention it. */
function gatesOnTop(below: Gates = {}, own: Gates): Gates {
  const { versions, windows, ...others } = { ...below, ...own };
  const all = windowsOnTop(below.windows, own.windows);
  const range = own.versions === '*' ? undefined : versions;
  return { ...others, ...defined({ windows: all, versions: range }) };
}

/** A Deny window of the Pipeline counts for all environments: windows of one environment do not remove it. */
function windowsOnTop(below: Gates['windows'], own: Gates['windows']): Gates['windows'] {
  return own ? [...own, ...(below ?? []).filter(isDeny)] : below;
}
