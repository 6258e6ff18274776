import { isForbiddenAddress, isLoopbackAddress } from './addresses.ts';
import { hostOf, isForbiddenName, isNamedBy } from './hosts.ts';

/**
 * The hosts that kubeconfigs of other clusters may lead to. A kubeconfig is checked by its text alone, without
 * DNS; `src/lib/kube/client/host-check.ts` asks again with the addresses that a name resolves to.
 */
export interface ClusterHosts {
  /** `--cluster-hosts`: `host`, `host:port` or `*.host`; empty allows every host. */
  readonly allowed: readonly string[];
  /** `--insecure-git-hosts`: these may be reached by http and at forbidden addresses, as Git hosts may. */
  readonly insecure: readonly string[];
  /**
   * Allows loopback addresses, by http too. In a Pod loopback is the Pod itself, where no cluster is. Where our own
   * API server is at loopback, we run on the same machine, and so may other clusters: no flag is needed, and none can
   * be left on by mistake.
   */
  readonly allowLoopback: boolean;
}

export type ClusterUrl = 'server' | 'proxy-url';

/** An API server at loopback means that this process runs beside its cluster instead of in it. */
export function isLoopbackServer(server: string): boolean {
  return URL.canParse(server) && isLoopback(hostOf(new URL(server)));
}

/**
 * The fault of a URL in a kubeconfig as the end of a sentence, such as `has a server that is not a
 * URL`. The connection to a proxy may be plain: what goes through it is encrypted to the API server.
 */
export function clusterUrlProblem(what: ClusterUrl, text: string, hosts: ClusterHosts): string | undefined {
  if (!URL.canParse(text)) return `has a ${what} that is not a URL`;
  const url = new URL(text);
  if (url.username || url.password) return `has a ${what} with credentials in it: remove them`;
  if (url.search || url.hash) return `has a ${what} with a query: remove it`;
  const mayBePlain = what === 'proxy-url' || isOurOwn(url, hosts);
  if (url.protocol !== 'https:' && !(mayBePlain && url.protocol === 'http:')) {
    return `has a ${what} that is not reached by https`;
  }
  const host = hostOf(url);
  if ((isForbiddenName(host) || isForbiddenAddress(host)) && !isOurOwn(url, hosts)) {
    return `has a ${what} at a loopback, link-local or metadata address, where no other cluster is`;
  }
  if (hosts.allowed.length > 0 && !isNamedBy(url, hosts.allowed)) {
    return `has a ${what} at ${url.host}, which is not one of the hosts in --cluster-hosts`;
  }
  return undefined;
}

/** The address that the host of such a URL must not have. */
export function forbiddenAmong(
  addresses: readonly string[],
  url: URL,
  hosts: ClusterHosts,
): string | undefined {
  if (isNamedBy(url, hosts.insecure)) return undefined;
  return addresses.find((ip) => isForbiddenAddress(ip) && !(hosts.allowLoopback && isLoopbackAddress(ip)));
}

/** True where people may be shown what a host at these addresses answers. At loopback any service of ours may answer. */
export function isQuotable(addresses: readonly string[], url: URL, hosts: ClusterHosts): boolean {
  return isNamedBy(url, hosts.insecure) || !addresses.some(isForbiddenAddress);
}

function isOurOwn(url: URL, { insecure, allowLoopback }: ClusterHosts): boolean {
  return isNamedBy(url, insecure) || (allowLoopback && isLoopback(hostOf(url)));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host);
}
