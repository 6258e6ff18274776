import { hasControls } from '../../../lib/text/index.ts';
import { membersOf } from './set.ts';
import { parseRevision } from './value.ts';

/** Revisions for people. */

const DIGITS = 7;
/** A line with more of them is not read. */
const LONG_HEX = /[0-9a-f]{64,}/gi;

/** A revision in short, in its two pieces. */
export interface Shown {
  readonly name: string;
  /** `sha256:0c1d98b`; a commit is in the name. */
  readonly digest?: string;
}

/** In short: `6.5.1`, `6.5.1 (sha256:0c1d98b)`, `main@9a8b7c6`, `chart 6.5.0, image 1.9.2`. */
export function shortRevision(revision: string): string {
  const { name, digest } = shownRevision(revision);
  return digest === undefined ? name : `${name} (${digest})`;
}

export function shownRevision(revision: string): Shown {
  const members = membersOf(revision);
  if (members) {
    return { name: members.map((one) => `${one.artifact} ${shortRevision(one.revision)}`).join(', ') };
  }
  const { name, version, digest, commit } = parseRevision(revision);
  if (commit !== undefined && commit.length > DIGITS) {
    const short = commit.slice(0, DIGITS);
    return { name: cutHex(name === undefined ? short : `${name}@${short}`) };
  }
  if (digest === undefined) return { name: cutHex(revision) };
  const short = cutHex(shortDigest(digest));
  if (name === undefined) return { name: short };
  // Build metadata of a chart's version repeats its digest.
  return { name: cutHex(name.includes('+') ? (version ?? name) : name), digest: short };
}

function shortDigest(digest: string): string {
  const at = digest.indexOf(':') + 1;
  return digest.slice(0, at + DIGITS);
}

function cutHex(text: string): string {
  return text.replaceAll(LONG_HEX, (hex) => hex.slice(0, DIGITS));
}

/**
 * True if the revision can be shown and written. Flux's revisions have no characters that a line of text, a header or a
 * terminal takes for something else.
 */
export function isPrintable(revision: string): boolean {
  return !hasControls(revision) && revision.isWellFormed();
}
