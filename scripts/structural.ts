import { type CelRule, RULES_KEY } from '../src/api/rules.ts';

/** A node of a structural OpenAPI schema, as a CustomResourceDefinition takes it. */
export type Schema = { readonly [keyword: string]: unknown };

/** Keywords that are copied as they are, in the order in which they are written. */
const PLAIN = [
  'description',
  'type',
  'format',
  'nullable',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
];

/** Keywords that are dealt with one by one below. */
const SPECIAL = ['$schema', 'required', 'properties', 'additionalProperties', 'items', RULES_KEY];

/**
 * Turns a JSON Schema (OpenAPI 3.0 dialect) into the structural form that the API server asks of a
 * CustomResourceDefinition (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 * Throws on keywords that have no place in one, such as `anyOf` of a union and `$ref` of a lazy schema.
 */
export function toStructural(schema: unknown, path = ''): Schema {
  if (!isObject(schema)) throw new Error(`The schema at ${path || 'its root'} is no object.`);
  const foreign = Object.keys(schema).find((key) => !isKnown(key));
  if (foreign)
    throw new Error(`The schema at ${path || 'its root'} uses ${foreign}, which is not structural.`);
  const node = { ...plain(schema), ...validations(schema), ...children(schema, path) };
  return 'type' in node ? node : { ...node, 'x-kubernetes-preserve-unknown-fields': true };
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKnown(key: string): boolean {
  return PLAIN.includes(key) || SPECIAL.includes(key) || key.startsWith('x-kubernetes-');
}

function plain(schema: Schema): Schema {
  const whole: Schema = {
    ...schema,
    type: schema.type ?? enumType(schema),
    ...number(schema),
    ...pattern(schema),
  };
  const extensions = Object.keys(schema).filter((key) => key.startsWith('x-kubernetes-'));
  const keys = [...PLAIN, ...extensions].filter((key) => whole[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, whole[key]]));
}

/** An `enum` of a literal comes without a type. */
function enumType(schema: Schema): string | undefined {
  return Array.isArray(schema.enum) ? typeof schema.enum[0] : undefined;
}

function number(schema: Schema): Schema {
  return schema.type === 'integer' ? { format: 'int64' } : {};
}

/** JavaScript escapes the slash, which the API server's patterns (RE2) have no need of. */
function pattern(schema: Schema): Schema {
  return typeof schema.pattern === 'string' ? { pattern: schema.pattern.replaceAll('\\/', '/') } : {};
}

/** The rules beside a field as CEL; what they are in JSON Schema stays behind. */
function validations(schema: Schema): Schema {
  const list = schema[RULES_KEY] as readonly CelRule[] | undefined;
  if (list === undefined) return {};
  return { 'x-kubernetes-validations': list.map(({ schema: _, ...rule }) => rule) };
}

function children(schema: Schema, path: string): Schema {
  const node: Record<string, unknown> = {};
  if (Array.isArray(schema.required) && schema.required.length > 0) node.required = schema.required;
  if (isObject(schema.properties) && Object.keys(schema.properties).length > 0) {
    node.properties = mapValues(schema.properties, path);
  }
  if (isObject(schema.additionalProperties)) {
    node.additionalProperties = toStructural(schema.additionalProperties, `${path}.*`);
  }
  if (schema.items !== undefined) node.items = toStructural(schema.items, `${path}[]`);
  return node;
}

function mapValues(properties: Schema, path: string): Schema {
  const entries = Object.entries(properties);
  return Object.fromEntries(entries.map(([key, value]) => [key, toStructural(value, `${path}.${key}`)]));
}
