import type { EnvironmentStatus } from '../../../api/pipeline.ts';
import { isOlder, newestFirst } from './order.ts';

/** Revisions that are recorded. */

/** A target, a deployment, or an observed application. */
export interface Recorded {
  readonly revision?: string | undefined;
  readonly fullRevision?: string | undefined;
}

/** The full form of a recorded revision; `revision` alone is as Flux reports it. */
export function revisionOf({ fullRevision, revision }: Recorded): string | undefined {
  return fullRevision ?? revision;
}

/** True if all targets of the environment run newer versions. */
export function isNewerThere(revision: string, { targets = [] }: EnvironmentStatus): boolean {
  return targets.length > 0 && targets.every((target) => isOlder(revision, revisionOf(target) ?? ''));
}

/** The newest version that a target of the environment runs, if it is newer than `revision`. */
export function newerThere(revision: string, { targets = [] }: EnvironmentStatus): string | undefined {
  const runs = targets.flatMap((target) => revisionOf(target) ?? []);
  return newestFirst(runs.filter((one) => isOlder(revision, one)))[0];
}
