import type { FileEdit } from '../../../api/change.ts';
import { type Asked, writtenAs } from '../../../decide/model/revision.ts';
import { TurnpikeError } from '../../../lib/errors.ts';
import {
  type FieldPath,
  type Glob,
  type GlobState,
  globEnter,
  globMatches,
  globStart,
  parseFieldPath,
  parseGlob,
} from '../../../lib/text/index.ts';

/** One entry of `files`, and what has come of it so far. */
export interface Selection {
  readonly glob: Glob;
  readonly field: FieldPath;
  readonly asked: Asked;
  /** How many files match. */
  files: number;
  /** True: the field was found, or a problem of it was reported. */
  met: boolean;
}

/** A selection that may match something in a directory. */
export interface Active {
  readonly selection: Selection;
  readonly state: GlobState;
}

/** Throws `SpecInvalid` for an entry that cannot be read. */
export function selectionsOf(files: readonly FileEdit[]): Selection[] {
  return files.map(({ path, field, artifact, value = 'revision' }, index) => ({
    glob: usable(parseGlob(path), `files[${index}].path`),
    field: usable(parseFieldPath(field), `files[${index}].field`),
    asked: { artifact, part: value },
    files: 0,
    met: false,
  }));
}

function usable<T extends object>(parsed: T | { readonly problem: string }, where: string): T {
  if (!('problem' in parsed)) return parsed;
  throw new TurnpikeError('SpecInvalid', `${where}: ${parsed.problem}`);
}

/** Those that have a value, at the top of the repository. */
export function startAll(selections: readonly Selection[], revision: string): readonly Active[] {
  return selections.flatMap((selection) => {
    const hasValue = 'value' in writtenAs(revision, selection.asked);
    return hasValue ? [{ selection, state: globStart(selection.glob) }] : [];
  });
}

/** Those that may match something in the directory of this name. */
export function enterAll(active: readonly Active[], name: string): readonly Active[] {
  if (active.length === 0) return active;
  const shown = decodedName(name);
  return active.flatMap((one) => {
    const state = globEnter(one.selection.glob, one.state, shown);
    return state.length === 0 ? [] : [{ ...one, state }];
  });
}

/** Those that match the file of this name. */
export function matching(active: readonly Active[], name: string): readonly Active[] {
  if (active.length === 0) return active;
  const shown = decodedName(name);
  return active.filter(({ selection, state }) => globMatches(selection.glob, state, shown));
}

/** In a tree names have one character per byte. */
function decodedName(name: string): string {
  return /[\u0080-\u00ff]/.test(name) ? Buffer.from(name, 'latin1').toString('utf8') : name;
}

/** Sentences about the selections that came to nothing. */
export function selectionProblems(selections: readonly Selection[], revision: string): string[] {
  return selections.flatMap(({ glob: { text: path }, field, asked, files, met }) => {
    const written = writtenAs(revision, asked);
    if ('reason' in written) return [`${path}: the field ${field.text} is not set: ${written.reason}.`];
    if (files === 0) return [`No .yaml or .yml file matches ${path}.`];
    return met ? [] : [`Of ${files} files that match ${path}, none has the field ${field.text}.`];
  });
}
