import { invalidUrl, pathOf, type RepositoryAddress, splitUrl } from '../url/repository.ts';

export interface AzureAddress extends Pick<RepositoryAddress, 'origin' | 'host' | 'name'> {
  /** Organization or collection, and project: `/acme/platform`. */
  readonly path: string;
}

/**
 * Reads `https://dev.azure.com/ORGANIZATION/PROJECT/_git/REPOSITORY`, the older
 * `https://ORGANIZATION.visualstudio.com/[DefaultCollection/]…` and a server's own,
 * `https://HOST/[DIRECTORY/]COLLECTION/PROJECT/_git/REPOSITORY`. Azure leaves the project out where it is called as the
 * repository.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function azureAddress(url: string): AzureAddress {
  const { parsed, segments } = splitUrl(url);
  const decoded = segments.map(decodedOf);
  // Over SSH: `/v3/ORGANIZATION/PROJECT/REPOSITORY`.
  const isSsh = url.startsWith('ssh:');
  const mark = isSsh ? decoded.shift() : decoded.splice(-2, 1)[0];
  const isMarked = isSsh ? mark === 'v3' && decoded.length === 3 : mark === '_git';
  const name = decoded.pop() ?? '';
  if (!isMarked || ![...decoded, name].every((one) => /^[^/\\\p{Cc}]+$/u.test(one))) {
    const form = 'https://dev.azure.com/ORGANIZATION/PROJECT/_git/REPOSITORY';
    throw invalidUrl(`names no repository on ${parsed.host}: its form is ${form}`);
  }
  const project = lacksProject(parsed.hostname, decoded) ? [name] : [];
  const path = pathOf([...decoded, ...project].map(encodeURIComponent));
  if (path === '') throw invalidUrl(`names no organization, or collection, and project on ${parsed.host}`);
  return { origin: parsed.origin, host: parsed.host, path, name: encodeURIComponent(name) };
}

function decodedOf(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidUrl('holds a % that begins no encoded character: write it as %25');
  }
}

/** The collection that a server has to begin with, and that an organization of visualstudio.com has alone. */
const DEFAULT_COLLECTION = /^DefaultCollection$/i;

/**
 * True if the part before `_git` ends in the organization or collection. On a server two parts may be a directory and a
 * collection, or a collection and a project: it is the former where the names are those that a server has to begin
 * with, https://learn.microsoft.com/en-us/azure/devops/integrate/how-to/call-rest-api
 */
function lacksProject(hostname: string, parts: readonly string[]): boolean {
  const [first = '', second = ''] = parts;
  if (hostname === 'dev.azure.com') return parts.length === 1;
  if (hostname.endsWith('.visualstudio.com')) {
    return parts.length === 0 || (parts.length === 1 && DEFAULT_COLLECTION.test(first));
  }
  if (parts.length === 2) return first.toLowerCase() === 'tfs' || DEFAULT_COLLECTION.test(second);
  return parts.length === 1;
}
