import { TurnpikeError } from '../../errors.ts';

/** Where a repository's forge is, from the repository's URL. */
export interface RepositoryAddress {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Host, with its port unless it is the scheme's own. */
  readonly host: string;
  /** What stands before the owner in the path, such as `/git`; empty for most. */
  readonly prefix: string;
  readonly owner: string;
  readonly name: string;
}

const SEGMENT = /^[A-Za-z0-9._-]{1,255}$/;

/**
 * Reads `https://HOST[:PORT][/PREFIX]/OWNER/NAME[.git][/]`. Which schemes and hosts may be reached is decided
 * where requests leave the program, not here. The URL itself is not repeated in errors: a user may have put
 * a password into it.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function repositoryAddress(url: string, prefix: 'no-prefix' | 'prefix-allowed'): RepositoryAddress {
  const { parsed, segments } = splitUrl(url);
  const name = segments.pop();
  const owner = segments.pop();
  if (!owner || !name || !segments.concat(owner, name).every(isSegment)) {
    throw invalid(`names no repository on ${parsed.host}: its form is https://HOST/OWNER/REPOSITORY`);
  }
  if (segments.length > 0 && prefix === 'no-prefix') {
    throw invalid(
      `has more than an owner and a repository in its path: its form is https://HOST/OWNER/REPOSITORY`,
    );
  }
  return { origin: parsed.origin, host: parsed.host, prefix: pathOf(segments), owner, name };
}

export interface BitbucketAddress extends Pick<RepositoryAddress, 'origin' | 'host' | 'prefix' | 'name'> {
  /** Its key, `~name` for a person's. */
  readonly project: string;
}

/**
 * Reads the address that Git uses, `…/scm/PROJECT/REPOSITORY.git`, and those of the pages,
 * `…/projects/PROJECT/repos/REPOSITORY[/browse]` and `…/users/USER/repos/REPOSITORY`.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function bitbucketAddress(url: string): BitbucketAddress {
  const { parsed, segments } = splitUrl(url);
  if (segments.at(-1) === 'browse') segments.pop();
  const [fourth, third, second, name = ''] = [
    segments.at(-4),
    segments.at(-3),
    segments.at(-2),
    segments.at(-1),
  ];
  const isPage = second === 'repos' && (fourth === 'projects' || fourth === 'users');
  const isSsh = url.startsWith('ssh:') && segments.length === 2;
  const key = isPage ? third : second;
  const prefix = isSsh ? [] : segments.slice(0, isPage ? -4 : -3);
  const project = isPage && fourth === 'users' ? `~${key}` : (key ?? '');
  const isKnown = isPage || isSsh || third === 'scm';
  if (!isKnown || ![...prefix, project.replace(/^~/, ''), name].every(isSegment)) {
    const form = 'https://HOST/scm/PROJECT/REPOSITORY.git';
    throw invalid(`names no repository on ${parsed.host}: its form is ${form}`);
  }
  return { origin: parsed.origin, host: parsed.host, prefix: pathOf(prefix), project, name };
}

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
  const isSsh = url.startsWith('ssh:') && decoded.length === 4 && decoded.shift() === 'v3';
  const [name = '', git] = [decoded.pop(), isSsh ? '_git' : decoded.pop()];
  if (
    git !== '_git' ||
    !/^[^/\\\p{Cc}]+$/u.test(name) ||
    !decoded.every((one) => /^[^/\\\p{Cc}]+$/u.test(one))
  ) {
    const form = 'https://dev.azure.com/ORGANIZATION/PROJECT/_git/REPOSITORY';
    throw invalid(`names no repository on ${parsed.host}: its form is ${form}`);
  }
  const project = lacksProject(parsed.hostname, decoded) ? [name] : [];
  const path = pathOf([...decoded, ...project].map(encodeURIComponent));
  if (path === '') throw invalid(`names no organization, or collection, and project on ${parsed.host}`);
  return { origin: parsed.origin, host: parsed.host, path, name: encodeURIComponent(name) };
}

function decodedOf(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid('holds a % that begins no encoded character: write it as %25');
  }
}

/** The collection that a server has to begin with, and that an organization of visualstudio.com has alone. */
const DEFAULT_COLLECTION = /^DefaultCollection$/i;

/**
 * Whether what stands before `_git` ends in the organization or collection. On a server two parts may be a directory and a
 * collection, or a collection and a project: it is the former where the names are those that a server has to begin with,
 * https://learn.microsoft.com/en-us/azure/devops/integrate/how-to/call-rest-api
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

function splitUrl(url: string): { parsed: URL; segments: string[] } {
  const parsed = URL.parse(url);
  if (!parsed || !['https:', 'http:', 'ssh:'].includes(parsed.protocol)) {
    throw invalid('is not a URL that starts with https:// or ssh://');
  }
  if ((parsed.username && parsed.protocol !== 'ssh:') || parsed.password) {
    throw invalid('holds a user name or password: take it out and put it into the Secret');
  }
  if (parsed.search || parsed.hash) throw invalid('holds a query or a fragment: take it out');

  const segments = parsed.pathname
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(1);
  return { parsed: parsed.protocol === 'ssh:' ? webOf(parsed) : parsed, segments };
}

/** Hosts that serve Git over SSH alone, and the forge that they belong to. */
const SSH_HOSTS: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'ssh.dev.azure.com': 'dev.azure.com',
  'vs-ssh.visualstudio.com': 'dev.azure.com',
};

/** The forge of a host is reached by https at its usual port, whichever one SSH has. */
function webOf({ hostname }: URL): URL {
  const host = hostname.toLowerCase();
  return new URL(`https://${SSH_HOSTS[host] ?? host}/`);
}

function pathOf(segments: readonly string[]): string {
  return segments.map((segment) => `/${segment}`).join('');
}

function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..';
}

function invalid(what: string): TurnpikeError {
  return new TurnpikeError('SpecInvalid', `The url of the pull-request strategy ${what}.`);
}
