import { nextConditions, type WantedCondition } from '../api/condition.ts';
import { RECONCILE_REQUESTED_AT } from '../api/group.ts';
import type { Pipeline, PipelineStatus } from '../api/pipeline.ts';
import type { RetryPolicy } from '../decide/promotion/retry.ts';
import { bounded } from '../decide/report/bounded.ts';
import { conditionsOf } from '../decide/report/conditions.ts';
import { foldExecutions } from '../decide/report/executions.ts';
import { summarize } from '../decide/report/summary.ts';
import type { CheckResult } from './check.ts';

/** Completes a status with what follows from the rest of it, before it is written. */

export interface ConditionDeps {
  readonly policy: Pick<RetryPolicy, 'threshold'>;
  readonly now: () => Date;
}

/** The spec and the request that were acted on, which the status says it is up to. */
export type ActedOn = Pick<PipelineStatus, 'observedGeneration' | 'lastHandledReconcileAt'>;

/** All of what is there now. */
export function presentOf({ metadata }: Pick<Pipeline, 'metadata'>): ActedOn {
  const requested = metadata.annotations?.[RECONCILE_REQUESTED_AT];
  return {
    observedGeneration: metadata.generation,
    ...(requested !== undefined && { lastHandledReconcileAt: requested }),
  };
}

/**
 * The status with everything in it that follows from the rest: summary and conditions. A result of what was decided
 * before leaves the generation as it is: the spec may be another one by now, which nobody has acted on.
 */
export function withSummary(
  deps: ConditionDeps,
  pipeline: Pipeline,
  check: CheckResult,
  actedOn?: ActedOn,
): PipelineStatus {
  const executions = foldExecutions(pipeline, deps.now());
  const status = bounded(pipeline.spec, { ...executions, ...actedOn, summary: summarize(pipeline) });
  const { threshold } = deps.policy;
  return withConditions(deps, status, conditionsOf(pipeline, { threshold, now: deps.now() }, check));
}

export function withConditions(
  deps: Pick<ConditionDeps, 'now'>,
  status: PipelineStatus,
  wanted: readonly WantedCondition[],
): PipelineStatus {
  const at = { generation: status.observedGeneration ?? 0, now: deps.now().toISOString() };
  return { ...status, conditions: nextConditions(status.conditions ?? [], wanted, at) };
}
