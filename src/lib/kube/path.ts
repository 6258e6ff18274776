import { TurnpikeError } from '../errors.ts';

/** Place of a resource on the API server; without `name` of the whole collection. */
export interface ResourcePath {
  /** `v1` for the core group, else `<group>/<version>`. */
  readonly apiVersion: string;
  readonly plural?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/**
 * The URL path of a resource. Every segment is encoded, and one that would walk elsewhere (`..`) is
 * refused: names come from objects that any tenant may have written.
 */
export function resourcePath(resource: ResourcePath): string {
  const version = resource.apiVersion.split('/');
  const segments = version.length === 1 ? ['api', ...version] : ['apis', ...version];
  if (resource.namespace !== undefined) segments.push('namespaces', resource.namespace);
  if (resource.plural !== undefined) segments.push(resource.plural);
  if (resource.name !== undefined) segments.push(resource.name);
  if (resource.subresource !== undefined) segments.push(resource.subresource);
  return segments.map((segment) => `/${encodeSegment(segment)}`).join('');
}

function encodeSegment(segment: string): string {
  if (segment !== '' && segment !== '.' && segment !== '..') return encodeURIComponent(segment);
  throw new TurnpikeError('ApiRefused', `"${segment}" is not a name of anything on the API server.`);
}
