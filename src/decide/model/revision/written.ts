import { lacksPart, type RevisionPart, revisionPart } from './parts.ts';
import { membersOf } from './set.ts';

/** The part of the revision, or of one artifact's, that a marker or an entry of `files` asks for. */
export interface Asked {
  readonly artifact?: string | undefined;
  readonly part: RevisionPart;
}

/** The written text; or the reason for which there is none, as the rest of a sentence. */
export type Written = { readonly value: string } | { readonly reason: string };

export function writtenAs(revision: string, { artifact, part }: Asked): Written {
  const members = membersOf(revision);
  const names = members?.map((one) => one.artifact).join(' and ');
  if (!members && artifact !== undefined) {
    return { reason: `the Pipeline has no artifacts: leave ${artifact} out, or write spec.artifacts` };
  }
  if (members && artifact === undefined) {
    return { reason: `the Pipeline promotes ${names}: name the one that is meant` };
  }
  const own = members ? members.find((one) => one.artifact === artifact)?.revision : revision;
  if (own === undefined) return { reason: `the Pipeline has no artifact ${artifact}: it has ${names}` };
  const value = revisionPart(own, part);
  return value === undefined ? { reason: lacksPart(own, part) } : { value };
}
