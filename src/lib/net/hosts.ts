import { isForbiddenAddress, withoutBrackets } from './addresses.ts';
import { shapeProblem } from './repository-url.ts';

export { isForbiddenAddress } from './addresses.ts';

/**
 * The hosts that may be reached. Admission asks by URL alone, without DNS; `src/lib/net/outbound.ts` asks again
 * with the addresses that a name resolves to.
 */
export interface HostPolicy {
  /** `--git-hosts`: `host`, `host:port` or `*.host`; empty allows every host. */
  readonly allowed: readonly string[];
  /** `--insecure-git-hosts`: the same forms; these may be reached by http and at forbidden addresses. */
  readonly insecure: readonly string[];
  /** `--require-allowed-hosts`: a Secret whose annotation names no hosts is sent nowhere. */
  readonly requireAllowedHosts?: boolean;
}

/**
 * Ports at which Git hosts serve SSH: OpenSSH and forges on machines of their own; the containers of Forgejo, Gitea and Gogs
 * (222, 2222, 10022); github.com and gitlab.com for networks that let nothing else out (443); Bitbucket Data Center,
 * Soft Serve and Gerrit.
 */
export const SSH_PORTS: readonly string[] = ['22', '222', '443', '2222', '7999', '10022', '23231', '29418'];

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'ssh:': '22' };

/**
 * The sentence that says what is wrong with this repository URL, by https or ssh, or undefined. It never
 * quotes a URL that holds credentials.
 */
export function urlProblem(url: string, policy: HostPolicy): string | undefined {
  return shapeProblem(url) ?? repositoryHostProblem(new URL(url), policy);
}

/** The sentence that says what is wrong with the scheme and the host of a request, or undefined. */
export function hostProblem(url: URL, policy: HostPolicy): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return `The URL's scheme is ${url.protocol.slice(0, -1)}: only https is supported.`;
  }
  if (isInsecureHost(url, policy)) return undefined;
  if (url.protocol === 'http:') {
    return `The URL uses http: use https, or list ${url.host} in --insecure-git-hosts.`;
  }
  return reachProblem(url, policy);
}

/**
 * The same for a proxy that a Pipeline names. The connection to it may be plain: what goes through it is
 * encrypted to the host behind it, but for hosts that are reached by http.
 */
export function proxyHostProblem(url: URL, policy: HostPolicy): string | undefined {
  return isInsecureHost(url, policy) ? undefined : reachProblem(url, policy);
}

/** The same for the host alone; `shapeProblem` lets no other schemes pass. */
export function repositoryHostProblem(url: URL, policy: HostPolicy): string | undefined {
  return url.protocol === 'ssh:' ? sshHostProblem(url, policy) : hostProblem(url, policy);
}

/** URLs of other schemes than http keep their host as it is written (WHATWG URL, "opaque host"). */
function sshHostProblem(url: URL, policy: HostPolicy): string | undefined {
  if (!/^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/i.test(url.hostname)) {
    return 'The URL names no host: write it as ssh://git@<host>/<owner>/<repository>.';
  }
  if (isInsecureHost(url, policy)) return undefined;
  return reachProblem(url, policy) ?? sshPortProblem(url, policy);
}

/** A tenant who may choose any port can scan the network that we are in. */
function sshPortProblem(url: URL, { allowed }: HostPolicy): string | undefined {
  const withPort = allowed.filter((pattern) => splitPattern(pattern.trim()).port !== undefined);
  if (SSH_PORTS.includes(portOf(url)) || isNamedBy(url, withPort)) return undefined;
  return `${url.host} is not at a usual port of SSH (${SSH_PORTS.join(', ')}): list ${url.host} in --git-hosts, beside all other hosts that are used.`;
}

function reachProblem(url: URL, policy: HostPolicy): string | undefined {
  const host = hostOf(url);
  if (isForbiddenName(host) || isForbiddenAddress(host)) {
    return `${url.host} is a loopback, link-local or metadata address: list it in --insecure-git-hosts if this is intended.`;
  }
  if (policy.allowed.length > 0 && !isListed(url, policy.allowed)) {
    return `${url.host} is not one of the hosts in --git-hosts.`;
  }
  return undefined;
}

/** True when the URL's host is one of `--insecure-git-hosts`. */
export function isInsecureHost(url: URL, policy: HostPolicy): boolean {
  return isNamedBy(url, policy.insecure);
}

/** True where one of the patterns is for this very host and port. */
export function isNamedBy(url: URL, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(pattern, hostOf(url), portOf(url)));
}

/** A forge's API host, `api.<host>` at GitHub, is allowed together with `<host>`. */
export function isListed(url: URL, patterns: readonly string[]): boolean {
  const host = hostOf(url);
  const names = host.startsWith('api.') ? [host, host.slice('api.'.length)] : [host];
  return names.some((name) => patterns.some((pattern) => matches(pattern, name, portOf(url))));
}

/** Lower case, without the brackets of IPv6 and without the root's trailing dot. */
export function hostOf(url: URL): string {
  return withoutBrackets(url.hostname.toLowerCase()).replace(/\.$/, '');
}

export function portOf(url: URL): string {
  return url.port || (DEFAULT_PORTS[url.protocol] ?? '443');
}

/** A pattern without a port matches every port. */
function matches(pattern: string, host: string, port: string): boolean {
  const { name, port: wantedPort } = splitPattern(pattern.trim().toLowerCase());
  if (wantedPort !== undefined && wantedPort !== port) return false;
  return matchesHost(name, host);
}

/** `*.host` matches names below `host`, not `host` itself. */
export function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return host === pattern;
  return host.endsWith(pattern.slice(1)) && host.length >= pattern.length;
}

/** `host`, `host:port` or `[address]:port`; an IPv6 address without brackets has no port. */
export function splitPattern(pattern: string): { name: string; port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(pattern);
  if (bracketed) return { name: bracketed[1] ?? '', port: bracketed[2] };
  const plain = /^([^:]*):(\d+)$/.exec(pattern);
  return plain ? { name: plain[1] ?? '', port: plain[2] } : { name: pattern, port: undefined };
}

/** Names that stand for forbidden addresses whatever DNS says (RFC 6761 for localhost). */
export function isForbiddenName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === 'metadata.google.internal';
}
