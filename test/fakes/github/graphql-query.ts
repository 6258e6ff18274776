/** A query or mutation, parsed: the part of GraphQL that Turnpike writes (https://spec.graphql.org/October2021/). */
export interface Selection {
  /** The field's name; empty for an inline fragment. */
  readonly name: string;
  /** The type of an inline fragment. */
  readonly on?: string;
  readonly args: readonly Argument[];
  readonly selections: readonly Selection[];
}

export interface Argument {
  readonly name: string;
  /**
   * The value as it is written: `$number`, `100`, `"turnpike/promotion"`, `[ADDED_TO_MERGE_QUEUE_EVENT
   * HEAD_REF_FORCE_PUSHED_EVENT]`.
   */
  readonly value: string;
}

export interface Operation {
  readonly kind: 'query' | 'mutation';
  /** Types of the variables by name. */
  readonly variables: Readonly<Record<string, string>>;
  readonly selections: readonly Selection[];
}

const TOKEN = /\.\.\.|[A-Za-z_]\w*|"[^"]*"|\d+|[^\s,]/g;

interface Tokens {
  peek(): string;
  /** The next one, which has to be this. */
  take(wanted?: string): string;
  /** Tokens between two brackets, one after the other; empty where the next one does not open them. */
  list<T>(open: string, close: string, one: (tokens: Tokens) => T): T[];
}

function createTokens(text: string): Tokens {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const peek = () => tokens[at] ?? '';
  const take = (wanted?: string): string => {
    const token = tokens[at++];
    if (token === undefined || (wanted !== undefined && token !== wanted)) {
      throw new Error(`GraphQL: ${wanted ?? 'more'} expected at token ${at}, not ${token}`);
    }
    return token;
  };
  const reader: Tokens = {
    peek,
    take,
    list(open, close, one) {
      if (peek() !== open) return [];
      take(open);
      const found = [];
      while (peek() !== close) found.push(one(reader));
      take(close);
      return found;
    },
  };
  return reader;
}

export function parseOperation(text: string): Operation {
  const tokens = createTokens(text);
  const kind = tokens.take();
  if (kind !== 'query' && kind !== 'mutation') throw new Error(`GraphQL: ${kind} is no operation`);
  const variables = Object.fromEntries(tokens.list('(', ')', variable));
  const selections = tokens.list('{', '}', selection);
  if (tokens.peek() !== '') throw new Error(`GraphQL: something follows the operation: ${tokens.peek()}`);
  return { kind, variables, selections };
}

function variable(tokens: Tokens): [string, string] {
  tokens.take('$');
  const name = tokens.take();
  tokens.take(':');
  const type = value(tokens);
  return [name, tokens.peek() === '!' ? `${type}${tokens.take()}` : type];
}

function argument(tokens: Tokens): Argument {
  const name = tokens.take();
  tokens.take(':');
  return { name, value: value(tokens) };
}

/** The value of an argument, or a type. */
function value(tokens: Tokens): string {
  if (tokens.peek() === '$') return `${tokens.take()}${tokens.take()}`;
  if (tokens.peek() !== '[') return tokens.take();
  return `[${tokens.list('[', ']', ({ take }) => take()).join(' ')}]`;
}

function selection(tokens: Tokens): Selection {
  if (tokens.peek() !== '...') {
    return {
      name: tokens.take(),
      args: tokens.list('(', ')', argument),
      selections: tokens.list('{', '}', selection),
    };
  }
  tokens.take('...');
  tokens.take('on');
  return { name: '', on: tokens.take(), args: [], selections: tokens.list('{', '}', selection) };
}

/** Selects the requested fields from an object; a missing field is a fault of the stand-in. */
export function selected(value: unknown, selections: readonly Selection[]): unknown {
  if (selections.length === 0 || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => selected(one, selections));
  const fields = value as Readonly<Record<string, unknown>>;
  const chosen = selections.map(({ name, on, selections: inner }) => {
    // An object of another type lacks the fields of this one.
    if (on !== undefined)
      return selected(
        fields,
        inner.filter((one) => one.name in fields),
      ) as object;
    if (!(name in fields)) throw new Error(`the stand-in has no field ${name}`);
    return { [name]: selected(fields[name], inner) };
  });
  return Object.assign({}, ...chosen);
}
