import { parse, type SemVer } from 'semver';

/** Versions, as far as they can be put into an order: semantic ones, and dates. */

/** `v1.2.3` and `1.2.3` are one version. */
export function plainVersion(name: string): string {
  return name.replace(/^v(?=\d)/, '');
}

/** A version's place in the order; `rest` is a date's fourth number. */
export interface VersionOrder {
  readonly semver: SemVer;
  readonly rest: number;
}

/**
 * `2024.01.15`, `2024.01`, `2024.01.15.2`, `2024.01.15-rc.1`: leading zeros or the number of parts keep them from being
 * semantic versions.
 */
const DATE = /^(\d{4})\.(\d{1,8})(?:\.(\d{1,8}))?(?:\.(\d{1,8}))?(-[\da-z.-]{1,64})?$/i;

/** Returns undefined for a text that is neither a semantic version nor a date. */
export function versionOrder(version: string): VersionOrder | undefined {
  // Branches and words are frequent, and the full parse is slow to reject them.
  if (!/^\s*v?\d/.test(version)) return undefined;
  const semver = parse(plainVersion(version));
  if (semver) return { semver, rest: 0 };
  const [, year, month, day = '0', rest = '0', label = ''] = DATE.exec(plainVersion(version)) ?? [];
  const date = year && parse(`${Number(year)}.${Number(month)}.${Number(day)}${label}`);
  return date ? { semver: date, rest: Number(rest) } : undefined;
}

/** Build metadata does not count. */
export function compareVersions(one: VersionOrder, other: VersionOrder): number {
  return one.semver.compare(other.semver) || one.rest - other.rest;
}

/** The version without its build metadata, and the build metadata. */
export function splitBuild(version: string): readonly [core: string, build: string | undefined] {
  const at = version.indexOf('+');
  return at < 0 ? [version, undefined] : [version.slice(0, at), version.slice(at + 1)];
}

/** The number of digits of an artifact's digest that helm-controller adds to a chart's version. */
export const DIGEST_DIGITS = 12;

/** True if build metadata is the start of the digest: `0c1d2e3f4a5b` of `sha256:0c1d2e3f4a5b…`. */
export function repeatsDigest(build: string | undefined, digest: string | undefined): boolean {
  const hex = digest?.slice(digest.indexOf(':') + 1);
  return build?.length === DIGEST_DIGITS && hex !== undefined && hex.startsWith(build);
}

/** The version without build metadata that only repeats the digest. */
export function withoutDigest(version: string, digest: string | undefined): string {
  const [core, build] = splitBuild(version);
  return repeatsDigest(build, digest) ? core : version;
}
