import type { PromotionPhase, PromotionStatus } from '../../api/pipeline.ts';

/** Promotions by their phase. */

/** A promotion in one of these phases: a union, so that asking for `phase` narrows it. */
export type In<Phase extends PromotionPhase> = Phase extends PromotionPhase
  ? PromotionStatus & { readonly phase: Phase }
  : never;

/** Phases that an attempt may follow. */
export const TRYABLE = ['Pending', 'WaitingApproval', 'Promoting', 'Failed'] as const;
export type Tryable = (typeof TRYABLE)[number];

export const BEFORE_MERGE = [...TRYABLE, 'PullRequestOpen'] as const;
export type BeforeMerge = (typeof BEFORE_MERGE)[number];

/** Phases of a promotion that is in progress. */
export const UNFINISHED = [...BEFORE_MERGE, 'Merged'] as const;
export type Unfinished = (typeof UNFINISHED)[number];

export function isIn<Phase extends PromotionPhase>(
  promotion: PromotionStatus,
  phases: readonly Phase[],
): promotion is In<Phase> {
  return (phases as readonly PromotionPhase[]).includes(promotion.phase);
}

export function isUnfinished(promotion: PromotionStatus): promotion is In<Unfinished> {
  return isIn(promotion, UNFINISHED);
}
