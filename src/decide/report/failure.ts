import type { Failure, PromotionStatus } from '../../api/pipeline.ts';
import { isSame } from '../model/revision.ts';

/**
 * The failure of a promotion if it is new: there was none before, or it is retried differently, or is another fault. A
 * retry that fails for the same reason is not reported again.
 */
export function newFailure(
  old: PromotionStatus | undefined,
  promotion: PromotionStatus,
): Failure | undefined {
  const { failure } = promotion;
  const before = isSamePromotion(old, promotion) ? old?.failure : undefined;
  if (!failure || !before || before.retry !== failure.retry) return failure;
  return essence(before.message) === essence(failure.message) ? undefined : failure;
}

/** A revision that is promoted a second time is another promotion. */
function isSamePromotion(old: PromotionStatus | undefined, promotion: PromotionStatus): boolean {
  return (
    old !== undefined && isSame(old.revision, promotion.revision) && old.startedAt === promotion.startedAt
  );
}

/** Times, counts, commits and the numbers that a forge gives to requests differ from attempt to attempt. */
function essence(message: string): string {
  return message.replaceAll(/[\da-f:-]+/gi, (run) => (/\d/.test(run) ? '#' : run));
}
