import type { Environment, Gates, Promotion } from '../../api/pipeline.ts';
import { isDeny } from './window.ts';

/** What an environment puts on top of the Pipeline's promotion, each field in place of its one. */

export function withOnTop(
  promotion: Promotion,
  { gates, manual, approvals }: Pick<Environment, 'gates' | 'manual' | 'approvals'>,
): Promotion {
  if (gates === undefined && manual === undefined && approvals === undefined) return asManual(promotion);
  const merged = {
    ...promotion,
    ...(manual !== undefined && { manual }),
    ...(gates && { gates: gatesOnTop(promotion.gates, gates) }),
    ...(approvals && { approvals }),
  };
  if (manual !== false || approvals) return asManual(merged);
  // Who wants no approval here does not want those of all environments either.
  const { approvals: _, ...unasked } = merged;
  return unasked;
}

/** `approvals` mean `manual`. */
export function asManual(promotion: Promotion): Promotion {
  return promotion.approvals && !promotion.manual ? { ...promotion, manual: true } : promotion;
}

/** What takes a gate off leaves no gate behind, so that no text speaks of it. */
function gatesOnTop(below: Gates = {}, own: Gates): Gates {
  const { versions, windows, ...others } = { ...below, ...own };
  const all = windowsOnTop(below.windows, own.windows);
  const range = own.versions === '*' ? undefined : versions;
  return { ...others, ...(all && { windows: all }), ...(range !== undefined && { versions: range }) };
}

/** What nobody may pass counts for all: a Deny window is not taken off by windows of one environment. */
function windowsOnTop(below: Gates['windows'], own: Gates['windows']): Gates['windows'] {
  return own ? [...own, ...(below ?? []).filter(isDeny)] : below;
}
