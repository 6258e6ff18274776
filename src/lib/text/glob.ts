import { matchesSegment, parseSegment, type Token } from './glob-segment.ts';

/*
 * Patterns of paths, matched on the way down through the directories: a tree of Git is read directory by directory, and
 * one where nothing can match is not read. Libraries match whole paths, take time without bound for some patterns, or
 * enter .git by `**`, as Bun.Glob does; none says in a sentence what is wrong with a pattern.
 */

/** A pattern of paths to YAML files: `?`, `*` and `{a,b}` within a name, `**` for any directories or none. */
export interface Glob {
  /** As it was written, for messages. */
  readonly text: string;
  /** The last one is the file's name. */
  readonly segments: readonly Segment[];
}

type Segment = typeof ANY_DIRECTORIES | readonly Token[];

/** The segments that may come next on the way down through the directories; none: nothing there can match. */
export type GlobState = readonly number[];

const ANY_DIRECTORIES = '**';
const MAX_LENGTH = 512;
const MAX_NAMES = 32;
/** Bounds the time that a name takes. */
const MAX_WILDCARDS = 20;

interface PatternRule {
  readonly breaks: (names: readonly string[], text: string) => boolean;
  readonly says: string;
}

const FROM_THE_TOP = 'write the path as it is from the top of the repository';

const RULES: readonly PatternRule[] = [
  { breaks: (_, text) => text === '', says: `is empty: ${FROM_THE_TOP}, such as apps/*/prod.yaml` },
  { breaks: (_, text) => text.includes('\\'), says: 'holds a backslash: write "/" between names' },
  { breaks: (_, text) => text.startsWith('/'), says: `starts with "/": ${FROM_THE_TOP}` },
  { breaks: (names) => names.includes(''), says: 'has an empty name: write one "/" between two names' },
  { breaks: some((name) => name === '.' || name === '..'), says: `holds "." or "..": ${FROM_THE_TOP}` },
  { breaks: some((name) => name.toLowerCase() === '.git'), says: 'leads into .git, which belongs to Git' },
  {
    breaks: some((name) => name !== ANY_DIRECTORIES && name.includes('**')),
    says: 'has "**" in a name: it stands for directories and is a name of its own',
  },
  { breaks: (_, text) => /[[\]]/.test(text), says: 'holds "[" or "]": write "?" for one character' },
  {
    breaks: some((name) => !/^(?:[^{}]|\{[^{}]*\})*$/.test(name)),
    says: 'has braces that are not closed in the same name, or nested: write them as in {dev,prod}.yaml',
  },
  { breaks: (names) => names.length > MAX_NAMES, says: `has more than ${MAX_NAMES} names` },
  {
    breaks: some((name) => (name.match(/[*?{]/g)?.length ?? 0) > MAX_WILDCARDS),
    says: `has more than ${MAX_WILDCARDS} wildcards in a name`,
  },
  {
    breaks: (names) => !canBeYaml(names.at(-1) ?? ''),
    says: 'names no YAML file: only files ending in .yaml or .yml are changed',
  },
];

/** Reads a pattern, or says in a sentence what is wrong with it. */
export function parseGlob(text: string): Glob | { readonly problem: string } {
  if (text.length > MAX_LENGTH) return { problem: `A path has at most ${MAX_LENGTH} characters.` };
  if (/\p{Cc}/u.test(text)) return { problem: 'A path holds no control characters.' };
  const names = text.split('/');
  const broken = RULES.find(({ breaks }) => breaks(names, text));
  if (broken) return { problem: `The path ${JSON.stringify(text)} ${broken.says}.` };
  // All that is below a directory: at its end `**` means files in it too.
  const whole = names.at(-1) === ANY_DIRECTORIES ? [...names, '*'] : names;
  return { text, segments: whole.map(segmentOf) };
}

/** The sentence that says what is wrong with a pattern, or undefined. */
export function globProblem(text: string): string | undefined {
  const parsed = parseGlob(text);
  return 'problem' in parsed ? parsed.problem : undefined;
}

/** At the top of the repository. */
export function globStart({ segments }: Glob): GlobState {
  return withDirectories(segments, 0);
}

/** In the directory of this name. As in a shell, `**` goes into none whose name starts with a dot. */
export function globEnter({ segments }: Glob, state: GlobState, name: string): GlobState {
  const next = state.flatMap((index) => {
    const segment = segments[index];
    if (segment === ANY_DIRECTORIES) return name.startsWith('.') ? [] : withDirectories(segments, index);
    const isDirectory = index < segments.length - 1 && segment !== undefined && matchesSegment(segment, name);
    return isDirectory ? withDirectories(segments, index + 1) : [];
  });
  return [...new Set(next)];
}

/** True where the file of this name matches. */
export function globMatches({ segments }: Glob, state: GlobState, name: string): boolean {
  const last = segments.at(-1);
  if (last === undefined || last === ANY_DIRECTORIES) return false;
  return state.includes(segments.length - 1) && matchesSegment(last, name);
}

/** `**` may stand for no directory at all. */
function withDirectories(segments: readonly Segment[], index: number): number[] {
  const indexes = [index];
  for (let at = index; segments[at] === ANY_DIRECTORIES; at += 1) indexes.push(at + 1);
  return indexes;
}

function segmentOf(name: string): Segment {
  return name === ANY_DIRECTORIES ? name : parseSegment(name);
}

function some(broken: (name: string) => boolean): PatternRule['breaks'] {
  return (names) => names.some(broken);
}

/** Not when it ends in text that neither extension has. */
function canBeYaml(name: string): boolean {
  const ending = name.split(/[*?{}]/).at(-1) ?? '';
  return ['.yaml', '.yml'].some((extension) => ending.endsWith(extension) || extension.endsWith(ending));
}
