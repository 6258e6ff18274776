import { atOnce, type Steps } from '../async/index.ts';
import { cut } from '../text/index.ts';
import { type LineOf, lineCounter } from './marker/lines.ts';
import { type ScannedText, scanYaml, type ValueScalar } from './marker/scan.ts';
import { checksumNotes } from './marker/sops.ts';
import { isValue, replaceScalar, type Splice } from './marker/write.ts';

/** One scalar's change; `line` counts from 1. */
export interface ScalarEdit {
  readonly line: number;
  readonly from: string;
  readonly to: string;
}

export interface EditedText {
  readonly text: string;
  readonly edits: readonly ScalarEdit[];
  /** How many scalars were found, those that have the value already included. */
  readonly marked: number;
  /** Sentences about what was meant but cannot be used, and about what is to be done by hand, with lines. */
  readonly problems: readonly string[];
}

/** A text that has been read. */
export interface SourceText {
  readonly text: string;
  readonly scanned: ScannedText;
  readonly lineOf: LineOf;
}

/** A scalar and the value that it shall have. */
export interface Target {
  readonly scalar: ValueScalar;
  readonly value: string;
}

export interface Findings {
  readonly targets: readonly Target[];
  readonly problems: readonly string[];
}

/** Looks in a text for scalars that shall be set. */
export type Finder = (source: SourceText) => Findings;

/** Bounds of what is parsed: UTF-16 units of a file, units of a value that is shown. */
const MAX_LENGTH = 5 * 1024 * 1024;
const MAX_SHOWN = 256;

/** The parser stumbles over a list behind it, so it is taken off. */
const BOM = '\ufeff';

/** The edited text, and the findings of each finder; undefined for a text that is not used at all. */
export interface Edited extends EditedText {
  readonly findings: readonly Findings[] | undefined;
}

/** Sets the scalars that the finders find and changes no other byte. Never throws: what cannot be done is a problem. */
export function editText(text: string, finders: readonly Finder[]): Edited {
  return atOnce(editSteps(text, finders));
}

/** The same in steps, which cost YAML tokens. */
export function* editSteps(text: string, finders: readonly Finder[]): Steps<Edited> {
  if (text.startsWith(BOM)) {
    const rest = yield* editSteps(text.slice(1), finders);
    return { ...rest, text: BOM + rest.text };
  }
  const refuse = (why: string): Edited => {
    return { text, edits: [], marked: 0, problems: [`${why}; it is left as it is.`], findings: undefined };
  };
  if (text.length > MAX_LENGTH) return refuse('The file is larger than 5 MiB');
  const attempted = yield* edit(text, finders);
  if ('refused' in attempted) return refuse(attempted.refused);
  const { expected, ...edited } = attempted;
  if (edited.edits.length > 0 && !(yield* readsBack(edited.text, expected))) {
    return refuse('The file would not read as intended after the edit');
  }
  return edited;
}

/** The reading that the edited text must have. */
interface Expected {
  readonly broken: number;
  readonly scalars: number;
  /** By their place among all scalars. */
  readonly values: readonly (readonly [index: number, value: string])[];
}

type Attempted = { readonly refused: string } | (Edited & { readonly expected: Expected });

/** Keeps nothing of the whole text: it takes a hundred times its size, and is read once more afterwards. */
function* edit(text: string, finders: readonly Finder[]): Steps<Attempted> {
  const scanned = yield* scanYaml(text);
  if ('refused' in scanned) return scanned;
  const lineOf = lineCounter(text);
  const findings = finders.map((find) => find({ text, scanned, lineOf }));
  const { wanted, conflicts } = merge(findings, lineOf);
  const found = scanned.scalars.flatMap((scalar, index) => {
    const value = wanted.get(scalar);
    return value === undefined ? [] : [{ scalar, value, index }];
  });
  const changed = found.filter(({ scalar, value }) => !isValue(scalar, value));
  const splices = changed.flatMap(({ scalar, value }) => replaceScalar(text, scalar, value));
  const set = changed.map(({ scalar }) => scalar);
  const notes = checksumNotes(scanned, set, lineOf);
  return {
    text: splice(text, splices),
    edits: changed.map((target) => describeEdit(target, lineOf)),
    marked: found.length,
    problems: [...findings.flatMap(({ problems }) => problems), ...conflicts, ...notes],
    findings,
    expected: {
      broken: scanned.broken.length,
      scalars: scanned.scalars.length,
      values: found.map(({ index, value }) => [index, value] as const),
    },
  };
}

interface Merged {
  readonly wanted: ReadonlyMap<ValueScalar, string>;
  readonly conflicts: readonly string[];
}

/** One scalar may be found twice, but not to become two things. */
function merge(findings: readonly Findings[], lineOf: LineOf): Merged {
  const wanted = new Map<ValueScalar, string>();
  const conflicts = new Map<ValueScalar, string>();
  for (const { scalar, value } of findings.flatMap(({ targets }) => targets)) {
    const other = wanted.get(scalar) ?? value;
    if (other !== value) conflicts.set(scalar, conflictSentence(lineOf(scalar.start), [other, value]));
    wanted.set(scalar, value);
  }
  for (const scalar of conflicts.keys()) wanted.delete(scalar);
  return { wanted, conflicts: [...conflicts.values()] };
}

function conflictSentence(line: number, values: readonly string[]): string {
  const shown = values.map((value) => JSON.stringify(cut(value, MAX_SHOWN)));
  return `Line ${line}: the value is not set, because it would have to be both ${shown.join(' and ')}.`;
}

/** The parser is lenient with some texts that are no YAML: no edit counts that cannot be read back. */
function* readsBack(text: string, { broken, scalars, values }: Expected): Steps<boolean> {
  const scanned = yield* scanYaml(text);
  if ('refused' in scanned || scanned.broken.length !== broken) return false;
  if (scanned.scalars.length !== scalars) return false;
  return values.every(([index, value]) => {
    const scalar = scanned.scalars[index];
    return scalar !== undefined && isValue(scalar, value);
  });
}

function describeEdit({ scalar: { node, start }, value }: Target, lineOf: LineOf): ScalarEdit {
  return { line: lineOf(start), from: cut((node.source ?? '').trimEnd(), MAX_SHOWN), to: value };
}

/** The splices are in the order of the text and do not overlap. */
function splice(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const one of splices) {
    parts.push(text.slice(at, one.start), one.text);
    at = one.end;
  }
  return parts.join('') + text.slice(at);
}
