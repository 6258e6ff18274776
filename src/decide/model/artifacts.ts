import type { PipelineSpec } from '../../api/pipeline.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import { mapMembers, memberOf } from './revision.ts';
import { type RevisionPath, specPath } from './revision-path.ts';

/** The source of a revision in the application object: one for the whole, or one for each artifact. */
export interface Source {
  /** Undefined: there is only one. */
  readonly artifact?: string;
  /** Undefined: the revision that Flux reports. */
  readonly path?: RevisionPath;
  /** Key of events' metadata. */
  readonly event?: string;
  /** The field of the spec that names the source, for sentences. */
  readonly field: string;
}

type Spec = Pick<PipelineSpec, 'appRef' | 'revision' | 'artifacts'>;

/** Workloads have no revision but their images. */
const FIRST_IMAGE = specPath('.spec.template.spec.containers[0].image');
const FLUX: readonly Source[] = [{ field: 'spec.revision' }];

/** At least one. */
export function sourcesOf({ appRef, revision, artifacts }: Spec): readonly Source[] {
  const byDefault = isWorkload(appRef) ? FIRST_IMAGE : undefined;
  if (!artifacts && !revision && !byDefault) return FLUX;
  if (!artifacts) return [sourceOf('spec.revision', revision ?? {}, byDefault)];
  return artifacts.map(({ name, ...one }, index) => {
    return { artifact: name, ...sourceOf(`spec.artifacts[${index}]`, one, byDefault) };
  });
}

interface Written {
  readonly path?: string | undefined;
  readonly event?: string | undefined;
}

function sourceOf(field: string, written: Written, byDefault: RevisionPath | undefined): Source {
  const path = written.path === undefined ? byDefault : specPath(written.path);
  return { field, ...(path && { path }), ...(written.event !== undefined && { event: written.event }) };
}

/** The paths whose values are kept of the application. */
export function pathsOf(spec: Spec): readonly RevisionPath[] {
  return sourcesOf(spec).flatMap(({ path }) => path ?? []);
}

/** True if the promoted revision is the one that Flux reports, and nothing else. */
export function isFluxAlone(sources: readonly Source[]): boolean {
  return sources.every(({ artifact, path }) => artifact === undefined && path === undefined);
}

/** The part of the revision that Flux itself reports; undefined: none of it. */
export function ofFlux(revision: string, sources: readonly Source[]): string | undefined {
  const own = sources.find(({ path }) => path === undefined);
  if (!own) return undefined;
  return own.artifact === undefined ? revision : memberOf(revision, own.artifact);
}

/** The same revision with Flux's own part spelled otherwise. */
export function withFlux(
  revision: string,
  sources: readonly Source[],
  spell: (own: string) => string,
): string {
  const own = sources.find(({ path }) => path === undefined);
  if (!own) return revision;
  return mapMembers(revision, (text, artifact) => (artifact === own.artifact ? spell(text) : text));
}

/** Deployments, StatefulSets and DaemonSets, which have no Ready condition. */
export function isWorkload({ apiVersion, kind }: Pick<Spec['appRef'], 'apiVersion' | 'kind'>): boolean {
  return groupOf(apiVersion) === 'apps' && WORKLOADS.includes(kind);
}

const WORKLOADS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

/**
 * The origin of the revisions in the status; undefined: Flux's own revision. With another origin the status starts
 * over.
 */
export function originOf(spec: Spec): string | undefined {
  const sources = sourcesOf(spec);
  if (isFluxAlone(sources)) return undefined;
  return sources
    .map(({ artifact, path }) => `${artifact === undefined ? '' : `${artifact}=`}${path?.text ?? ''}`)
    .join(',');
}
