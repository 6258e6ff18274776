/** Takes some types out of a GraphQL schema, from the answer to an introspection query. */

interface TypeReference {
  readonly kind: string;
  readonly name: string | null;
  readonly ofType: TypeReference | null;
}

interface InputValue {
  readonly name: string;
  readonly type: TypeReference;
}

interface Field extends InputValue {
  readonly args: readonly InputValue[];
}

interface IntrospectedType {
  readonly name: string;
  readonly fields: readonly Field[] | null;
  readonly inputFields: readonly InputValue[] | null;
  readonly enumValues: readonly { readonly name: string }[] | null;
  readonly possibleTypes: readonly { readonly name: string }[] | null;
}

export interface Introspection {
  readonly __schema: { readonly types: readonly IntrospectedType[] };
}

/** Types are written as in GraphQL: `String!`, `[MergeQueueEntry]`. */
export interface GraphqlExtract {
  /** Of objects and interfaces: fields with their types and arguments. */
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

/** `fields`: those that are kept of a type; all of the types that are named without any. */
export function graphqlExtract(
  { __schema: { types } }: Introspection,
  wanted: Readonly<Record<string, readonly string[] | 'all'>>,
): GraphqlExtract {
  const named = Object.keys(wanted).map((name) => {
    const found = types.find((one) => one.name === name);
    if (!found) throw new Error(`the schema has no type ${name}`);
    return found;
  });
  const isKept = (type: string, field: string) =>
    wanted[type] === 'all' || wanted[type]?.includes(field) === true;
  return {
    objects: entriesOf(named, ({ name, fields }) =>
      fields?.filter((one) => isKept(name, one.name)).map((one) => [one.name, fieldOf(one)]),
    ),
    inputs: entriesOf(named, ({ inputFields }) =>
      inputFields?.map(({ name, type }) => [name, written(type)]),
    ),
    enums: listsOf(named, ({ enumValues }) => enumValues?.map(({ name }) => name)),
    possible: listsOf(named, ({ possibleTypes }) => possibleTypes?.map(({ name }) => name)),
  };
}

function entriesOf<T>(
  types: readonly IntrospectedType[],
  entries: (type: IntrospectedType) => readonly (readonly [string, T])[] | undefined,
): Record<string, Record<string, T>> {
  return Object.fromEntries(
    types.flatMap((type) => {
      const found = entries(type);
      return found ? [[type.name, Object.fromEntries(found)] as const] : [];
    }),
  );
}

function listsOf(
  types: readonly IntrospectedType[],
  list: (type: IntrospectedType) => readonly string[] | undefined,
): Record<string, readonly string[]> {
  return Object.fromEntries(
    types.flatMap((type) => {
      const found = list(type);
      return found ? [[type.name, found] as const] : [];
    }),
  );
}

function fieldOf({ type, args }: Field): ExtractedField {
  if (args.length === 0) return { type: written(type) };
  return { type: written(type), args: Object.fromEntries(args.map((one) => [one.name, written(one.type)])) };
}

function written({ kind, name, ofType }: TypeReference): string {
  if (kind === 'NON_NULL' && ofType) return `${written(ofType)}!`;
  if (kind === 'LIST' && ofType) return `[${written(ofType)}]`;
  return name ?? '';
}
