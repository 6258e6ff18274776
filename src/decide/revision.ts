import { parse, rcompare, type SemVer } from 'semver';
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

/** The newest semantic version that a target of the environment runs, when it is newer than `revision`. */
export function newerThere(revision: string, state: EnvironmentStatus): string | undefined {
  const newer = (state.targets ?? []).flatMap((target) =>
    target.revision && isOlder(revision, target.revision) ? [target.revision] : [],
  );
  return newer.sort((a, b) => rcompare(version(a) ?? a, version(b) ?? b))[0];
}

const LONG_DIGEST = /\b(?:sha1|sha256):([0-9a-f]{7})[0-9a-f]+$/;

/** For people: `main@sha1:0123456789…` becomes `main@0123456`. */
export function shortRevision(revision: string): string {
  return revision.replace(LONG_DIGEST, '$1');
}
