import type { FieldPart, FieldPath } from '../text/index.ts';
import { type EditedText, editText, type Finder, type SourceText } from './edit.ts';
import { resolveField } from './field/resolve.ts';
import { type Becomes, type Standing, standing } from './standing.ts';

/** Bound of one field in one file. */
const MAX_SCALARS = 1_000;
const MAX_PROBLEMS = 20;

/**
 * Sets the field to `value` in every document of `text` that has it, and changes no other byte. `marked` is
 * 0 and nothing is a problem when no document has it. Never throws: what cannot be done is a problem.
 */
export function editField(text: string, path: FieldPath, value: string): EditedText {
  if (!mentionsField(text, path)) return { text, edits: [], marked: 0, problems: [] };
  const { findings: _, ...edited } = editText(text, [fieldFinder(path, () => ({ value }))]);
  return edited;
}

/** Finds what stands at the path; `becomes` says what each is set to. */
export function fieldFinder(path: FieldPath, becomes: (standing: Standing) => Becomes): Finder {
  return (source) => {
    const { scanned, lineOf } = source;
    const resolved = scanned.contents.map((contents) => resolveField(contents, path));
    const nodes = new Set(resolved.flatMap(({ scalars }) => scalars));
    if (nodes.size > MAX_SCALARS) {
      const problem = `The file has the field ${path.text} more than ${MAX_SCALARS} times; none is set.`;
      return { targets: [], problems: [problem] };
    }
    const found = scanned.scalars.filter((scalar) => nodes.has(scalar.node));
    const written = found.map((scalar) => ({ scalar, ...becomes(standing(source.text, scalar)) }));
    const obstacles = [
      ...resolved.flatMap((one) => one.obstacles),
      ...written.flatMap((one) => ('reason' in one ? { offset: one.scalar.start, reason: one.reason } : [])),
      ...brokenDocuments(source, path),
    ];
    return {
      targets: written.flatMap((one) => ('value' in one ? { scalar: one.scalar, value: one.value } : [])),
      problems: obstacles.slice(0, MAX_PROBLEMS).map(({ offset, reason }) => {
        return `Line ${lineOf(offset)}: the field ${path.text} is not set: ${reason}.`;
      }),
    };
  };
}

function brokenDocuments({ text, scanned }: SourceText, path: FieldPath) {
  return scanned.broken
    .filter(({ start, end }) => mentionsField(text.slice(start, end), path))
    .map(({ offset, message }) => ({ offset, reason: `its document is not valid YAML (${message})` }));
}

/** A cheap screen: could `text` have the field? Names of plain letters count as written without escapes. */
export function mentionsField(text: string, { parts }: FieldPath): boolean {
  return parts.flatMap(namesIn).every((name) => !/^[\w./-]+$/.test(name) || text.includes(name));
}

function namesIn(part: FieldPart): string[] {
  switch (part.kind) {
    case 'member':
      return [part.name];
    case 'items-with':
      return [part.member, part.value];
    case 'item':
    case 'every-item':
      return [];
  }
}
