import { cut } from '../text/index.ts';

/** Label selectors as Kubernetes reads them, for objects that are at hand already. */

type Labels = Readonly<Record<string, string>>;

export interface LabelSelector {
  /** The same for all ways to write it; empty selects everything. */
  readonly text: string;
  readonly matches: (labels?: Labels) => boolean;
}

interface Requirement {
  readonly text: string;
  readonly matches: (labels: Labels) => boolean;
}

const TOKEN = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/gy;
const KEY =
  /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const NUMBER = /^\d{1,19}$/;
const MAX_NUMBER = 2n ** 63n - 1n;
const SYMBOLS = ['==', '!=', '=', '!', '(', ')', ',', '<', '>'];
const MAX_LENGTH = 4096;

/**
 * Reads `key=value,key!=value,key in (a,b),key notin (a,b),key,!key,key>1,key<1`.
 * @throws Error with a sentence that says what to write instead
 */
export function parseLabelSelector(text: string): LabelSelector {
  const cursor = createCursor(text);
  const requirements = new Map<string, Requirement>();
  for (let more = !cursor.atEnd(); more; more = cursor.skip(',')) {
    const requirement = parseRequirement(cursor);
    requirements.set(requirement.text, requirement);
  }
  if (!cursor.atEnd()) cursor.fail();
  const all = [...requirements.values()].toSorted((one, other) => (one.text < other.text ? -1 : 1));
  return {
    text: all.map((one) => one.text).join(','),
    matches: (labels = {}) => all.every((one) => one.matches(labels)),
  };
}

interface Cursor {
  atEnd(): boolean;
  /** Skips the next token if it is this one, and tells whether it was. */
  skip(token: string): boolean;
  /** A key, a value or an operator of letters; empty where a symbol stands. */
  word(): string;
  fail(why?: string): never;
}

function createCursor(text: string): Cursor {
  const trimmed = text.trim();
  const tokens = [...trimmed.slice(0, MAX_LENGTH).matchAll(TOKEN)].map(([, token = '']) => token);
  let at = 0;

  function fail(why = `${JSON.stringify(tokens[at] ?? '')} is not expected there`): never {
    const example = 'team=podinfo,tier in (front,back),!legacy';
    throw new Error(
      `${JSON.stringify(cut(trimmed, 200))} is not a label selector: ${why}. Write it as in ${example}.`,
    );
  }

  function isNext(token: string): boolean {
    return tokens[at] === token;
  }

  if (trimmed.length > MAX_LENGTH) fail(`it is longer than ${MAX_LENGTH} characters`);
  return {
    atEnd: () => at >= tokens.length,
    skip(token) {
      if (!isNext(token)) return false;
      at += 1;
      return true;
    },
    word() {
      const word = tokens[at] ?? '';
      if (word === '' || SYMBOLS.includes(word)) return '';
      at += 1;
      return word;
    },
    fail,
  };
}

function parseRequirement(cursor: Cursor): Requirement {
  const isAbsent = cursor.skip('!');
  const key = cursor.word();
  if (key === '') cursor.fail();
  if (!KEY.test(key)) cursor.fail(`${JSON.stringify(key)} is not a label key`);
  if (isAbsent) return { text: `!${key}`, matches: (labels) => !Object.hasOwn(labels, key) };
  if (cursor.skip('=') || cursor.skip('==')) return isOneOf(key, [value(cursor)]);
  if (cursor.skip('!=')) return isNoneOf(key, [value(cursor)]);
  if (cursor.skip('>')) return compared(key, '>', number(cursor));
  if (cursor.skip('<')) return compared(key, '<', number(cursor));
  const operator = cursor.word();
  if (operator === '') return { text: key, matches: (labels) => Object.hasOwn(labels, key) };
  if (operator === 'in') return isOneOf(key, values(cursor));
  if (operator === 'notin') return isNoneOf(key, values(cursor));
  return cursor.fail(`${JSON.stringify(operator)} is not an operator`);
}

function isOneOf(key: string, values: readonly string[]): Requirement {
  const [value] = values;
  const text = values.length === 1 ? `${key}=${value}` : `${key} in (${values.join(',')})`;
  return { text, matches: (labels) => Object.hasOwn(labels, key) && values.includes(labels[key] ?? '') };
}

/** Matches objects without the label too: they have none of the values. */
function isNoneOf(key: string, values: readonly string[]): Requirement {
  const [value] = values;
  const text = values.length === 1 ? `${key}!=${value}` : `${key} notin (${values.join(',')})`;
  return { text, matches: (labels) => !(Object.hasOwn(labels, key) && values.includes(labels[key] ?? '')) };
}

function compared(key: string, operator: '>' | '<', bound: bigint): Requirement {
  const matches = (labels: Labels) => {
    const value = Object.hasOwn(labels, key) ? numberOf(labels[key]) : undefined;
    if (value === undefined) return false;
    return operator === '>' ? value > bound : value < bound;
  };
  return { text: `${key}${operator}${bound}`, matches };
}

function value(cursor: Cursor): string {
  const word = cursor.word();
  if (!VALUE.test(word)) cursor.fail(`${JSON.stringify(word)} is not a label value`);
  return word;
}

function number(cursor: Cursor): bigint {
  const word = cursor.word();
  return numberOf(word) ?? cursor.fail(`${JSON.stringify(word)} is not a whole number`);
}

function numberOf(text = ''): bigint | undefined {
  const number = NUMBER.test(text) ? BigInt(text) : undefined;
  return number !== undefined && number <= MAX_NUMBER ? number : undefined;
}

/** In order, each once. */
function values(cursor: Cursor): string[] {
  if (!cursor.skip('(')) cursor.fail('values must be in parentheses');
  const found = new Set([value(cursor)]);
  while (cursor.skip(',')) found.add(value(cursor));
  if (!cursor.skip(')')) cursor.fail('values must be in parentheses');
  return [...found].toSorted();
}
