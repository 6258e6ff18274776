import { nextConditions, type WantedCondition } from '../api/condition.ts';
import { RECONCILE_REQUESTED_AT } from '../api/group.ts';
import type { Pipeline, PipelineStatus } from '../api/pipeline.ts';
import { conditionsOf } from '../decide/conditions.ts';
import { foldExecutions } from '../decide/executions.ts';
import { summarize } from '../decide/summary.ts';
import type { Check } from './check.ts';
import type { ReconcileDeps } from './reconcile.ts';

/** What follows from the rest of a status, brought up to it before the status is written. */

type Deps = Pick<ReconcileDeps, 'now' | 'policy'>;

/** The status with everything in it that follows from the rest: summary, conditions, generation. */
export function finish(deps: Deps, pipeline: Pipeline, check: Check): PipelineStatus {
  const journeys = foldExecutions(pipeline, deps.now());
  const status = { ...journeys, summary: summarize(pipeline) };
  return settled(deps, pipeline, status, conditionsOf(pipeline, deps.policy.threshold, check));
}

export function settled(
  deps: Deps,
  { metadata }: Pick<Pipeline, 'metadata'>,
  status: PipelineStatus,
  wanted: readonly WantedCondition[],
): PipelineStatus {
  const at = { generation: metadata.generation, now: deps.now().toISOString() };
  const requested = metadata.annotations?.[RECONCILE_REQUESTED_AT];
  return {
    ...status,
    observedGeneration: metadata.generation,
    ...(requested !== undefined && { lastHandledReconcileAt: requested }),
    conditions: nextConditions(status.conditions ?? [], wanted, at),
  };
}
