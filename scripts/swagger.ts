import type { Json, Operation, Parameter } from './openapi.ts';

/** Takes some operations out of a description in Swagger 2, as JSON Schema. */

type JsonObject = { readonly [key: string]: Json };

export interface Swagger {
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  readonly definitions: Readonly<Record<string, JsonObject>>;
  readonly parameters: Readonly<Record<string, JsonObject>>;
}

export interface SwaggerExtract {
  readonly operations: Readonly<Record<string, Json>>;
  /** Schemas by name; `$ref` of a schema is `#/schemas/NAME`. */
  readonly schemas: Readonly<Record<string, Json>>;
}

/** The keywords of a schema that are kept; others are only for people. */
const KEPT = ['type', 'enum', 'required', 'items', 'properties', 'additionalProperties', '$ref', 'allOf'];

/** `wanted`: methods by path, without the first segment, which is the organization or the collection. */
export function extractOf(
  description: Swagger,
  wanted: Readonly<Record<string, readonly string[]>>,
): SwaggerExtract {
  const operations = Object.entries(wanted).map(([end, methods]) => {
    const path = Object.keys(description.paths).find((one) => one.replace(/^\/\{\w+\}\//, '') === end);
    const all = methods.map((method) => [method, operationOf(description, path ?? end, method)] as const);
    return [path ?? end, Object.fromEntries(all)] as const;
  });
  const taken = Object.fromEntries(operations);
  return { operations: taken as unknown as Record<string, Json>, schemas: schemasOf(description, taken) };
}

function operationOf(description: Swagger, path: string, method: string): Operation {
  const found = description.paths[path]?.[method];
  if (!found) throw new Error(`the description has no ${method} ${path}`);
  const { parameters = [], responses = {} } = found;
  const all = (parameters as readonly JsonObject[]).map((one) => resolved(description, one));
  const body = all.find((one) => one.in === 'body');
  const answers = Object.entries(responses as JsonObject).map(([status, response]) => {
    const { schema } = response as JsonObject;
    return [status, schema === undefined ? null : lean(description, schema)] as const;
  });
  return {
    parameters: all.filter((one) => one.in !== 'body').map(parameterOf),
    ...(body && {
      body: { required: body.required === true, schema: lean(description, body.schema ?? true) },
    }),
    answers: Object.fromEntries(answers),
  };
}

function resolved({ parameters }: Swagger, value: JsonObject): JsonObject {
  if (typeof value.$ref !== 'string') return value;
  const found = parameters[value.$ref.replace('#/parameters/', '')];
  if (!found) throw new Error(`the description has no ${value.$ref}`);
  return found;
}

/** The version of the API is written for people alone. */
function parameterOf(parameter: JsonObject): Parameter {
  const { name, in: place, required, type = 'string', enum: values, description } = parameter;
  const version = /should be set to '([^']+)'/.exec(String(description))?.[1];
  const isVersion = name === 'api-version' && version !== undefined;
  const schema = isVersion ? { const: version } : { type, ...(values !== undefined && { enum: values }) };
  return { name: String(name), in: String(place), required: required === true, schema };
}

/** Every schema that the operations refer to, and those that these refer to. */
function schemasOf(description: Swagger, operations: object): Record<string, Json> {
  const taken: Record<string, Json> = {};
  const take = (value: unknown) => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/schemas\/([^"]+)"/g)) {
      if (name in taken) continue;
      taken[name] = lean(description, description.definitions[name] ?? false);
      take(taken[name]);
    }
  };
  take(operations);
  return taken;
}

/** A schema with the properties of those that it extends, and with no others. */
function lean(description: Swagger, schema: Json): Json {
  if (Array.isArray(schema)) return schema.map((one) => lean(description, one));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { allOf, properties, format, ...rest } = schema as JsonObject;
  if (typeof rest.$ref === 'string') return { $ref: rest.$ref.replace('#/definitions/', '#/schemas/') };
  const kept = Object.entries(rest).filter(([key]) => KEPT.includes(key));
  const result = Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      key === 'enum' || key === 'required' ? value : lean(description, value),
    ]),
  );
  const own = propertiesOf(description, {
    ...(allOf !== undefined && { allOf }),
    ...(properties !== undefined && { properties }),
  });
  return {
    ...result,
    ...(format === 'date-time' && { format }),
    ...(Object.keys(own).length > 0 && { type: 'object', properties: own, additionalProperties: false }),
  };
}

function propertiesOf(description: Swagger, { allOf = [], properties = {} }: JsonObject): JsonObject {
  const inherited = (allOf as readonly JsonObject[]).map((one) => {
    const name = String(one.$ref ?? '').replace('#/definitions/', '');
    return propertiesOf(description, description.definitions[name] ?? one);
  });
  const own = Object.entries(properties as JsonObject).map(([name, one]) => [name, lean(description, one)]);
  return Object.assign({}, ...inherited, Object.fromEntries(own)) as JsonObject;
}
