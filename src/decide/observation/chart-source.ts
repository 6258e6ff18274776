import * as v from 'valibot';
import { parseRevision } from '../model/revision.ts';

/** The source of a HelmRelease's chart, and the tag of the chart there, which helm-controller does not report. */

/** An OCIRepository. */
export interface ChartSource {
  readonly namespace: string;
  readonly name: string;
}

/** The reference in a HelmRelease; its own namespace is the default. */
export interface NamedSource {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Parsing stops at the first fault, as another cluster's object may have a million. */
const FIRST = { abortEarly: true };
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const MAX_REVISION = 512;

const name = v.pipe(v.string(), v.regex(NAME));
const Release = v.object({
  spec: v.object({
    chartRef: v.object({ kind: v.literal('OCIRepository'), name, namespace: v.optional(name) }),
  }),
});

/** Undefined: its chart is from elsewhere. */
export function chartSource(release: unknown): NamedSource | undefined {
  const parsed = v.safeParse(Release, release, FIRST);
  if (!parsed.success) return undefined;
  const { name, namespace } = parsed.output.spec.chartRef;
  return { name, ...(namespace !== undefined && { namespace }) };
}

const Source = v.object({
  status: v.object({
    artifact: v.object({ revision: v.pipe(v.string(), v.maxLength(MAX_REVISION)) }),
  }),
});

/** The tag under which an OCIRepository has the artifact of this digest. */
export function chartTag(source: unknown, digest: string): string | undefined {
  const parsed = v.safeParse(Source, source, FIRST);
  if (!parsed.success) return undefined;
  const has = parseRevision(parsed.output.status.artifact.revision);
  return has.digest === digest ? has.tag : undefined;
}
