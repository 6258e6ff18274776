import * as v from 'valibot';
import {
  fullRevision,
  membersOf,
  parseRevision,
  type RevisionDetails,
  withArtifact,
  withoutBuild,
} from '../model/revision.ts';

/** The full form of a revision, by the digest and the source of a chart. */

/** Parsing stops at the first fault, as another cluster's object may have a million. */
const FIRST = { abortEarly: true };

const ChartOf = v.object({
  spec: v.object({
    chart: v.object({
      spec: v.object({ reconcileStrategy: v.optional(v.unknown()), valuesFiles: v.optional(v.unknown()) }),
    }),
  }),
});

/** Reports whether source-controller adds build metadata to the chart's version, which differs between clusters. */
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
  /** The kind's configured path names the revision. */
  readonly isElsewhere: boolean;
}

/** The forms of a revision that Flux reports beside it. */
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
