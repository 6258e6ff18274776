/** What one query or mutation asks for: the part of GraphQL that Turnpike writes (https://spec.graphql.org/October2021/). */
export interface Selection {
  /** Of the field; empty for an inline fragment. */
  readonly name: string;
  /** The type of an inline fragment. */
  readonly on?: string;
  readonly args: readonly Argument[];
  readonly selections: readonly Selection[];
}

export interface Argument {
  readonly name: string;
  /** As it is written: `$number`, `100`, `"turnpike/promotion"`, `[ADDED_TO_MERGE_QUEUE_EVENT]`. */
  readonly value: string;
}

export interface Operation {
  readonly kind: 'query' | 'mutation';
  /** Types of the variables by name. */
  readonly variables: Readonly<Record<string, string>>;
  readonly selections: readonly Selection[];
}

const TOKEN = /\.\.\.|[A-Za-z_]\w*|"[^"]*"|\d+|[^\s,]/g;

export function parseOperation(text: string): Operation {
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

  /** Up to the token that ends it. */
  const until = (...ends: readonly string[]): string => {
    let value = '';
    while (!ends.includes(peek())) value += `${take()} `;
    return value.trim();
  };

  const list = <T>(open: string, close: string, one: () => T): T[] => {
    if (peek() !== open) return [];
    take(open);
    const found: T[] = [];
    while (peek() !== close) found.push(one());
    take(close);
    return found;
  };

  const variable = (): [string, string] => {
    take('$');
    const name = take();
    take(':');
    const type = peek() === '[' ? `${until(']')}${take(']')}` : take();
    return [name, peek() === '!' ? `${type}${take('!')}` : type];
  };

  const argument = (): Argument => {
    const name = take();
    take(':');
    if (peek() === '$') return { name, value: `${take('$')}${take()}` };
    return { name, value: peek() === '[' ? `${until(']')}${take(']')}` : take() };
  };

  const selection = (): Selection => {
    if (peek() === '...') {
      take('...');
      take('on');
      return { name: '', on: take(), args: [], selections: list('{', '}', selection) };
    }
    return { name: take(), args: list('(', ')', argument), selections: list('{', '}', selection) };
  };

  const kind = take();
  if (kind !== 'query' && kind !== 'mutation') throw new Error(`GraphQL: ${kind} is no operation`);
  const variables = Object.fromEntries(list('(', ')', variable));
  const selections = list('{', '}', selection);
  if (at !== tokens.length) throw new Error(`GraphQL: something follows the operation: ${peek()}`);
  return { kind, variables, selections };
}

/** Of what there is, what is asked for; a field that is not there is a fault of the stand-in. */
export function selected(value: unknown, selections: readonly Selection[]): unknown {
  if (selections.length === 0 || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => selected(one, selections));
  const fields = value as Readonly<Record<string, unknown>>;
  const chosen = selections.map(({ name, on, selections: inner }) => {
    // What is of another type lacks the fields of this one.
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
