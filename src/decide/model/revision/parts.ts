import type { FileEdit } from '../../../api/change.ts';
import { cut } from '../../../lib/text/index.ts';
import { shortRevision } from './shown.ts';
import { parseRevision } from './value.ts';
import { splitBuild } from './version.ts';

/** The part of a revision that is written into a file: all of it, or one of its parts. */
export type RevisionPart = NonNullable<FileEdit['value']>;

const MAX_SHOWN = 256;

/** Undefined: the revision does not have the part for certain. */
export function revisionPart(revision: string, part: RevisionPart): string | undefined {
  const { name, tag, digest, commit, version } = parseRevision(revision);
  switch (part) {
    case 'revision':
      // Flux writes a chart's version alone.
      return digest !== undefined && name?.includes('+') ? (version ?? revision) : revision;
    case 'tag':
      return tag;
    case 'digest':
      return digest ?? (commit === undefined ? undefined : `sha1:${commit}`);
    case 'commit':
      return commit;
    case 'version':
      return isCertain(version, digest) ? version : undefined;
  }
}

/** True if build metadata is the chart's own, and not added by Flux from a digest or a commit. */
function isCertain(version: string | undefined, digest: string | undefined): boolean {
  const [, build = ''] = splitBuild(version ?? '');
  return digest !== undefined || !/^[0-9a-f]{12}(\.\d+)?$/.test(build);
}

/** The reason for which it is not written: `the revision "6.5.0" has no digest`. */
export function lacksPart(revision: string, part: RevisionPart): string {
  const the = `the revision ${JSON.stringify(cut(shortRevision(revision), MAX_SHOWN))}`;
  const { version } = parseRevision(revision);
  if (version === undefined) return `${the} has no ${part}`;
  if (part === 'version')
    return `${the} has build metadata that may be part of a digest, so its version is uncertain`;
  if (part === 'tag') return `${the} does not say which tag the registry has for it`;
  return `${the} has no ${part}`;
}
