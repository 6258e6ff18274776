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

/** The revision was found to be merged for the environment, also where another one has the record by now. */
export function withMerge(
  status: PipelineStatus,
  revision: string,
  { environment, now }: { readonly environment: string; readonly now: Date },
): PipelineStatus {
  const mergedAt = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const executions = status.executions?.map((one) => {
    if (one.revision !== revision) return one;
    const passage = { ...ownValue(one.environments, environment), mergedAt };
    return { ...one, environments: { ...one.environments, [environment]: passage } };
  });
  return executions ? { ...status, executions } : status;
}
