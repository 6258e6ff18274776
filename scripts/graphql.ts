/** Takes some types out of a GraphQL schema, laid out as GitHub publishes its own: a field a line, two spaces in. */

/** Types are written as in GraphQL: `String!`, `[MergeQueueEntry]`. */
export interface GraphqlExtract {
  /** Fields of objects and interfaces with their types and arguments. */
  readonly objects: Readonly<Record<string, Readonly<Record<string, ExtractedField>>>>;
  /** Fields of input objects. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly enums: Readonly<Record<string, readonly string[]>>;
  /** The objects that unions and interfaces may be. */
  readonly possible: Readonly<Record<string, readonly string[]>>;
}

export interface ExtractedField {
  readonly type: string;
  readonly args?: Readonly<Record<string, string>>;
}

interface Definition {
  readonly kind: string;
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly body: string;
}

const DESCRIPTION = /"""[\s\S]*?"""/g;
const DEFINITION = /^(type|interface|input|enum) (\w+)([^{\n]*)\{\n([\s\S]*?)^\}/gm;
const UNION = /^union (\w+) = (.+)$/gm;
const FIELD = /^ {2}(\w+)(?:\(\n([\s\S]*?)^ {2}\))?: ([\w![\]]+)/gm;
const ARGUMENT = /^ {4}(\w+): ([\w![\]]+)/gm;
const INPUT_FIELD = /^ {2}(\w+): ([\w![\]]+)/gm;
const VALUE = /^ {2}(\w+)/gm;

/** `wanted`: the fields that are kept of a type, or all of them. */
export function graphqlExtract(
  schema: string,
  wanted: Readonly<Record<string, readonly string[] | 'all'>>,
): GraphqlExtract {
  const text = schema.replace(DESCRIPTION, '');
  const definitions = [...text.matchAll(DEFINITION)].map(definitionOf);
  const unions = [...text.matchAll(UNION)].map(
    ([, name = '', types = '']) => [name, types.split(' | ')] as const,
  );
  const named = definitions.filter(({ name }) => name in wanted);
  const isKept = (type: string, field: string) =>
    wanted[type] === 'all' || wanted[type]?.includes(field) === true;
  const of = (...kinds: readonly string[]) => named.filter(({ kind }) => kinds.includes(kind));
  const interfaces = of('interface').map(({ name }) => {
    const types = definitions.filter((one) => one.interfaces.includes(name));
    return [name, types.map((one) => one.name)] as const;
  });
  const found = [...named.map(({ name }) => name), ...unions.map(([name]) => name)];
  const missing = Object.keys(wanted).filter((name) => !found.includes(name));
  if (missing.length > 0) throw new Error(`the schema has no ${missing.join(', ')}`);
  return {
    objects: entriesOf(of('type', 'interface'), ({ name, body }) =>
      fieldsOf(body).filter(([field]) => isKept(name, field)),
    ),
    inputs: entriesOf(of('input'), ({ body }) => pairs(body, INPUT_FIELD)),
    enums: Object.fromEntries(
      of('enum').map(({ name, body }) => [name, pairs(body, VALUE).map(([one]) => one)]),
    ),
    possible: Object.fromEntries([...interfaces, ...unions.filter(([name]) => name in wanted)]),
  };
}

function definitionOf([, kind = '', name = '', head = '', body = '']: RegExpMatchArray): Definition {
  const interfaces = head.replace('implements', '').split(/[\s&]+/);
  return { kind, name, interfaces, body };
}

function entriesOf<T>(
  definitions: readonly Definition[],
  entries: (one: Definition) => readonly (readonly [string, T])[],
): Record<string, Record<string, T>> {
  return Object.fromEntries(definitions.map((one) => [one.name, Object.fromEntries(entries(one))] as const));
}

function fieldsOf(body: string): [string, ExtractedField][] {
  return [...body.matchAll(FIELD)].map(([, name = '', args, type = '']) => {
    if (args === undefined) return [name, { type }];
    return [name, { type, args: Object.fromEntries(pairs(args, ARGUMENT)) }];
  });
}

function pairs(text: string, pattern: RegExp): [string, string][] {
  return [...text.matchAll(pattern)].map(([, name = '', type = '']) => [name, type]);
}
