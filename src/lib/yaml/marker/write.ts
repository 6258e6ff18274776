import type { ValueScalar } from './scan.ts';

/*
 * Values are written here and not by `CST.setScalarValue` of yaml, which keeps the other bytes too: it writes `6.10` and
 * `yes` without quotes, `x,y` into a flow mapping as two entries, and the line of a block scalar without indentation.
 */

/** Replaces the characters from `start` to `end`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Words and numbers that YAML 1.1 or 1.2 reads as something else than a string (yaml.org/type, YAML 1.2.2
 * §10.3, and what Go's and Python's parsers add): `6.10`, `1e3`, `0x1f`, `1_000`, `12:30`, dates.
 */
const NOT_A_STRING = [
  /^(~|null|true|false|yes|no|on|off|y|n|=|<<)$/i,
  /^[-+]?\.(inf|nan)$/i,
  /^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+)$/i,
  /^[-+]?[0-9_]*\.?[0-9_]*(e[-+]?[0-9_]*)?$/i,
  /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(t.*)?$/i,
];

/** Characters that mean nothing to YAML wherever a version or a reference to a commit has them. */
const PLAIN = /^[A-Za-z0-9_./+][A-Za-z0-9_./+:@~^=-]*$/;

/** True when `value` is a string to every YAML parser without quotes, in flow style too. */
export function isPlainString(value: string): boolean {
  if (!PLAIN.test(value) || value.endsWith(':') || value === '...') return false;
  return !NOT_A_STRING.some((pattern) => pattern.test(value));
}

/** True when the scalar already is this value, and a string. A block scalar's last line end does not count. */
export function isValue({ node }: ValueScalar, value: string): boolean {
  if (isBlock(node.type)) return withoutLineEnds(String(node.value)) === value;
  return node.value === value && (isQuoted(node.type) || isPlainString(value));
}

/** Gives the changes in `text` that make the scalar `value`, in the scalar's own style where it can be. */
export function replaceScalar(text: string, scalar: ValueScalar, value: string): Splice[] {
  const { start, end, node } = scalar;
  if (isBlock(node.type)) return replaceBlock(text, scalar, value);
  if (start === end) return [insertIntoEmpty(text, start, value)];
  return [{ start, end, text: flowScalar(value, node.type) }];
}

function isBlock(type: ValueScalar['node']['type']): boolean {
  return type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED';
}

function isQuoted(type: ValueScalar['node']['type']): boolean {
  return type === 'QUOTE_SINGLE' || type === 'QUOTE_DOUBLE';
}

function flowScalar(value: string, type: ValueScalar['node']['type']): string {
  if (type === 'QUOTE_SINGLE' && isPrintable(value)) return `'${value.replaceAll("'", "''")}'`;
  return isQuoted(type) || !isPlainString(value) ? doubleQuoted(value) : value;
}

/** YAML's double-quoted style takes JSON's escapes; what is not printable (YAML 1.2.2 §5.1) is escaped too. */
function doubleQuoted(value: string): string {
  return JSON.stringify(value).replace(UNPRINTABLE, escaped);
}

/** Control characters, lone surrogates, line and paragraph separators, byte order marks, noncharacters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufeff\ufffe\uffff]/gu;

function isPrintable(value: string): boolean {
  return value.search(UNPRINTABLE) < 0;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** `version:   # {…}` has no scalar yet: it goes right behind the colon, dash, tag or anchor. */
function insertIntoEmpty(text: string, offset: number, value: string): Splice {
  let at = offset;
  while (text[at - 1] === ' ' || text[at - 1] === '\t') at -= 1;
  return { start: at, end: at, text: ` ${flowScalar(value, 'PLAIN')}` };
}

/**
 * Header and content of a block scalar. The header becomes `|-` or `>-`, so that the value is exact; the
 * content becomes one line, indented as its first line was. A value that a block cannot hold is quoted.
 */
function replaceBlock(text: string, { start, end }: ValueScalar, value: string): Splice[] {
  const header = /^[|>][-+0-9]*/.exec(text.slice(start, start + 4))?.[0] ?? '';
  const headerEnd = start + header.length;
  const contentStart = text.indexOf('\n', headerEnd) + 1;
  const line = contentStart === 0 ? null : /^(?:[ \t]*\r?\n)*( +)\S.*/.exec(text.slice(contentStart, end));
  if (line === null || /[1-9]/.test(header) || !/^\S/.test(value) || !isPrintable(value)) {
    const quoted = { start, end: headerEnd, text: doubleQuoted(value) };
    return contentStart === 0 ? [quoted] : [quoted, { start: contentStart, end, text: '' }];
  }
  // Blank lines with more spaces than the indentation would be part of the value: only bare line ends stay.
  const ending = text.slice(endOfText(text, end), end);
  return [
    { start, end: headerEnd, text: `${header[0]}-` },
    { start: contentStart, end, text: `${line[1]}${value}${ending}` },
  ];
}

function withoutLineEnds(text: string): string {
  return text.slice(0, endOfText(text, text.length));
}

/** Offset of the line ends in front of `end`; a pattern would take quadratic time. */
function endOfText(text: string, end: number): number {
  let at = end;
  while (text[at - 1] === '\n') at -= text[at - 2] === '\r' ? 2 : 1;
  return at;
}
