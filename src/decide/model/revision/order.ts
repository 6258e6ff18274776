import type { SemVer } from 'semver';
import { membersOf, pairsOf } from './set.ts';
import { parseRevision } from './value.ts';
import { compareVersions, type VersionOrder, versionOrder } from './version.ts';

/** The order of revisions goes by their versions, `v`, digest and commit apart. What has no version is in no order. */

function orderOf(revision: string | undefined): VersionOrder | undefined {
  const { version } = parseRevision(revision ?? '');
  return version === undefined ? undefined : versionOrder(version);
}

/** Whether `revision` is older than `other`; only versions can be. Of two sets: when one of it is. */
export function isOlder(revision: string, other: string): boolean {
  const both = pairsOf(revision, other);
  return both ? both.some(([one, two]) => isOneOlder(one, two)) : isOneOlder(revision, other);
}

function isOneOlder(revision: string, other: string): boolean {
  const [one, two] = [orderOf(revision), orderOf(other)];
  return one !== undefined && two !== undefined && compareVersions(one, two) < 0;
}

/** Whether one of them can be older than the other; of two sets, whether each artifact's can, or is the same in both. */
export function isComparable(revision: string, other: string): boolean {
  const both = pairsOf(revision, other) ?? [[revision, other] as const];
  return both.every(
    ([one, two]) => one === two || (orderOf(one) !== undefined && orderOf(two) !== undefined),
  );
}

/** Whether it has a place in the order; of two sets each may be older than the other. */
export function isOrdered(revision: string): boolean {
  return membersOf(revision) === undefined && orderOf(revision) !== undefined;
}

/** The newest first; what has no version stays behind, in the order that it came in. */
export function newestFirst(revisions: readonly string[]): string[] {
  return revisions.toSorted((a, b) => {
    const [one, two] = [orderOf(a), orderOf(b)];
    if (one && two) return compareVersions(two, one);
    return Number(two !== undefined) - Number(one !== undefined);
  });
}

/** The version in it, for ranges of versions; a date is one too, without its leading zeros. */
export function semverOf(revision: string): SemVer | undefined {
  return orderOf(revision)?.semver;
}
