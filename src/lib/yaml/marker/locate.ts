import type { Comment, ScannedText, ValueScalar } from './scan.ts';

/** The scalar that a marker comment stands at, or why there is none. */
export type Located = { readonly scalar: ValueScalar } | { readonly reason: string };

/**
 * A marker at the end of a line belongs to the scalar that ends there; a marker on a line of its own belongs
 * to the scalar of the entry on the next line, unless the comment is indented deeper: then it still is part
 * of what is above.
 */
export function locate(text: string, comment: Comment, scanned: ScannedText): Located {
  const before = lineBefore(text, comment);
  return before.trim() === ''
    ? ownLine(text, comment, { scanned, column: before.length })
    : lineEnd(text, comment, scanned.scalars);
}

/** The part of its line that stands in front of a comment. */
export function lineBefore(text: string, { offset }: Comment): string {
  return text.slice(text.lastIndexOf('\n', offset) + 1, offset);
}

function lineEnd(text: string, comment: Comment, scalars: readonly ValueScalar[]): Located {
  const next = indexAfter(scalars, comment.offset);
  const last = scalars[next - 1];
  if (last && standsBehind(text, last, comment.offset)) return { scalar: last };
  const first = scalars[next];
  if (first?.key && /^[ \t]*:[ \t]*$/.test(text.slice(first.key.end, comment.offset)))
    return { scalar: first };
  return {
    reason: 'no scalar ends before it on its line; put it after the value that it is for',
  };
}

/** The index of the first scalar that starts behind `offset`; an empty one at `offset` is in front of it. */
export function indexAfter(scalars: readonly ValueScalar[], offset: number): number {
  let [low, high] = [0, scalars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((scalars[middle]?.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A block scalar ends behind the comment in its header, so that nothing stands between them. */
function standsBehind(text: string, { end }: ValueScalar, offset: number): boolean {
  return /^[ \t]*(,[ \t]*)?$/.test(text.slice(end, offset));
}

function ownLine(text: string, comment: Comment, at: { scanned: ScannedText; column: number }): Located {
  const lineBreak = text.indexOf('\n', comment.offset);
  const line = lineBreak < 0 ? '' : text.slice(lineBreak + 1, lineBreak + 1025);
  const [, indent = '', item = ''] = /^([ \t]*)(-[ \t]+(?:[&!]\S*[ \t]+)*)?/.exec(line) ?? [];
  const rest = line.slice(indent.length);
  if (/^(\r?\n|$|#)/.test(rest) || at.column > indent.length) {
    return { reason: 'no entry follows it on the next line; put it at the end of the line of the value' };
  }
  const start = lineBreak + 1 + indent.length + item.length;
  const scalar = at.scanned.scalars.find((one) => startsAt(one, start, item !== ''));
  if (scalar) return { scalar };
  return {
    reason: 'the entry on the next line has no scalar as its value; put it next to the value that it is for',
  };
}

/** A list item that is a mapping also starts with a key, but the marker above it does not mean that key. */
function startsAt(scalar: ValueScalar, offset: number, isItem: boolean): boolean {
  if (scalar.key === undefined) return scalar.start === offset;
  return !isItem && scalar.key.start === offset;
}
