import type { EditedText } from '../../src/lib/yaml/edit.ts';
import { type Leaf, leavesOf } from './yaml-leaves.ts';

/**
 * Compares all scalars, keys too, and all that stands between them. Throws when one that changed has none of
 * the values, or when something else changed.
 */
export function checkEdited(text: string, result: EditedText, values: readonly string[]): void {
  const [before, after] = [leavesOf(text), leavesOf(result.text)];
  if (before.length !== after.length) throw new Error(`${before.length} scalars became ${after.length}`);
  const changed = new Set<number>();
  for (const [index, old] of before.entries()) {
    const now = after[index] ?? old;
    if (text.slice(old.start, old.end) === result.text.slice(now.start, now.end)) continue;
    changed.add(index);
    if (!values.some((value) => isSet(now, value) || isImageOf(old, now, value)))
      throw new Error(`a scalar became ${JSON.stringify(now.value)}`);
  }
  if (changed.size !== result.edits.length)
    throw new Error(`${result.edits.length} edits, ${changed.size} changes`);
  const [was, is] = [frame(text, before, changed), frame(result.text, after, changed)];
  if (was !== is) throw new Error(`other bytes changed: ${JSON.stringify(was)} to ${JSON.stringify(is)}`);
}

function isSet(leaf: Leaf, value: string): boolean {
  return leaf.value === value || (leaf.isBlock && String(leaf.value).trimEnd() === value);
}

/** A reference to an image keeps its repository. */
function isImageOf(old: Leaf, now: Leaf, value: string): boolean {
  const [was, is] = [String(old.value), String(now.value)];
  const repository = is.slice(0, -value.length);
  return is.endsWith(value) && /[:@]$/.test(repository) && was.startsWith(repository.slice(0, -1));
}

/**
 * The text with a NUL for each changed scalar. Blanks around it and behind its comment are left out: an empty
 * scalar gets some, and the blank lines that end a block belong to the scalar or not by its header.
 */
function frame(text: string, leaves: readonly Leaf[], changed: ReadonlySet<number>): string {
  const parts: string[] = [];
  let at = 0;
  for (const [index, leaf] of leaves.entries()) {
    if (!changed.has(index)) continue;
    const [, comment = ''] = /^[|>][-+0-9]*([^\r\n]*)/.exec(text.slice(leaf.start, leaf.end)) ?? [];
    parts.push(text.slice(at, leaf.start), '\0', leaf.isBlock ? `${comment}\n` : '');
    at = leaf.end;
  }
  return (parts.join('') + text.slice(at)).replaceAll(/\s*\0[ \t]*(#[^\r\n]*)?\s*/g, '\0$1\0');
}
