import type { Extract } from '../../../scripts/openapi.ts';
import server60 from '../../fixtures/azure/server-6.0.json';
import server70 from '../../fixtures/azure/server-7.0.json';
import server71 from '../../fixtures/azure/server-7.1.json';
import services70 from '../../fixtures/azure/services-7.0.json';
import services71 from '../../fixtures/azure/services-7.1.json';
import { type ApiDescription, describeExtract } from '../github/description.ts';
import type { JsonAsked } from '../json-server.ts';
import { PRODUCTS, type Product } from './products.ts';

const EXTRACTS: Readonly<Record<string, object>> = {
  'server-6.0': server60,
  'server-7.0': server70,
  'server-7.1': server71,
  'services-7.0': services70,
  'services-7.1': services71,
};

/** The path that no description has. */
const UNDESCRIBED = /\/_apis\/connectionData$/;

const described = new Map<string, ApiDescription>();

/** The deviations from the API as Microsoft describes it in the version that was asked for, a line each. */
export function azureFaults(product: Product, asked: JsonAsked, status: number, answer: unknown): string[] {
  if (UNDESCRIBED.test(asked.path)) return [];
  const version = asked.query.get('api-version')?.replace(/-.*/, '') ?? '';
  const name = `${PRODUCTS[product].kind}-${version}`;
  const description = described.get(name) ?? describe(name);
  if (!description) return [`${name} has no description`];
  described.set(name, description);
  const { method, query } = asked;
  const body = method === 'GET' ? undefined : asked.body;
  const request = { method, path: spelled(asked.path), query, body };
  return [
    ...description.requestFaults(request),
    // The descriptions have 200 for created resources, too.
    ...description.answerFaults(request, status === 201 ? 200 : status, unwrapped(answer)),
  ];
}

function describe(name: string): ApiDescription | undefined {
  const extract = EXTRACTS[name] as Extract | undefined;
  // Settings of a policy are described as what the server's library makes of JSON, and are any object.
  return (
    extract && describeExtract({ ...extract, schemas: { ...extract.schemas, JObject: { type: 'object' } } })
  );
}

/** The descriptions spell the same path in two ways; the server takes both. */
function spelled(path: string): string {
  return path.replace(/\/pullrequests(?=\/\d+\/)/i, '/pullRequests');
}

/** The descriptions leave out what lists are wrapped in. */
function unwrapped(answer: unknown): unknown {
  const { value, count } = answer as { value?: unknown; count?: unknown };
  return Array.isArray(value) && count === value.length ? value : answer;
}
