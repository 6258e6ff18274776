import { LineCounter } from 'yaml';
import { type CommentMeaning, commentMeaning, hasMarker, mentionsKey } from './marker/comment.ts';
import { type Located, locate } from './marker/locate.ts';
import { type Comment, type ScannedText, scanYaml, type ValueScalar } from './marker/scan.ts';
import { isValue, replaceScalar, type Splice } from './marker/write.ts';

export { hasMarker };

/** One scalar's change; `line` counts from 1. */
export interface MarkedEdit {
  readonly line: number;
  readonly from: string;
  readonly to: string;
}

export interface MarkedText {
  readonly text: string;
  readonly edits: readonly MarkedEdit[];
  /** How many scalars carry this key's marker, those that have the value already included. */
  readonly marked: number;
  /** Sentences about markers of this key that were meant but cannot be used, with their lines. */
  readonly problems: readonly string[];
}

/** Bounds of what is parsed: UTF-16 units of a file, markers of one key in it, units of `from` in an edit. */
const MAX_LENGTH = 5 * 1024 * 1024;
const MAX_MARKERS = 1_000;
const MAX_FROM = 256;

/** The parser stumbles over a list behind it, so it is taken off. */
const BOM = '\ufeff';

interface MarkerComment extends Comment {
  readonly meaning: CommentMeaning;
}

/**
 * Sets every scalar that carries the marker `# {"$promotion": "<key>"}` to `value` and changes no other
 * byte. `key` is `<namespace>:<name>:<environment>`. Never throws: what cannot be done is a problem.
 */
export function editMarked(text: string, key: string, value: string): MarkedText {
  if (!mentionsKey(text, key)) return { text, edits: [], marked: 0, problems: [] };
  const refuse = (problem: string): MarkedText => ({ text, edits: [], marked: 0, problems: [problem] });
  if (text.startsWith(BOM)) {
    const rest = editMarked(text.slice(1), key, value);
    return { ...rest, text: BOM + rest.text };
  }
  if (text.length > MAX_LENGTH) return refuse('The file is larger than 5 MiB; its markers are not used.');
  const scanned = scanYaml(text);
  if ('refused' in scanned) return refuse(`${scanned.refused}; its markers are not used.`);
  const comments = scanned.comments
    .map((comment): MarkerComment => ({ ...comment, meaning: commentMeaning(comment.source, key) }))
    .filter(({ meaning }) => meaning !== 'other');
  if (comments.length > MAX_MARKERS) {
    return refuse(`The file has more than ${MAX_MARKERS} markers of one environment; none is used.`);
  }
  const lineOf = lineCounter(text);
  const found = findScalars(text, comments, scanned, lineOf);
  const changed = found.marked.filter(({ scalar }) => !isValue(scalar, value));
  const edited = splice(
    text,
    changed.flatMap(({ scalar }) => replaceScalar(text, scalar, value)),
  );
  if (changed.length > 0 && !readsBack(edited, found, value)) {
    return refuse('The file reads differently after the edit than was meant; its markers are not used.');
  }
  const edits = changed.map(({ scalar }) => describeEdit(scalar, value, lineOf));
  return { text: edited, edits, marked: found.marked.length, problems: found.problems };
}

/** The marked scalars in the order of the text, with their places among all scalars. */
interface Found {
  readonly marked: readonly { readonly scalar: ValueScalar; readonly index: number }[];
  /** How many scalars and unusable documents there are. */
  readonly total: number;
  readonly broken: number;
  readonly problems: readonly string[];
}

function findScalars(
  text: string,
  comments: readonly MarkerComment[],
  scanned: ScannedText,
  lineOf: LineOf,
): Found {
  const targets = new Set<ValueScalar>();
  const problems: string[] = [];
  for (const comment of comments) {
    const located = locateMarker(text, comment, scanned, lineOf);
    if ('scalar' in located) targets.add(located.scalar);
    else problems.push(`Line ${lineOf(comment.offset)}: the marker is not used: ${located.reason}.`);
  }
  const marked = scanned.scalars.flatMap((scalar, index) => (targets.has(scalar) ? [{ scalar, index }] : []));
  return { marked, total: scanned.scalars.length, broken: scanned.broken.length, problems };
}

function locateMarker(text: string, comment: MarkerComment, scanned: ScannedText, lineOf: LineOf): Located {
  if (comment.meaning === 'malformed') {
    return { reason: 'the comment must be a JSON object of strings and nothing else' };
  }
  const located = locate(text, comment, scanned);
  const at = 'scalar' in located ? located.scalar.start : comment.offset;
  const broken = scanned.broken.find(({ start, end }) => start <= at && at < end);
  if (broken === undefined) return located;
  return { reason: `its document is not valid YAML (line ${lineOf(broken.offset)}: ${broken.message})` };
}

/** The parser is lenient with some texts that are no YAML: no edit counts that cannot be read back. */
function readsBack(text: string, before: Found, value: string): boolean {
  const scanned = scanYaml(text);
  if ('refused' in scanned || scanned.broken.length !== before.broken) return false;
  if (scanned.scalars.length !== before.total) return false;
  return before.marked.every(({ index }) => {
    const scalar = scanned.scalars[index];
    return scalar !== undefined && isValue(scalar, value);
  });
}

function describeEdit({ node, start }: ValueScalar, value: string, lineOf: LineOf): MarkedEdit {
  return { line: lineOf(start), from: (node.source ?? '').trimEnd().slice(0, MAX_FROM), to: value };
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

/** Lines of offsets in a text, counted from 1; the text is gone through once, when first asked. */
type LineOf = (offset: number) => number;

function lineCounter(text: string): LineOf {
  const lines = new LineCounter();
  return (offset) => {
    if (lines.lineStarts.length === 0) addLines(lines, text);
    return lines.linePos(offset).line;
  };
}

function addLines(lines: LineCounter, text: string): void {
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}
