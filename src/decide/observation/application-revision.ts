import * as v from 'valibot';
import {
  fullRevision,
  membersOf,
  parseRevision,
  type RevisionDetails,
  withArtifact,
  withoutBuild,
} from '../model/revision.ts';

/** What a HelmRelease says of its chart beside the chart's version. */

/** Another cluster's object may be wrong at a million places. */
const FIRST = { abortEarly: true };

const ChartOf = v.object({
  spec: v.object({
    chart: v.object({
      spec: v.object({ reconcileStrategy: v.optional(v.unknown()), valuesFiles: v.optional(v.unknown()) }),
    }),
  }),
});

/** Whether source-controller puts build metadata behind the chart's version, which is another one on each cluster. */
export function isBuiltAnew(object: unknown): boolean {
  const parsed = v.safeParse(ChartOf, object, FIRST);
  if (!parsed.success) return false;
  const { reconcileStrategy, valuesFiles } = parsed.output.spec.chart.spec;
  return reconcileStrategy === 'Revision' || (Array.isArray(valuesFiles) && valuesFiles.length > 0);
}

function pinAlone(revision: string): string {
  const { name: _, ...pin } = parseRevision(revision);
  return fullRevision(pin) || revision;
}

interface Says {
  readonly builtAnew: boolean;
  /** The kind's configured path says the revision. */
  readonly isElsewhere: boolean;
}

/** What Flux says beside a revision. */
export function revisionDetails(
  revision: string | undefined,
  digest: string | undefined,
  says: Says,
): RevisionDetails {
  if (revision === undefined || says.isElsewhere) return {};
  // A branch such as `feature=1` would be read as an artifact.
  if (membersOf(revision)) return { fullRevision: pinAlone(revision) };
  return says.builtAnew ? withoutBuild(revision) : withArtifact(revision, digest);
}
