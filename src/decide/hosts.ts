import { isForbiddenAddress } from './addresses.ts';

export { isForbiddenAddress } from './addresses.ts';

/**
 * Which hosts may be reached. Admission asks by URL alone, without DNS; `src/promote/outbound.ts` asks again
 * with the addresses that a name resolves to.
 */
export interface HostPolicy {
  /** `--git-hosts`: `host`, `host:port` or `*.host`; empty allows every host. */
  readonly allowed: readonly string[];
  /** `--insecure-git-hosts`: the same forms; these may be reached by http and at forbidden addresses. */
  readonly insecure: readonly string[];
}

const MAX_URL_LENGTH = 2048;

/**
 * The sentence that says what is wrong with this repository URL, or undefined. It never quotes a URL that
 * holds credentials.
 */
export function urlProblem(url: string, policy: HostPolicy): string | undefined {
  return shapeProblem(url) ?? hostProblem(new URL(url), policy);
}

/** The same for everything but the host. */
export function shapeProblem(url: string): string | undefined {
  if (url.length > MAX_URL_LENGTH) return `The URL is longer than ${MAX_URL_LENGTH} characters.`;
  if (/[\s\\]|\p{Cc}/u.test(url)) return 'The URL holds spaces, backslashes or control characters.';
  if (!URL.canParse(url)) return 'This is no URL: write it as https://<host>/<owner>/<repository>.';
  const parsed = new URL(url);
  if (parsed.username !== '' || parsed.password !== '') {
    return 'The URL holds a user or password: put them into the Secret that secretRef names.';
  }
  if (/[?#]/.test(url)) return 'The URL holds a query or a fragment: leave out everything from ? or # on.';
  if (parsed.pathname.replaceAll('/', '') === '') {
    return 'The URL names no repository: write it as https://<host>/<owner>/<repository>.';
  }
  return undefined;
}

/** The same for the scheme and the host alone, for any request that is about to be sent. */
export function hostProblem(url: URL, policy: HostPolicy): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return `The URL's scheme is ${url.protocol.slice(0, -1)}: only https is supported.`;
  }
  if (isInsecureHost(url, policy)) return undefined;
  const host = hostOf(url);
  if (url.protocol === 'http:') {
    return `The URL uses http: use https, or list ${url.host} in --insecure-git-hosts.`;
  }
  if (isForbiddenName(host) || isForbiddenAddress(host)) {
    return `${url.host} is a loopback, link-local or metadata address: list it in --insecure-git-hosts if it is meant.`;
  }
  if (policy.allowed.length > 0 && !isListed(url, policy.allowed)) {
    return `${url.host} is not one of the hosts in --git-hosts.`;
  }
  return undefined;
}

/** True when the URL's host is one of `--insecure-git-hosts`. */
export function isInsecureHost(url: URL, policy: HostPolicy): boolean {
  return policy.insecure.some((pattern) => matches(pattern, hostOf(url), portOf(url)));
}

/** A forge's API host, `api.<host>` at GitHub, is allowed together with `<host>`. */
function isListed(url: URL, patterns: readonly string[]): boolean {
  const host = hostOf(url);
  const names = host.startsWith('api.') ? [host, host.slice('api.'.length)] : [host];
  return names.some((name) => patterns.some((pattern) => matches(pattern, name, portOf(url))));
}

/** Lower case, without the brackets of IPv6 and without the root's trailing dot. */
function hostOf(url: URL): string {
  return url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'http:' ? '80' : '443');
}

/** A pattern without a port matches every port; `*.host` matches names below `host`, not `host` itself. */
function matches(pattern: string, host: string, port: string): boolean {
  const { name, port: wantedPort } = splitPattern(pattern.trim().toLowerCase());
  if (wantedPort !== undefined && wantedPort !== port) return false;
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) && host.length >= name.length : host === name;
}

function splitPattern(pattern: string): { name: string; port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(pattern);
  if (bracketed) return { name: bracketed[1] ?? '', port: bracketed[2] };
  const plain = /^([^:]*):(\d+)$/.exec(pattern);
  return plain ? { name: plain[1] ?? '', port: plain[2] } : { name: pattern, port: undefined };
}

/** Names that stand for forbidden addresses whatever DNS says (RFC 6761 for localhost). */
function isForbiddenName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === 'metadata.google.internal';
}
