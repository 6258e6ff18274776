/** Takes some operations out of an OpenAPI description (3.0), as JSON Schema. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
}

export interface Wanted {
  /** Methods by path. */
  readonly operations: Readonly<Record<string, readonly string[]>>;
  readonly examples: readonly string[];
}

export interface Extract {
  readonly operations: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  /** Schemas by name; `$ref` of a schema is `#/schemas/NAME`. */
  readonly schemas: JsonObject;
  readonly examples: JsonObject;
}

export interface Operation {
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly required: boolean; readonly schema: Json };
  /** Schemas by status; null for an answer without JSON. */
  readonly answers: Readonly<Record<string, Json>>;
}

export interface Parameter {
  readonly name: string;
  /** `path` or `query`. */
  readonly in: string;
  readonly required: boolean;
  readonly schema: Json;
}

const SCHEMA = '#/components/schemas/';
/** Keywords for people or for other programs. */
const DROPPED = ['description', 'example', 'examples', 'title', 'externalDocs', 'deprecated', 'nullable'];

export function extractOf(description: Description, wanted: Wanted): Extract {
  const operations = Object.entries(wanted.operations).map(([path, methods]) => {
    const all = methods.map((method) => [method, operationOf(description, path, method)] as const);
    return [path, Object.fromEntries(all)] as const;
  });
  const taken = Object.fromEntries(operations);
  const { examples = {} } = description.components;
  const chosen = wanted.examples.map((name) => [name, examples[name]?.value ?? null] as const);
  return { operations: taken, schemas: schemasOf(description, taken), examples: Object.fromEntries(chosen) };
}

function operationOf(description: Description, path: string, method: string): Operation {
  const found = description.paths[path]?.[method];
  if (!found) throw new Error(`the description has no ${method} ${path}`);
  const { parameters = [], requestBody, responses = {} } = found;
  const body = requestBody === undefined ? undefined : resolved(description, requestBody);
  const answers = Object.entries(responses as JsonObject).map(([status, response]) => {
    return [status, schemaIn(resolved(description, response)) ?? null] as const;
  });
  const bodySchema = body && schemaIn(body);
  return {
    parameters: (parameters as readonly Json[]).map((one) => parameterOf(resolved(description, one))),
    ...(bodySchema !== undefined && { body: { required: body?.required === true, schema: bodySchema } }),
    answers: Object.fromEntries(answers),
  };
}

function resolved({ components }: Description, value: Json): JsonObject {
  const object = value as JsonObject;
  if (typeof object.$ref !== 'string') return object;
  const [, , kind = '', name = ''] = object.$ref.split('/');
  const found = components[kind]?.[name];
  if (!found) throw new Error(`the description has no ${object.$ref}`);
  return found;
}

function parameterOf({ name, in: place, required, schema }: JsonObject): Parameter {
  return { name: String(name), in: String(place), required: required === true, schema: lean(schema ?? true) };
}

function schemaIn({ content }: JsonObject): Json | undefined {
  const json = (content as JsonObject | undefined)?.['application/json'] as JsonObject | undefined;
  return json?.schema === undefined ? undefined : lean(json.schema);
}

/** Every schema that the operations refer to, and those that these refer to. */
function schemasOf({ components }: Description, operations: Extract['operations']): JsonObject {
  const taken: Record<string, Json> = {};
  const take = (value: unknown) => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/schemas\/([^"]+)"/g)) {
      if (name in taken) continue;
      taken[name] = lean(components.schemas?.[name] ?? false);
      take(taken[name]);
    }
  };
  take(operations);
  return taken;
}

/** A schema without what only people read, and with null as JSON Schema has it. */
function lean(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(lean);
  if (typeof schema !== 'object' || schema === null) return schema;
  const object = schema as JsonObject;
  if (typeof object.$ref === 'string') return { $ref: object.$ref.replace(SCHEMA, '#/schemas/') };
  const kept = Object.entries(object).filter(([key]) => !DROPPED.includes(key) && !key.startsWith('x-'));
  const result = Object.fromEntries(kept.map(([key, value]) => [key, leanAt(key, value)]));
  return object.nullable === true ? { anyOf: [{ type: 'null' }, result] } : result;
}

/** Names of properties are not keywords. */
function leanAt(key: string, value: Json): Json {
  if (key === 'enum' || key === 'default' || key === 'required') return value;
  if (key !== 'properties') return lean(value);
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, one]) => [name, lean(one)]));
}
