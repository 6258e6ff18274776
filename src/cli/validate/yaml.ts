import { type Document, Lexer, type YAMLParseError } from 'yaml';
import { cut } from '../../lib/text/index.ts';
import { type ComposeLimits, createComposition } from '../../lib/yaml/index.ts';
import type { Position } from './problem.ts';

/** One document of a YAML stream, comments and directives in front of it included. */
export interface Chunk {
  readonly text: string;
  /** How many lines of the stream are before it. */
  readonly linesBefore: number;
}

export interface Fault {
  /** UTF-16 units from the start of the chunk. */
  readonly offset: number;
  /** A sentence that quotes nothing of the text, which may be a Secret's. */
  readonly message: string;
}

export type Parsed =
  | { readonly kind: 'documents'; readonly documents: readonly Document[] }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** All recursion goes as deep as the text nests; a million tokens take two seconds and 400 MB. */
const LIMITS: ComposeLimits = { depth: 200, tokens: 1_000_000 };

/**
 * Cuts a stream where a line starts with `---` or `...`, which nothing inside a document may (YAML 1.2.2,
 * section 9.1.2), so that one document is in memory at a time and a broken one spoils no other.
 */
export function splitDocuments(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let [start, linesBefore] = [0, 0];
  const endChunk = (end: number) => {
    const chunk = { text: text.slice(start, end), linesBefore };
    if (hasContent(chunk.text)) chunks.push(chunk);
    linesBefore += lineStarts(chunk.text).length - 1;
    start = end;
  };
  for (const { index, 1: marker = '' } of text.matchAll(/\n(---|\.\.\.)(?=[ \t\r\n]|$)/g)) {
    // Directives belong to the document behind the marker, and so do comments.
    if (marker === '---' && hasContent(text.slice(start, index))) endChunk(index + 1);
    if (marker === '...') endChunk(lineEnd(text, index + 1));
  }
  endChunk(text.length);
  return chunks;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}

function hasContent(text: string): boolean {
  for (let start = 0; start < text.length; start = lineEnd(text, start)) {
    if (/[^ \t\r\n#%]/.test(text.slice(start, start + 1))) return true;
    const line = text.slice(start, lineEnd(text, start)).trimStart();
    if (line !== '' && !line.startsWith('#') && !line.startsWith('%')) return true;
  }
  return false;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

export type PositionOf = (offset: number) => Position;

/** Line and column in the whole stream of an offset in this chunk. */
export function positions({ text, linesBefore }: Chunk): PositionOf {
  const starts = lineStarts(text);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: linesBefore + low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** Parses a document whose scalars stay texts: tags and types are no errors here, and tree.ts compares keys in linear time. */
export function parseChunk({ text }: Chunk): Parsed {
  const control = text.search(CONTROL);
  if (control >= 0)
    return fault(control, 'There is a control character here: this is not YAML or JSON text.');
  const composition = createComposition(LIMITS);
  for (const lexeme of new Lexer().lex(text)) {
    const exceeded = composition.take(lexeme);
    if (exceeded) return fault(composition.parser.offset, EXCEEDED[exceeded]);
  }
  const documents = composition.end();
  const error = documents.flatMap(({ errors }) => errors)[0];
  return error ? fault(error.pos[0], sentence(error)) : { kind: 'documents', documents };
}

const EXCEEDED: Readonly<Record<keyof ComposeLimits, string>> = {
  depth: `It nests deeper than ${LIMITS.depth} levels here.`,
  tokens: `The document is too long: ${LIMITS.tokens} YAML tokens end here.`,
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused (YAML 1.2.2, section 5.1)
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

function fault(offset: number, message: string): Parsed {
  return { kind: 'fault', fault: { offset, message } };
}

/** The parser's own words without the text that it quotes. */
function sentence({ code, message }: YAMLParseError): string {
  const words = code === 'UNEXPECTED_TOKEN' || code === 'BAD_DQ_ESCAPE' ? message.split(/: |\\/)[0] : message;
  return `This is not YAML: ${cut((words ?? '').trim(), 120)}.`;
}
