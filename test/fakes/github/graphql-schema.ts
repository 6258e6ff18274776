import type { GraphqlExtract } from '../../../scripts/graphql.ts';
import extract from '../../fixtures/github/graphql.json';
import { type Argument, type Operation, parseOperation, type Selection } from './graphql-query.ts';

/** The schema of github.com; https://docs.github.com/en/graphql/overview/public-schema */
const SCHEMA = extract as GraphqlExtract;

/** The deviations of a request from GitHub's schema, a line each. */
export function graphqlFaults(text: string, variables: Readonly<Record<string, unknown>>): string[] {
  const operation = parseOperation(text);
  const root = operation.kind === 'query' ? 'Query' : 'Mutation';
  return [...variableFaults(operation, variables), ...selectionFaults(operation, root, operation.selections)];
}

function variableFaults({ variables: declared }: Operation, given: Readonly<Record<string, unknown>>) {
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  const faults = Object.entries(declared).flatMap(([name, type]) =>
    inputFaults(`$${name}`, type, given[name]),
  );
  return [...unknown.map((name) => `$${name} is given and not declared`), ...faults];
}

/** The faults of a value that JSON carries. */
function inputFaults(place: string, type: string, value: unknown): string[] {
  if (value === undefined || value === null) return type.endsWith('!') ? [`${place} must be there`] : [];
  const name = nameOf(type);
  const values = SCHEMA.enums[name];
  if (values) return values.includes(String(value)) ? [] : [`${place} is no ${name}: ${value}`];
  const fields = SCHEMA.inputs[name];
  if (!fields) return scalarFaults(place, name, value);
  const known = Object.entries(fields).flatMap(([field, inner]) =>
    inputFaults(`${place}.${field}`, inner, (value as Record<string, unknown>)[field]),
  );
  const unknown = Object.keys(value).filter((field) => !(field in fields));
  return [...unknown.map((field) => `${name} has no field ${field}`), ...known];
}

function scalarFaults(place: string, name: string, value: unknown): string[] {
  const wanted = { Int: 'number', Boolean: 'boolean' }[name] ?? 'string';
  return wanted === typeof value ? [] : [`${place} is no ${name}`];
}

function selectionFaults(operation: Operation, type: string, selections: readonly Selection[]): string[] {
  return selections.flatMap((one) =>
    one.on === undefined ? fieldFaults(operation, type, one) : fragmentFaults(operation, type, one),
  );
}

function fragmentFaults(operation: Operation, type: string, { on = '', selections }: Selection): string[] {
  const isPossible = on === type || SCHEMA.possible[type]?.includes(on) === true;
  return isPossible ? selectionFaults(operation, on, selections) : [`${type} is never ${on}`];
}

function fieldFaults(operation: Operation, type: string, { name, args, selections }: Selection): string[] {
  if (name === '__typename') return [];
  const field = SCHEMA.objects[type]?.[name];
  if (!field) return [`Field '${name}' doesn't exist on type '${type}'`];
  const inner = nameOf(field.type);
  const isLeaf = !(inner in SCHEMA.objects) && !(inner in SCHEMA.possible);
  if (isLeaf !== (selections.length === 0))
    return [`${type}.${name} is ${isLeaf ? 'no object' : 'an object'}`];
  return [
    ...argumentFaults(operation, `${type}.${name}`, args, field.args ?? {}),
    ...selectionFaults(operation, inner, selections),
  ];
}

function argumentFaults(
  { variables }: Operation,
  place: string,
  given: readonly Argument[],
  known: Readonly<Record<string, string>>,
): string[] {
  const faults = given.flatMap(({ name, value }) => {
    const type = known[name];
    if (type === undefined) return [`${place} has no argument ${name}`];
    return fits(value, type, variables) ? [] : [`${place} wants ${name}: ${type}, not ${value}`];
  });
  const missing = Object.entries(known).filter(
    ([name, type]) => type.endsWith('!') && !given.some((one) => one.name === name),
  );
  return [...faults, ...missing.map(([name]) => `${place} wants the argument ${name}`)];
}

function fits(value: string, type: string, variables: Readonly<Record<string, string>>): boolean {
  if (value.startsWith('$')) return [type, `${type}!`].includes(variables[value.slice(1)] ?? '');
  const values = SCHEMA.enums[nameOf(type)];
  if (values)
    return value
      .replace(/[[\]]/g, ' ')
      .trim()
      .split(/\s+/)
      .every((one) => values.includes(one));
  if (nameOf(type) === 'Int') return /^\d+$/.test(value);
  return value.startsWith('"');
}

function nameOf(type: string): string {
  return type.replace(/[![\]]/g, '');
}
