/** A TypeScript file in tokens: enough to tell operators from texts, comments and regular expressions. */

const BLANK = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y;
const REGEXP = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** From a backtick, or the end of a placeholder, to the next placeholder or the end. */
const TEMPLATE = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const WORD = /[\w$]+/y;
const OPERATOR = /===|!==|=>|&&|\|\||<=|>=|\?\?|\?\.|\*\*|[-+]=|\+\+|--|[-+<>!=*%&|^~?:;,.(){}[\]@#/\\]/y;

export interface Token {
  readonly kind: 'word' | 'operator' | 'text';
  readonly text: string;
  readonly start: number;
}

/** Without blanks and comments. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each open brace: whether it began a placeholder of a template. */
  const braces: boolean[] = [];
  for (let at = 0; at < source.length; ) {
    const blank = match(BLANK, source, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = tokenAt(source, at, { previous: tokens.at(-1), isPlaceholder: braces.at(-1) === true });
    track(braces, token);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

interface Place {
  readonly previous: Token | undefined;
  /** A closing brace ends a placeholder here. */
  readonly isPlaceholder: boolean;
}

function tokenAt(source: string, start: number, { previous, isPlaceholder }: Place): Token {
  const isTemplate = source[start] === '`' || (source[start] === '}' && isPlaceholder);
  const text =
    (isTemplate ? match(TEMPLATE, source, start) : undefined) ??
    match(STRING, source, start) ??
    (isValue(previous) ? undefined : match(REGEXP, source, start));
  if (text !== undefined) return { kind: 'text', text, start };
  const word = match(WORD, source, start);
  if (word !== undefined) return { kind: 'word', text: word, start };
  return { kind: 'operator', text: match(OPERATOR, source, start) ?? source[start] ?? '', start };
}

function track(braces: boolean[], { kind, text }: Token): void {
  if (text.startsWith('}') && (kind === 'operator' || braces.at(-1) === true)) braces.pop();
  if (text === '{') braces.push(false);
  else if (kind === 'text' && /^[`}]/.test(text) && text.endsWith('${')) braces.push(true);
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

const NO_VALUE = new Set(['return', 'typeof', 'case', 'in', 'of', 'await', 'else', 'new', 'delete', 'void']);

/** Whether a slash after it divides, and an exclamation mark after it asserts. */
export function isValue(token: Token | undefined): boolean {
  if (!token) return false;
  if (token.kind === 'operator') return [')', ']', '}'].includes(token.text);
  return token.kind === 'text' ? !token.text.endsWith('${') : !NO_VALUE.has(token.text);
}
