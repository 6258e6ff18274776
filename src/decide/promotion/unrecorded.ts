import type { Environment, Pipeline, PromotionStatus, Strategy } from '../../api/pipeline.ts';
import { BEFORE_MERGE, type BeforeMerge, type In, isIn, isUnfinished } from '../model/phase.ts';
import { isSame } from '../model/revision.ts';
import { promotionInto } from '../model/route.ts';
import { environmentStatus } from '../model/state.ts';
import type { Decision } from './next.ts';

/**
 * A promotion that is about to end, or to be replaced, and whose pull request may have been opened without a record.
 */
export interface Unrecorded {
  readonly environment: Environment;
  readonly promotion: In<BeforeMerge>;
}

/**
 * A process that ends between opening a pull request and recording it leaves one that no record names. The next attempt
 * at the same revision finds it. Without a next attempt it must be searched for, or it stays open: the base branch may
 * have the next revision already.
 */
export function unrecorded(
  { spec, status }: Pipeline,
  steps: Readonly<Record<string, Decision>>,
): Unrecorded[] {
  return spec.environments.flatMap((environment) => {
    const step = steps[environment.name];
    const { promotion } = environmentStatus(status, environment.name);
    const isOver = step?.kind === 'record' && !isUnfinished(step.promotion);
    const isReplaced = step && step.kind !== 'rest' && !isSame(step.promotion.revision, promotion?.revision);
    const strategy = promotionInto(spec, environment)?.strategy;
    const mayBe = (isOver || isReplaced) && promotion && isTried(promotion, strategy);
    return mayBe ? [{ environment, promotion }] : [];
  });
}

/** True if an attempt at it, or at the one before it, may have opened a pull request that is not recorded. */
export function isTried(
  promotion: PromotionStatus,
  strategy: Strategy | undefined,
): promotion is In<BeforeMerge> {
  const { attempts, mayBeOpen, pullRequest } = promotion;
  if (strategy?.['pull-request'] === undefined || pullRequest !== undefined) return false;
  return isIn(promotion, BEFORE_MERGE) && (mayBeOpen === true || attempts !== undefined);
}
