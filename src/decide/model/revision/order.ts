import type { SemVer } from 'semver';
import { membersOf, pairsOf } from './set.ts';
import { parseRevision } from './value.ts';
import { compareVersions, type VersionOrder, versionOrder } from './version.ts';

/**
 * Revisions are ordered by their versions; `v`, digest and commit do not count. A revision without a version has no
 * place.
 */

function orderOf(revision: string | undefined): VersionOrder | undefined {
  const { version } = parseRevision(revision ?? '');
  return version === undefined ? undefined : versionOrder(version);
}

/** True if `revision` is older than `other`; only versions can be. A set is older if one of its artifacts is. */
export function isOlder(revision: string, other: string): boolean {
  const both = pairsOf(revision, other);
  return both ? both.some(([one, two]) => isOneOlder(one, two)) : isOneOlder(revision, other);
}

function isOneOlder(revision: string, other: string): boolean {
  const [one, two] = [orderOf(revision), orderOf(other)];
  return one !== undefined && two !== undefined && compareVersions(one, two) < 0;
}

/** True if one of the two can be older than the other; for sets, if each artifact can be, or is the same in both. */
export function isComparable(revision: string, other: string): boolean {
  const both = pairsOf(revision, other) ?? [[revision, other] as const];
  return both.every(
    ([one, two]) => one === two || (orderOf(one) !== undefined && orderOf(two) !== undefined),
  );
}

/** True if the revision has a place in the order; of two sets each may be older than the other. */
export function isOrdered(revision: string): boolean {
  return membersOf(revision) === undefined && orderOf(revision) !== undefined;
}

/** Sorts the newest first; revisions without a version follow in their original order. */
export function newestFirst(revisions: readonly string[]): string[] {
  return revisions.toSorted((a, b) => {
    const [one, two] = [orderOf(a), orderOf(b)];
    if (one && two) return compareVersions(two, one);
    return Number(two !== undefined) - Number(one !== undefined);
  });
}

/** The version in the revision, for ranges of versions; a date is one too, without its leading zeros. */
export function semverOf(revision: string): SemVer | undefined {
  return orderOf(revision)?.semver;
}
