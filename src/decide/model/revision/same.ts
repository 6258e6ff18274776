import { pairsOf, partsOf, setOf, WHOLE } from './set.ts';
import { parseRevision, type Revision } from './value.ts';
import { compareVersions, repeatsDigest, splitBuild, versionOrder } from './version.ts';

/**
 * Two relations, as "the same" is not transitive: `6.5.1` is the same as `6.5.1@sha256:A` and as `6.5.1@sha256:B`,
 * which differ.
 */

/**
 * True if an environment that has `there` needs `wanted`: the commits or the digests differ if both are known, else the
 * versions. Build metadata counts, unless it is the start of a known digest. A set is needed if one of its artifacts
 * is.
 */
export function isNeeded(wanted: string, there: string): boolean {
  if (wanted === there) return false;
  const both = pairsOf(wanted, there);
  return both ? both.some(([one, other]) => isOneNeeded(one, other)) : isOneNeeded(wanted, there);
}

function isOneNeeded(wanted: string, there: string): boolean {
  if (wanted === there) return false;
  // Neither has a digest or a commit, as in most Pipelines: different texts are different revisions.
  if (!wanted.includes(':') && !there.includes(':')) return true;
  const [one, other] = [parseRevision(wanted), parseRevision(there)];
  if (one.commit !== undefined && other.commit !== undefined) return one.commit !== other.commit;
  if (one.digest !== undefined && other.digest !== undefined) return one.digest !== other.digest;
  if (!isPinned(one) && !isPinned(other)) return true;
  return !isVersion(one, other, isBuild);
}

/** True for two spellings of one revision, as far as their details show. */
export function isSame(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return !isNeeded(one, other);
}

/**
 * True if `wanted` has arrived in an environment that runs `runs`: it is the same, or, if the change that was made for
 * it names no digest, the same version, whichever digest another registry gives it. `byVersion` names the artifacts of
 * a set that are compared so.
 */
export function hasArrived(
  runs: string | undefined,
  wanted: string,
  byVersion: readonly string[] = [],
): boolean {
  if (runs === undefined) return false;
  const both = pairsOf(runs, wanted) ?? [[runs, wanted, WHOLE] as const];
  return both.every(([one, other, artifact]) => {
    if (!isOneNeeded(other, one)) return true;
    return byVersion.includes(artifact) && isVersionOrTag(parseRevision(one), parseRevision(other));
  });
}

/** The spelling with the most details among several of one revision. */
export function fullestOf(revisions: readonly (string | undefined)[]): string | undefined {
  let fullest: string | undefined;
  for (const one of revisions) {
    if (one !== undefined) fullest = fullest === undefined ? one : fuller(fullest, one);
  }
  return fullest;
}

function fuller(one: string, other: string): string {
  const both = pairsOf(one, other);
  if (!both) return fullness(other) > fullness(one) ? other : one;
  return setOf(both.map(([a, b, artifact]) => ({ artifact, revision: fullness(b) > fullness(a) ? b : a })));
}

function fullness(revision: string): number {
  const value = parseRevision(revision);
  return Number(isPinned(value)) * 2 + Number(value.name !== undefined);
}

/** The artifacts whose revision has a digest or a commit, with it; without artifacts the key is `revision`. */
export function pinsOf(revision: string): ReadonlyMap<string, string> {
  const pins = new Map<string, string>();
  for (const part of partsOf(revision)) {
    const { digest, commit } = parseRevision(part.revision);
    const pin = digest ?? commit;
    if (pin !== undefined) pins.set(part.artifact, pin);
  }
  return pins;
}

function isPinned({ digest, commit }: Revision): boolean {
  return digest !== undefined || commit !== undefined;
}

/** A tag that is not a version, such as that of a build, identifies a revision as a version does; a branch does not. */
function isVersionOrTag(one: Revision, other: Revision): boolean {
  const isTag = one.commit === undefined && other.commit === undefined && one.tag !== undefined;
  return isVersion(one, other, isTracked) || (isTag && one.tag === other.tag);
}

type Ignored = (build: string | undefined, digest: string | undefined) => boolean;

function isVersion(one: Revision, other: Revision, ignored: Ignored): boolean {
  const [[a, oneBuild], [b, otherBuild]] = [splitBuild(one.version ?? ''), splitBuild(other.version ?? '')];
  const [first, second] = [versionOrder(a), versionOrder(b)];
  if (!first || !second || compareVersions(first, second) !== 0) return false;
  return oneBuild === otherBuild || ignored(oneBuild, other.digest) || ignored(otherBuild, one.digest);
}

function isBuild(build: string | undefined, digest: string | undefined): boolean {
  return repeatsDigest(build, digest);
}

/** helm-controller writes the start of a digest there, be it another registry's. */
function isTracked(build: string | undefined): boolean {
  return build !== undefined && /^[0-9a-f]{12}$/.test(build);
}
