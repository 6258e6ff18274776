import { parse, rcompare, type SemVer } from 'semver';
import type { FileEdit } from '../api/change.ts';
import type { EnvironmentStatus } from '../api/pipeline.ts';

function version(revision: string | undefined): SemVer | undefined {
  return (revision && parse(plainVersion(revision))) || undefined;
}

/** `v1.2.3` and `1.2.3` are one version. */
export function plainVersion(revision: string): string {
  return revision.replace(/^v(?=\d)/, '');
}

/** Whether `revision` is older than `other`; only semantic versions can be. */
export function isOlder(revision: string, other: string): boolean {
  const a = version(revision);
  const b = version(other);
  return a !== undefined && b !== undefined && a.compare(b) < 0;
}

/** Whether all targets of the environment run newer semantic versions. */
export function isNewerThere(revision: string, { targets = [] }: EnvironmentStatus): boolean {
  return (
    targets.length > 0 && targets.every((target) => target.revision && isOlder(revision, target.revision))
  );
}

/** The newest semantic version that a target of the environment runs, when it is newer than `revision`. */
export function newerThere(revision: string, state: EnvironmentStatus): string | undefined {
  const newer = (state.targets ?? []).flatMap((target) =>
    target.revision && isOlder(revision, target.revision) ? [target.revision] : [],
  );
  return newer.sort((a, b) => rcompare(version(a) ?? a, version(b) ?? b))[0];
}

/** What a line of text, a header or a terminal may take for something else; no revision of Flux has it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether it is text that can be shown and written: no control characters, none that are not seen. */
export function isPrintable(revision: string): boolean {
  return !UNPRINTABLE.test(revision);
}

const LONG_DIGEST = /\b(?:sha1|sha256):([0-9a-f]{7})[0-9a-f]+$/;

/** For people: `main@sha1:0123456789…` becomes `main@0123456`. */
export function shortRevision(revision: string): string {
  return revision.replace(LONG_DIGEST, '$1');
}

/** What of a revision is written somewhere: all of it, what stands before its digest, or the digest alone. */
export type RevisionPart = NonNullable<FileEdit['value']>;

/** As the OCI image specification has it ("Digests"). */
const DIGEST = /^[a-z0-9][a-z0-9+._-]*:[A-Za-z0-9=_-]+$/;
/** What Flux reports for a source that is pinned to a digest. */
const DIGEST_ALONE = /^sha(?:1|256|384|512):[0-9a-f]{40,128}$/;
const MAX_SHOWN = 256;

/** `6.5.0@sha256:…` has a tag and a digest, `6.5.0` and `6.5.0+4f0c04b` a tag alone; undefined: it has no such part. */
export function revisionPart(revision: string, part: RevisionPart): string | undefined {
  switch (part) {
    case 'revision':
      return revision;
    case 'tag':
      return tagOf(revision);
    case 'digest':
      return digestOf(revision);
  }
}

function tagOf(revision: string): string | undefined {
  if (DIGEST_ALONE.test(revision)) return undefined;
  const at = revision.lastIndexOf('@');
  return (at < 0 ? revision : revision.slice(0, at)) || undefined;
}

function digestOf(revision: string): string | undefined {
  if (DIGEST_ALONE.test(revision)) return revision;
  const at = revision.lastIndexOf('@');
  const digest = revision.slice(at + 1);
  return at >= 0 && DIGEST.test(digest) ? digest : undefined;
}

/** `the revision "6.5.0" has no digest`. */
export function lacksPart(revision: string, part: RevisionPart): string {
  return `the revision ${JSON.stringify(revision.slice(0, MAX_SHOWN))} has no ${part}`;
}
