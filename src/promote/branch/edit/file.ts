import { pinsOf } from '../../../decide/model/revision.ts';
import type { Steps } from '../../../lib/async/index.ts';
import {
  type EditedText,
  editSteps,
  type Findings,
  fieldFinder,
  markerFinder,
  mentionsField,
  mentionsKey,
} from '../../../lib/yaml/index.ts';
import { valueFor } from './scalar-value.ts';
import type { Active } from './selection.ts';

/** The edit that is asked for in a file. */
export interface FileWish {
  /** Key of the markers; undefined where the file is known to have none of it. */
  readonly key: string | undefined;
  readonly revision: string;
  /** The entries of `files` that the file matches. */
  readonly selected: readonly Active[];
}

export interface EditedFile extends EditedText {
  /** Artifacts, or `revision`, whose digest or commit a place names: the same version with another one is not what was meant. */
  readonly pinned?: readonly string[];
}

/** Git LFS puts a small text in the place of a file (git-lfs specification, "The Pointer"). */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/';
const MAX_POINTER = 1024;

/**
 * Sets what markers and `files` name, all in one edit, and notes which selections have met their field.
 * `bytes` is undefined for a file that is too large to be read. Its steps cost YAML tokens.
 */
export function* editFile(
  bytes: Buffer | undefined,
  { key, revision, selected }: FileWish,
): Steps<EditedFile> {
  const text = bytes && decode(bytes);
  if (text === undefined) return leftAlone(selected, `The file is ${bytes ? 'not UTF-8' : 'too large'}`);
  if (selected.length > 0 && isLfsPointer(text)) {
    return leftAlone(selected, 'The file is a Git LFS pointer and its content is elsewhere');
  }
  const fields = selected.filter(({ selection }) => mentionsField(text, selection.field));
  const finders = fields.map(({ selection }) =>
    fieldFinder(selection.field, (standing) => valueFor(standing, revision, selection.asked)),
  );
  if (key !== undefined && mentionsKey(text, key))
    finders.push(markerFinder(key, (standing, asked) => valueFor(standing, revision, asked)));
  if (finders.length === 0) return { text, edits: [], marked: 0, problems: [] };
  const { findings, ...edited } = yield* editSteps(text, finders);
  for (const [index, { selection }] of fields.entries()) {
    if (findings === undefined || isSomething(findings[index])) selection.met = true;
  }
  return { ...edited, pinned: pinnedIn(findings, revision) };
}

function pinnedIn(findings: readonly Findings[] | undefined, revision: string): string[] {
  const targets = (findings ?? []).flatMap((one) => one.targets);
  return [...pinsOf(revision)].flatMap(([artifact, pin]) => {
    return targets.some(({ value }) => value.includes(pin)) ? [artifact] : [];
  });
}

function leftAlone(selected: readonly Active[], why: string): EditedText {
  for (const { selection } of selected) selection.met = true;
  return { text: '', edits: [], marked: 0, problems: [`${why}; it is left as it is.`] };
}

function isSomething(findings: Findings | undefined): boolean {
  return findings !== undefined && findings.targets.length + findings.problems.length > 0;
}

function isLfsPointer(text: string): boolean {
  return text.length < MAX_POINTER && text.startsWith(LFS_POINTER);
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // Reported by the caller as a problem of this file.
  }
}
