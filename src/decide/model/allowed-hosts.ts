import { ALLOWED_HOSTS } from '../../api/group.ts';
import { type HostPolicy, isListed } from '../../lib/net/pure.ts';
import { commaSeparated } from '../../lib/text/index.ts';

/** Which hosts a Secret may be sent to: its annotation says. */

/** The annotation of a Secret: hosts, `sealed` where it is encrypted, or undefined where there is none. */
export type AllowedHosts = readonly string[] | 'sealed' | undefined;

/** Where a Secret would go: to the host of a repository, or to a proxy on the way there. */
export type Destination = string | { readonly proxy: URL };

/**
 * Why a Secret may not be sent to a host, or undefined. Without an annotation it may be sent to any host that the operator
 * allows, unless he asks for one.
 *
 * @param secret `Secret ns/name`
 */
export function secretHostProblem(
  secret: string,
  to: Destination,
  allowed: AllowedHosts,
  { requireAllowedHosts = false }: Pick<HostPolicy, 'requireAllowedHosts'>,
): string | undefined {
  if (allowed === 'sealed') return undefined;
  const parsed = typeof to === 'string' ? URL.parse(to) : to.proxy;
  if (allowed !== undefined) {
    if (parsed && isListed(parsed, allowed)) return undefined;
    const whither =
      typeof to === 'string' ? "to this repository's host" : `through the proxy ${to.proxy.host}`;
    return `${secret} may not be sent ${whither}: its annotation ${ALLOWED_HOSTS} allows ${allowed.join(', ') || 'none'}.`;
  }
  if (!requireAllowedHosts) return undefined;
  const host = parsed ? `, such as ${parsed.host}` : '';
  return `${secret} may be sent nowhere: --require-allowed-hosts is set, and it has no annotation ${ALLOWED_HOSTS}. Put the hosts there that it is for${host}.`;
}

/** The annotation's comma-separated hosts. */
export function hostList(text: string): string[] {
  return commaSeparated(text);
}
