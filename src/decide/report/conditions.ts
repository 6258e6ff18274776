import type { WantedCondition } from '../../api/condition.ts';
import type { Failure, Pipeline, PromotionStatus } from '../../api/pipeline.ts';
import { cut } from '../../lib/text/index.ts';
import { shortRevision } from '../model/revision.ts';
import { environmentStatus, recordedPromotion } from '../model/state.ts';

/** Warnings of the rules, a line each: they do not stop the Pipeline. */
export interface Warnings {
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * The conditions of a Pipeline, as kstatus reads them: Ready always; Reconciling, Stalled, PromotionPending
 * and Warning only while they are True.
 */
export function conditionsOf(
  pipeline: Pipeline,
  { threshold, now }: { readonly threshold: number; readonly now: Date },
  given: Warnings,
): WantedCondition[] {
  const promotions = promotionsOf(pipeline);
  const failed = promotions.find(({ failure }) => failure?.retry === 'never');
  const retried = promotions.find(({ failure }) => failure?.retry === 'backoff');
  const waiting = promotions.find(({ promotion }) => isWaiting(promotion));
  const wanted: WantedCondition[] = [];
  if (failed) {
    const message = fault(failed);
    wanted.push({ type: 'Ready', status: 'False', reason: 'PromotionFailed', message });
    wanted.push({ type: 'Stalled', status: 'True', reason: 'PromotionFailed', message });
  } else if (retried && isLasting(retried, threshold, now)) {
    wanted.push({ type: 'Ready', status: 'False', reason: 'PromotionRetrying', message: fault(retried) });
  } else {
    wanted.push(readyUnless(pipeline, given));
  }
  if (retried && !failed) {
    wanted.push({
      type: 'Reconciling',
      status: 'True',
      reason: 'PromotionRetrying',
      message: fault(retried),
    });
  }
  if (waiting) {
    const reason = pendingReason(waiting.promotion);
    const message = sentence(waiting);
    wanted.push({ type: 'PromotionPending', status: 'True', reason, message });
  }
  const warnings = [...given.warnings, ...leftOpen(pipeline)];
  if (warnings.length > 0) {
    const message = joined(warnings);
    wanted.push({ type: 'Warning', status: 'True', reason: 'SuspiciousSpec', message });
  }
  return wanted;
}

interface Named {
  readonly name: string;
  readonly promotion: PromotionStatus;
  readonly failure: Failure | undefined;
}

function promotionsOf({ spec, status }: Pipeline): Named[] {
  return spec.environments.flatMap(({ name }) => {
    const promotion = recordedPromotion(environmentStatus(status, name));
    return promotion ? [{ name, promotion, failure: failureOf(promotion) }] : [];
  });
}

/** Records of an earlier version have their fault in the phase alone. */
function failureOf({ phase, message = '', failure, updatedAt, nextAttemptAt, heldBy }: PromotionStatus) {
  if (failure) return failure;
  const since = updatedAt ?? nextAttemptAt ?? '';
  if (phase === 'Failed') return { message, since, retry: 'never' } as const;
  const isTried = phase === 'Pending' && nextAttemptAt && heldBy === undefined;
  return isTried ? ({ message, since, retry: 'backoff' } as const) : undefined;
}

const LASTING_MS = 5 * 60_000;

/** True once a fault lasts: a forge that is unavailable for a minute is not a fault of the Pipeline. */
function isLasting({ promotion, failure }: Named, threshold: number, now: Date): boolean {
  const since = Date.parse(failure?.since ?? '');
  return (promotion.attempts ?? 0) >= threshold && !(now.getTime() - since < LASTING_MS);
}

function readyUnless(pipeline: Pipeline, { secrets }: Warnings): WantedCondition {
  if (secrets.length > 0) {
    return { type: 'Ready', status: 'False', reason: 'SecretNotUsable', message: joined(secrets) };
  }
  return { type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded', message: ready(pipeline) };
}

function fault({ name, promotion, failure }: Named): string {
  return `${name}: ${failure?.message || `${shortRevision(promotion.revision)} is ${promotion.phase}.`}`;
}

/** Pull requests that could not be closed. */
function leftOpen({ status }: Pipeline): string[] {
  return (status.abandoned ?? []).flatMap(({ environment, pullRequest, problem, final }) => {
    const next = final ? 'close it by hand' : 'it is tried again';
    return problem === undefined
      ? []
      : [`${environment}: pull request ${pullRequest.url} is left open; ${next}. ${problem}`];
  });
}

/** The conditions of an object whose spec has faults: nothing is done until a person corrects it. */
export function invalidConditions(problems: readonly string[]): WantedCondition[] {
  const message = joined(problems);
  return [
    { type: 'Ready', status: 'False', reason: 'InvalidSpec', message },
    { type: 'Stalled', status: 'True', reason: 'InvalidSpec', message },
  ];
}

/** Conditions are kept small: a Pipeline's status is written often. */
function joined(lines: readonly string[]): string {
  return cut(lines.join('\n'), 2000);
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

function sentence({ name, promotion }: Named): string {
  return `${name}: ${promotion.message ?? `${shortRevision(promotion.revision)} is ${promotion.phase}.`}`;
}

function ready(pipeline: Pipeline): string {
  return pipeline.spec.suspend
    ? 'Deployments are recorded; promotions are suspended.'
    : 'All environments are reconciled.';
}
