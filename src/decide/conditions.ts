import type { WantedCondition } from '../api/condition.ts';
import type { Pipeline, PromotionStatus } from '../api/pipeline.ts';
import { environmentStatus, recordedPromotion } from './state.ts';

/** What the rules say of things that do not keep the Pipeline from being followed, a line each. */
export interface Doubts {
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * The conditions of a Pipeline, as kstatus reads them: Ready always; Reconciling, Stalled, PromotionPending
 * and Warning only while they are True.
 */
export function conditionsOf(pipeline: Pipeline, threshold: number, doubts: Doubts): WantedCondition[] {
  const promotions = pipeline.spec.environments.flatMap(({ name }) => {
    const promotion = recordedPromotion(environmentStatus(pipeline.status, name));
    return promotion ? [{ name, promotion }] : [];
  });
  const failed = promotions.find(({ promotion }) => promotion.phase === 'Failed');
  const retried = promotions.find(({ promotion }) => isRetried(promotion));
  const waiting = promotions.find(({ promotion }) => isWaiting(promotion));
  const wanted: WantedCondition[] = [];
  if (failed) {
    const message = sentence(failed);
    wanted.push({ type: 'Ready', status: 'False', reason: 'PromotionFailed', message });
    wanted.push({ type: 'Stalled', status: 'True', reason: 'PromotionFailed', message });
  } else if (retried && (retried.promotion.attempts ?? 0) >= threshold) {
    wanted.push({ type: 'Ready', status: 'False', reason: 'PromotionRetrying', message: sentence(retried) });
  } else if (doubts.secrets.length > 0) {
    const message = joined(doubts.secrets);
    wanted.push({ type: 'Ready', status: 'False', reason: 'SecretNotUsable', message });
  } else {
    wanted.push({
      type: 'Ready',
      status: 'True',
      reason: 'ReconciliationSucceeded',
      message: ready(pipeline),
    });
  }
  if (retried && !failed) {
    const message = sentence(retried);
    wanted.push({ type: 'Reconciling', status: 'True', reason: 'PromotionRetrying', message });
  }
  if (waiting) {
    const reason = pendingReason(waiting.promotion);
    const message = sentence(waiting);
    wanted.push({ type: 'PromotionPending', status: 'True', reason, message });
  }
  if (doubts.warnings.length > 0) {
    const message = joined(doubts.warnings);
    wanted.push({ type: 'Warning', status: 'True', reason: 'ProbablyNotMeant', message });
  }
  return wanted;
}

/** The conditions of an object whose spec holds faults: nothing is done until somebody mends it. */
export function invalidConditions(problems: readonly string[]): WantedCondition[] {
  const message = joined(problems);
  return [
    { type: 'Ready', status: 'False', reason: 'InvalidSpec', message },
    { type: 'Stalled', status: 'True', reason: 'InvalidSpec', message },
  ];
}

/** Conditions are kept small: a Pipeline's status is written often. */
function joined(lines: readonly string[]): string {
  return lines.join('\n').slice(0, 2000);
}

function isRetried(promotion: PromotionStatus): boolean {
  return promotion.phase === 'Pending' && promotion.nextAttemptAt !== undefined;
}

function isWaiting(promotion: PromotionStatus): boolean {
  const plain = promotion.phase === 'Pending' && promotion.nextAttemptAt === undefined;
  return promotion.phase === 'WaitingApproval' || (plain && promotion.message !== undefined);
}

function pendingReason({ phase, heldBy }: PromotionStatus): string {
  if (phase === 'WaitingApproval') return 'WaitingApproval';
  if (heldBy === 'Suspended') return 'Suspended';
  return heldBy === undefined || heldBy === 'PreviousEnvironment' ? 'EnvironmentNotReady' : 'GateClosed';
}

function sentence({ name, promotion }: { name: string; promotion: PromotionStatus }): string {
  return `${name}: ${promotion.message ?? `${promotion.revision} is ${promotion.phase}.`}`;
}

function ready(pipeline: Pipeline): string {
  return pipeline.spec.suspend
    ? 'All is recorded; promotions are suspended.'
    : 'All environments are followed.';
}
