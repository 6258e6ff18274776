import type { MergedInto, PipelineStatus, PromotionStatus } from '../../api/pipeline.ts';
import { isSameRepository } from '../../lib/forges/pure.ts';
import { wholeSeconds } from '../../lib/text/index.ts';
import { entryOf, executionOf, ownValue } from './state.ts';

/** The record of merges that are not deployed yet. */

/** The place where the change of a promotion was merged, or is to be. */
export function mergePlace({ into, pullRequest }: PromotionStatus): MergedInto | undefined {
  const { repository, base } = pullRequest ?? {};
  return into ?? (repository && base !== undefined ? { url: repository.url, branch: base } : undefined);
}

export function isSamePlace(one: MergedInto, other: MergedInto): boolean {
  return isSameRepository(one.url, other.url) && one.branch === other.branch;
}

export interface Destination {
  readonly environment: string;
  /** The place that the spec promotes to at present; undefined: no repository that can be read. */
  readonly into: MergedInto | undefined;
}

/** True if the revision was merged for the environment, never ran there, and no other one was merged for it since. */
export function wasMergedLast(
  status: PipelineStatus,
  revision: string,
  { environment, into }: Destination,
): boolean {
  const { mergedAt, mergedInto, deployedAt } = entryOf(status, revision, environment);
  if (mergedAt === undefined || deployedAt !== undefined) return false;
  if (into && mergedInto && !isSamePlace(into, mergedInto)) return false;
  const own = executionOf(status.executions, revision);
  const others = (status.executions ?? []).filter((one) => one !== own);
  return others.every((one) => {
    const other = ownValue(one.environments, environment)?.mergedAt;
    return other === undefined || Date.parse(other) < Date.parse(mergedAt);
  });
}

/** Forgets a merge into a place that the spec does not promote to any more. */
export function withoutMerge(
  status: PipelineStatus,
  revision: string | undefined,
  environment: string,
): PipelineStatus {
  if (revision === undefined || !status.executions) return status;
  const own = executionOf(status.executions, revision);
  const executions = status.executions.map((one) => {
    const entry = ownValue(one.environments, environment);
    if (one !== own || !entry) return one;
    const { mergedAt: _, mergedInto: __, ...rest } = entry;
    return { ...one, environments: { ...one.environments, [environment]: rest } };
  });
  return { ...status, executions };
}

export interface Merge {
  readonly revision: string;
  readonly into: MergedInto | undefined;
}

/** Records the merge of the revision for the environment, also if another revision has the record meanwhile. */
export function withMerge(
  status: PipelineStatus,
  { revision, into }: Merge,
  { environment, now }: { readonly environment: string; readonly now: Date },
): PipelineStatus {
  const mergedAt = wholeSeconds(now.toISOString());
  const own = executionOf(status.executions, revision);
  const executions = status.executions?.map((one) => {
    if (one !== own) return one;
    const entry = {
      ...ownValue(one.environments, environment),
      mergedAt,
      ...(into && { mergedInto: into }),
    };
    return { ...one, environments: { ...one.environments, [environment]: entry } };
  });
  return executions ? { ...status, executions } : status;
}
