/** The revision of a Pipeline with artifacts: all of theirs in one text, such as `chart=6.5.0,image=1.9.2`. */

/** The revision of one artifact in a set. */
export interface Member {
  readonly artifact: string;
  readonly revision: string;
}

const SET = /^[a-z][-a-z0-9]{0,31}=[^,=]+(,[a-z][-a-z0-9]{0,31}=[^,=]+){0,31}$/;

/** The artifact name of a revision that is not a set; no artifact may have this name. */
export const WHOLE = 'revision';

/** Each artifact and its revision; a revision that is not a set is its only member. */
export function partsOf(revision: string): readonly Member[] {
  return membersOf(revision) ?? [{ artifact: WHOLE, revision }];
}

/** Undefined: it is one revision and no set. */
export function membersOf(revision: string): readonly Member[] | undefined {
  if (!revision.includes('=') || !SET.test(revision)) return undefined;
  return revision.split(',').map((text) => {
    const at = text.indexOf('=');
    return { artifact: text.slice(0, at), revision: text.slice(at + 1) };
  });
}

export function setOf(members: readonly Member[]): string {
  return members.map(({ artifact, revision }) => `${artifact}=${revision}`).join(',');
}

/** True if a revision can be a member of a set, and is not a set itself. */
export function isUnmistakable(revision: string): boolean {
  return !/[,=]/.test(revision);
}

/** The set with another text for each revision in it; of one revision that text alone. */
export function mapMembers(revision: string, map: (revision: string, artifact?: string) => string): string {
  const members = membersOf(revision);
  if (!members) return map(revision);
  return setOf(members.map((one) => ({ ...one, revision: map(one.revision, one.artifact) })));
}

/** The artifact's revision in the set; a revision that is not a set stands for itself. */
export function memberRevision(revision: string, artifact: string | undefined): string {
  return (artifact !== undefined && memberOf(revision, artifact)) || revision;
}

/** The artifact's revision in the set; undefined: it has none. */
export function memberOf(revision: string, artifact: string): string | undefined {
  return membersOf(revision)?.find((one) => one.artifact === artifact)?.revision;
}

/** An artifact with its revision in each of two sets. */
export type Pair = readonly [one: string, other: string, artifact: string];

/** Returns undefined if one of them is not a set, or has other artifacts. */
export function pairsOf(one: string, other: string): readonly Pair[] | undefined {
  if (!one.includes('=') || !other.includes('=')) return undefined;
  const [first, second] = [membersOf(one), membersOf(other)];
  if (!first || !second || first.length !== second.length) return undefined;
  const pairs: Pair[] = [];
  for (const { artifact, revision } of first) {
    const match = second.find((member) => member.artifact === artifact);
    if (!match) return undefined;
    pairs.push([revision, match.revision, artifact]);
  }
  return pairs;
}
