import type { SourceText } from '../edit.ts';
import { type CommentPlace, commentMeaning, MARKER, mentionsKey } from './comment.ts';
import { indexAfter } from './locate.ts';
import type { Comment, ValueScalar } from './scan.ts';

/** Bounds of what is looked at outside of comments, and of how much of it is said. */
const MAX_LOOKED = 2_000;
const MAX_NAMED = 20;
const MAX_AROUND = 512;

/**
 * Sentences about markers of the key that YAML does not read as comments: they are meant, and nothing comes of them.
 * Looks for the word in the text alone and parses nothing.
 */
export function unseenMarkers(source: SourceText, key: string): string[] {
  const problems: string[] = [];
  let looked = 0;
  for (const at of outsideOfComments(source.text, source.scanned.comments)) {
    looked += 1;
    const reason = unseenReason(source, key, at);
    if (reason) problems.push(`Line ${source.lineOf(at)}: the marker is not used: ${reason}.`);
    if (looked === MAX_LOOKED || problems.length === MAX_NAMED) break;
  }
  return problems;
}

/** Offsets of the word outside of all comments, which are in the order of the text. */
function* outsideOfComments(text: string, comments: readonly Comment[]): Generator<number> {
  let index = 0;
  for (let at = text.indexOf(MARKER); at >= 0; at = text.indexOf(MARKER, at + 1)) {
    let comment = comments[index];
    while (comment && endOf(comment) <= at) {
      index += 1;
      comment = comments[index];
    }
    if (comment === undefined || at < comment.offset) yield at;
  }
}

function endOf({ offset, source }: Comment): number {
  return offset + source.length;
}

/** Why the word at `at` is no marker of the key, though it looks like one; else undefined. */
function unseenReason({ text, scanned }: SourceText, key: string, at: number): string | undefined {
  const before = lastLine(text.slice(Math.max(0, at - MAX_AROUND), at));
  const behind = firstLine(text.slice(at, at + MAX_AROUND));
  const start = commentStart(before);
  if (start < 0 || !mentionsKey(behind, key)) return undefined;
  const [ahead, sign] = [before.slice(0, start), before.slice(start)];
  const place: CommentPlace = ahead.trim() === '' ? 'own-line' : 'line-end';
  if (ahead.trimStart().startsWith('#') || commentMeaning(sign + behind, key, place).kind === 'other') {
    return undefined;
  }
  return reasonAt(scalarAround(scanned.scalars, at - sign.length), ahead);
}

/** Offset at which the comment would begin whose object ends the line; negative where it does not look like one. */
function commentStart(line: string): number {
  return line.search(/(?<!#)#+\s*\{[^#]*$/);
}

function reasonAt(scalar: ValueScalar | undefined, ahead: string): string {
  switch (scalar?.node.type) {
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return IN_BLOCK;
    case 'QUOTE_SINGLE':
    case 'QUOTE_DOUBLE':
      return IN_QUOTES;
    default:
      return glued(ahead);
  }
}

const IN_BLOCK =
  'it is in a block of text, where YAML has no comments; move what the block holds into fields, such as spec.values, or into a .yaml file for configMapGenerator or patches';
const IN_QUOTES = 'it is between quotes, where YAML has no comments; put it after the closing quote';
const NO_BLANK = 'there is no space before its #, so YAML does not read it as a comment; add one';
const ODD_BLANK = 'the character before its # looks like a space, but is not one to YAML; use a plain space';
const NO_COMMENT = 'YAML does not read it as a comment there; put it after the value that it is for';

function glued(ahead: string): string {
  const last = ahead.at(-1) ?? ' ';
  if (last === ' ' || last === '\t') return NO_COMMENT;
  return last.trim() === '' ? ODD_BLANK : NO_BLANK;
}

/** The scalar that the offset is inside of. */
function scalarAround(scalars: readonly ValueScalar[], offset: number): ValueScalar | undefined {
  const scalar = scalars[indexAfter(scalars, offset) - 1];
  return scalar && offset < scalar.end ? scalar : undefined;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line;
}
