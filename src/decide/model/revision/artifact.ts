import { OCI_TAG, parseRevision } from './value.ts';
import { DIGEST_DIGITS, splitBuild, withoutDigest } from './version.ts';

/** Charts from OCI registries: helm-controller reports their version and their digest separately. */

/** Both spellings and a tag take no more room in a Pipeline's status than one revision that is as long as it may be. */
const MAX_VERSION = 100;
const MAX_DIGEST = 140;

/** Details that Flux's own revision leaves out. */
export interface RevisionDetails {
  /** Absent if the revision is in its full form already. */
  readonly fullRevision?: string;
  /** The chart's tag in its registry. */
  readonly tag?: string;
}

/**
 * Adds the digest of the artifact, which is `ociDigest` in a HelmRelease's history and `oci-digest` in events:
 * `6.5.1+0c1d2e3f4a5b` becomes `6.5.1@sha256:0c1d2e3f4a5b…`. A tag that is not a version precedes the digest in
 * `artifact`: `latest@sha256:…`.
 */
export function withArtifact(revision: string, artifact: string | undefined): RevisionDetails {
  if (artifact === undefined) return {};
  const { digest, tag } = parseRevision(artifact);
  const own = parseRevision(revision);
  if (digest === undefined || revision.length > MAX_VERSION || digest.length > MAX_DIGEST) return {};
  if (own.digest !== undefined || own.commit !== undefined) return {};
  const fullRevision = `${withoutDigest(revision, digest)}@${digest}`;
  return { fullRevision, ...(tag !== undefined && { tag }) };
}

/**
 * Drops the build metadata that Flux adds to a chart which it builds for other values files, or for each revision of
 * its source: it counts per cluster, and no registry has it.
 */
export function withoutBuild(revision: string): RevisionDetails {
  const [core, build] = splitBuild(revision);
  return build === undefined || revision.length > MAX_VERSION ? {} : { fullRevision: core };
}

/**
 * The spelling whose parts are written for a chart's `revision`: the text before its digest is a version, not a tag.
 */
export function asChart(revision: string, tag: string | undefined): string {
  const { name, version, digest } = parseRevision(revision);
  const hex = digest?.slice(digest.indexOf(':') + 1) ?? '';
  if (name === undefined || version === undefined || hex.length < DIGEST_DIGITS) return revision;
  const chart = name.includes('+') ? name : `${name}+${hex.slice(0, DIGEST_DIGITS)}`;
  return `${chart}${tag !== undefined && OCI_TAG.test(tag) ? `@${tag}` : ''}@${digest}`;
}
