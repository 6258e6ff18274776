import Ajv, { type ValidateFunction } from 'ajv';
import type { Extract, Operation } from '../../../scripts/openapi.ts';
import enterpriseServer from '../../fixtures/github/enterprise-server.json';
import gitHubCom from '../../fixtures/github/github.com.json';

/** A request to an API, its path without `/api/v3` of GitHub Enterprise Server. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined without one. */
  readonly body: unknown;
}

/** The deviations from a forge's API as it is described, a line each. */
export interface ApiDescription {
  requestFaults(asked: Asked): string[];
  answerFaults(asked: Asked, status: number, body: unknown): string[];
}

/** Answers as GitHub publishes them; the values are examples. */
export const EXAMPLES = gitHubCom.examples;

/** The fields that a list has of each pull request. */
export const LISTED: readonly string[] = Object.keys(gitHubCom.schemas['pull-request-simple'].properties);

const ID = 'https://api.github.com/description';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const descriptions = {
  '': once(() => describeExtract(gitHubCom)),
  '/api/v3': once(() => describeExtract(enterpriseServer)),
};

/** `apiPath` is empty for api.github.com, `/api/v3` for GitHub Enterprise Server. */
export function describeGitHub(apiPath: '' | '/api/v3'): ApiDescription {
  return descriptions[apiPath]();
}

/** Its schemas take a second to compile. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Describes any API by an extract of an OpenAPI description. */
export function describeExtract(extract: object): ApiDescription {
  const { operations, schemas } = extract as Extract;
  const faults = createFaults(schemas);

  function operationOf({ method, path }: Asked): { name: string; operation: Operation } | undefined {
    const template = Object.keys(operations).find((one) => isPathOf(one, path));
    const operation = operations[template ?? '']?.[method.toLowerCase()];
    return operation && { name: `${method} ${template}`, operation };
  }

  return {
    requestFaults(asked) {
      const found = operationOf(asked);
      if (!found) return [`${asked.method} ${asked.path} is no operation of the description`];
      const { name, operation } = found;
      return [
        ...queryFaults(name, operation, asked.query, faults),
        ...bodyFaults(name, operation, asked, faults),
      ];
    },
    answerFaults(asked, status, body) {
      const found = operationOf(asked);
      const schema = found?.operation.answers[String(status)];
      // Refused tokens and rate limits are described once for all operations, not with each.
      if (!found || schema === undefined || schema === null) return [];
      return faults(`${found.name} ${status}`, schema, body);
    },
  };
}

/** Compiles the schema once for each `place`, the position where it is used. */
type Faults = (place: string, schema: unknown, value: unknown) => string[];

function createFaults(schemas: object): Faults {
  const ajv = new Ajv({ strict: false, logger: false, allErrors: true });
  ajv.addFormat('uri', (text: string) => URL.canParse(text));
  ajv.addFormat('date-time', TIME);
  ajv.addSchema({ $id: ID, schemas });
  const compiled = new Map<string, ValidateFunction>();
  return (place, schema, value) => {
    const validate = compiled.get(place) ?? ajv.compile(rooted(schema));
    compiled.set(place, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${place}${instancePath} ${message}`);
  };
}

function queryFaults(name: string, { parameters }: Operation, query: URLSearchParams, faults: Faults) {
  return [...query].flatMap(([key, value]) => {
    const known = parameters.find((one) => one.in === 'query' && one.name === key);
    if (!known) return [`${name} has no parameter ${key}`];
    const { type } = known.schema as { type?: string };
    return faults(`${name} ${key}`, known.schema, typedValue(type, value));
  });
}

function typedValue(type: string | undefined, text: string): unknown {
  if (type === 'integer') return Number(text);
  return type === 'boolean' && ['true', 'false'].includes(text) ? text === 'true' : text;
}

function bodyFaults(name: string, { body }: Operation, asked: Asked, faults: Faults): string[] {
  if (!body) return asked.body === undefined ? [] : [`${name} takes no body`];
  if (asked.body === undefined) return body.required ? [`${name} wants a body`] : [];
  const { properties } = body.schema as { properties?: object };
  const known = Object.keys(properties ?? {});
  const unknown = Object.keys(asked.body as object).filter((key) => properties && !known.includes(key));
  return [
    ...unknown.map((key) => `${name} has no field ${key}`),
    ...faults(`${name} body`, body.schema, asked.body),
  ];
}

function isPathOf(template: string, path: string): boolean {
  const [wanted, given] = [template.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith('{') || part === given[index])
  );
}

/** References lead into the one document that has all schemas. */
function rooted(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/schemas/', `"${ID}#/schemas/`));
}
