import type { PipelineStatus } from '../api/pipeline.ts';
import { ownValue, passageOf } from './state.ts';

/** What is remembered of merges that were not deployed yet. */

/** Whether the revision was merged for the environment, never ran there, and nothing was merged for it since. */
export function wasMergedLast(status: PipelineStatus, revision: string, environment: string): boolean {
  const { mergedAt, deployedAt } = passageOf(status, revision, environment);
  if (mergedAt === undefined || deployedAt !== undefined) return false;
  const others = (status.executions ?? []).filter((one) => one.revision !== revision);
  return others.every((one) => {
    const other = ownValue(one.environments, environment)?.mergedAt;
    return other === undefined || Date.parse(other) < Date.parse(mergedAt);
  });
}

/** A merge into a place that the spec does not promote to any more counts for nothing. */
export function withoutMerge(
  status: PipelineStatus,
  revision: string | undefined,
  environment: string,
): PipelineStatus {
  if (revision === undefined || !status.executions) return status;
  const executions = status.executions.map((one) => {
    const passage = ownValue(one.environments, environment);
    if (one.revision !== revision || !passage) return one;
    const { mergedAt: _, ...rest } = passage;
    return { ...one, environments: { ...one.environments, [environment]: rest } };
  });
  return { ...status, executions };
}
