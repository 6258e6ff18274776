import { eventArtifact, eventRevision, type FluxEvent, metadataOf } from '../../../api/event.ts';
import type { PipelineSpec } from '../../../api/pipeline.ts';
import { isFluxAlone, type Source, sourcesOf } from '../../model/artifacts.ts';
import { isPrintable, isUnmistakable, type RevisionDetails, setOf } from '../../model/revision.ts';
import { revisionDetails } from '../full-revision.ts';
import { imageIn } from '../path-value.ts';

/** The revision of an event as Flux reports it, and the details that it leaves out. */
export interface EventRevision {
  readonly revision: string;
  readonly details: RevisionDetails;
}

const MAX_REVISION = 512;
const FLUX = { builtAnew: false, isElsewhere: false };

/** Returns a sentence if the event does not have it. */
export function revisionOfEvent(spec: PipelineSpec, event: FluxEvent): EventRevision | string {
  const sources = sourcesOf(spec);
  const parts: { readonly artifact: string | undefined; readonly said: EventRevision }[] = [];
  for (const source of sources) {
    const said = saidOf(source, event);
    if (typeof said === 'string') return said;
    parts.push({ artifact: source.artifact, said });
  }
  const [only] = parts;
  const reported = only?.artifact === undefined ? only?.said : joined(parts);
  if (reported === undefined) return 'The event has no revision.';
  const { fullRevision = '' } = reported.details;
  if (Math.max(reported.revision.length, fullRevision.length) > MAX_REVISION)
    return `The revision is longer than ${MAX_REVISION} characters.`;
  return reported;
}

function joined(parts: readonly { readonly artifact?: string | undefined; readonly said: EventRevision }[]) {
  const text = (spell: (said: EventRevision) => string) =>
    setOf(parts.map(({ artifact = '', said }) => ({ artifact, revision: spell(said) })));
  const revision = text((said) => said.revision);
  const full = text(({ details, ...said }) => details.fullRevision ?? said.revision);
  const tag = parts.flatMap(({ said }) => said.details.tag ?? [])[0];
  if (parts.some(({ said }) => !isUnmistakable(said.details.fullRevision ?? said.revision))) {
    return undefined;
  }
  return {
    revision,
    details: { ...(full !== revision && { fullRevision: full }), ...(tag !== undefined && { tag }) },
  };
}

function saidOf(source: Source, event: FluxEvent): EventRevision | string {
  if (source.path) return saidAt(source, event);
  const revision = eventRevision(event);
  if (!revision) return 'The event has no revision in its metadata.';
  if (revision.length > MAX_REVISION) return `The revision is longer than ${MAX_REVISION} characters.`;
  if (!isPrintable(revision)) {
    return 'The revision has control or invisible characters: send it without them.';
  }
  return { revision, details: revisionDetails(revision, eventArtifact(event), FLUX) };
}

function saidAt({ event: key, field, path }: Source, event: FluxEvent): EventRevision | string {
  if (key === undefined) {
    return `The value of the application at ${path?.text} cannot be read, and ${field}.event does not say which key of the event's metadata has it: set ${field}.event, and annotate the application with event.toolkit.fluxcd.io/<key>.`;
  }
  const text = metadataOf(event, key);
  if (text === undefined) {
    return `The event has no ${key} in its metadata, which ${field}.event names: annotate the application with event.toolkit.fluxcd.io/${key}, or set it in eventMetadata of the Alert.`;
  }
  const found = imageIn(text);
  if ('value' in found) return { revision: found.value, details: {} };
  return `The value of ${key} in the event's metadata is not a version, tag, digest, commit or image.`;
}

/** True if the application itself shows the running revision: events are hints while it can be read. */
export function isReadFromSpec(spec: PipelineSpec): boolean {
  return !isFluxAlone(sourcesOf(spec));
}
