import { Range, type SemVer, satisfies } from 'semver';

/**
 * Ranges of semantic versions as npm writes them, and as Flux does (github.com/Masterminds/semver): parts with commas
 * between them, `!=1.5.0`, and `=>` and `=<` for `>=` and `<=`. Prereleases have npm's semantics in both.
 */

interface Alternative {
  readonly range: Range;
  /** The ranges that `!=` excludes. */
  readonly except: readonly Range[];
}

export type VersionRange = readonly Alternative[];

/** Returns undefined if the text is not a range. */
export function parseVersionRange(text: string): VersionRange | undefined {
  try {
    return text.split('||').map(alternative);
  } catch {
    return undefined;
  }
}

export function isInRange(version: SemVer | string, range: VersionRange): boolean {
  return range.some(({ range: own, except }) => {
    return satisfies(version, own) && !except.some((one) => satisfies(version, one));
  });
}

const NOT = /!=\s*([^\s,]+)/g;

/** @throws TypeError if the text is not a range */
function alternative(text: string): Alternative {
  const except = [...text.matchAll(NOT)].map(([, version = '']) => new Range(version));
  const parts = text.replaceAll('=>', '>=').replaceAll('=<', '<=').split(',');
  // npm does not have the comma; a part such as "1.2 - 1.4" stands for several comparators.
  const joined = parts.map((part) => partOf(part, parts.length > 1)).join(' ');
  return { range: new Range(joined), except };
}

function partOf(part: string, isOneOfSeveral: boolean): string {
  if (isOneOfSeveral && part.trim() === '') throw new TypeError('A comma must separate two ranges.');
  return new Range(part.replace(NOT, ' ')).range;
}
