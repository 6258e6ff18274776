import { TurnpikeError } from '../../errors.ts';
import {
  type ClusterHosts,
  type ClusterUrl,
  forbiddenAmong,
  isAddress,
  isQuotable,
  type Lookup,
} from '../../net/index.ts';
import { hostOf } from '../../net/pure.ts';

/** The addresses at which a host may be connected to. */
export interface CheckedHost {
  readonly addresses: readonly string[];
  /** True: people are shown what the server says. */
  readonly isQuotable: boolean;
}

/**
 * Looks up the host of a kubeconfig's URL.
 *
 * @throws TurnpikeError HostNotAllowed when one of its addresses is none for clusters; the look-up's own error
 */
export type HostCheck = (what: ClusterUrl, url: URL) => Promise<CheckedHost>;

/** A name may have any number of addresses, and each is a connection to be tried. */
const MAX_ADDRESSES = 8;

export function createHostCheck(hosts: ClusterHosts, lookup: Lookup): HostCheck {
  return async (what, url) => {
    const host = hostOf(url);
    const addresses = isAddress(host) ? [host] : await lookup(host);
    const forbidden = forbiddenAmong(addresses, url, hosts);
    if (forbidden !== undefined) throw notAllowed(what, host, forbidden);
    return {
      addresses: addresses.slice(0, MAX_ADDRESSES),
      isQuotable: isQuotable(addresses, url, hosts),
    };
  };
}

function notAllowed(what: ClusterUrl, host: string, forbidden: string): TurnpikeError {
  const subject = what === 'server' ? 'The API server' : 'The proxy (proxy-url)';
  return new TurnpikeError(
    'HostNotAllowed',
    `${subject} of the kubeconfig is not connected to: ${host} resolves to ${forbidden}, a loopback, link-local or metadata address, where no other cluster is.`,
    { retry: 'backoff' },
  );
}
