import { ALLOWED_HOSTS } from '../../api/group.ts';
import { type HostPolicy, isListed } from '../../lib/net/pure.ts';
import { commaSeparated } from '../../lib/text/index.ts';

/** The hosts that a Secret may be sent to, by its annotation. */

/** The annotation of a Secret: hosts, `sealed` if it is encrypted, or undefined if it is absent. */
export type AllowedHosts = readonly string[] | 'sealed' | undefined;

/** The destination of a Secret: the host of a repository, or a proxy on the route to it. */
export type Destination = string | { readonly proxy: URL };

/**
 * The reason for which a Secret may not be sent to a host, or undefined. A Secret without an annotation may be sent to
 * any host that the operator allows, unless the operator requires the annotation.
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
  return `${secret} may not be sent anywhere: --require-allowed-hosts is set, and it has no annotation ${ALLOWED_HOSTS}. Set it to the hosts that the Secret is for${host}.`;
}

/** The annotation's comma-separated hosts. */
export function hostList(text: string): string[] {
  return commaSeparated(text);
}
