import { type Document, Lexer, type Pair, Scalar, visit } from 'yaml';
import type { Steps } from '../../async/index.ts';
import { cut } from '../../text/index.ts';
import { type ComposeLimits, createComposition } from '../compose.ts';

/** A scalar that is a value or a list item, not a key. Offsets count UTF-16 units from the text's start. */
export interface ValueScalar {
  readonly node: Scalar;
  readonly start: number;
  /** Behind the last character; trailing spaces, comments and line ends not included. */
  readonly end: number;
  /** The key in front of it, when it is a mapping's value. */
  readonly key?: { readonly start: number; readonly end: number };
}

export interface Comment {
  readonly offset: number;
  /** From `#` on, without the line end. */
  readonly source: string;
}

/** A fault that makes one document of the stream unusable, from `start` to the next document. */
export interface BrokenDocument {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly message: string;
}

export interface ScannedText {
  /** In the order of the text. */
  readonly scalars: readonly ValueScalar[];
  readonly comments: readonly Comment[];
  readonly broken: readonly BrokenDocument[];
  /** The content of each document that is valid. */
  readonly contents: readonly Document['contents'][];
}

/** Bounds of what is parsed; 250,000 tokens take about half a second in steps of some milliseconds, and the last step a fifth of it. */
const LIMITS: ComposeLimits = { depth: 100, tokens: 250_000 };
const STEP_TOKENS = 5_000;

// The lexer announces what follows by single control characters that are not part of the text.
const SCALAR_FOLLOWS = '\u001f';
const MAX_MESSAGE = 200;
const NOT_IN_TEXT = new Set(['\u0002', '\u0018', SCALAR_FOLLOWS]);

/**
 * Comments, value scalars and errors of a YAML stream, or why it is not parsed. Its steps cost tokens.
 */
export function* scanYaml(text: string): Steps<ScannedText | { readonly refused: string }> {
  const composition = createComposition(LIMITS);
  const comments: Comment[] = [];
  let [offset, tokens] = [0, 0];
  let afterScalarMark = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme.startsWith('#') && !afterScalarMark) comments.push({ offset, source: lexeme });
    if (!NOT_IN_TEXT.has(lexeme) || afterScalarMark) offset += lexeme.length;
    afterScalarMark = lexeme === SCALAR_FOLLOWS && !afterScalarMark;
    const exceeded = composition.take(lexeme);
    tokens += 1;
    if (tokens % STEP_TOKENS === 0) yield STEP_TOKENS;
    if (exceeded) return { refused: REFUSALS[exceeded] };
  }
  yield tokens % STEP_TOKENS;
  const documents = composition.end();
  return {
    comments,
    scalars: documents.flatMap(valueScalars),
    broken: brokenDocuments(documents),
    contents: documents.flatMap(({ errors, contents }) => (errors.length === 0 ? [contents] : [])),
  };
}

const REFUSALS: Readonly<Record<keyof ComposeLimits, string>> = {
  depth: `The file nests deeper than ${LIMITS.depth} levels`,
  tokens: `The file has more than ${LIMITS.tokens} YAML tokens`,
};

function brokenDocuments(documents: readonly Document[]): BrokenDocument[] {
  const starts = documents.map(({ range }, index) => (index === 0 ? 0 : (range?.[0] ?? 0)));
  return documents.flatMap(({ errors: [error] }, index) => {
    if (error === undefined) return [];
    const [start = 0, end = Number.POSITIVE_INFINITY] = starts.slice(index, index + 2);
    // The parser quotes what it does not understand, however long that is.
    return [{ start, end, offset: error.pos[0], message: cut(error.message, MAX_MESSAGE) }];
  });
}

function valueScalars(document: Document): ValueScalar[] {
  const found: ValueScalar[] = [];
  visit(document, {
    Scalar(role, node, path) {
      if (role === 'key' || !node.range) return;
      const [start, end] = node.range;
      if (role === null && start === end) return; // A document without content is not an empty value.
      const parent = path.at(-1);
      const key = role === 'value' ? keyOf(parent) : undefined;
      found.push(key ? { node, start, end, key } : { node, start, end });
    },
  });
  return found;
}

function keyOf(parent: unknown): ValueScalar['key'] {
  const key = (parent as Pair | undefined)?.key;
  const range = key instanceof Scalar ? key.range : undefined;
  return range ? { start: range[0], end: range[1] } : undefined;
}
