import { isIP } from 'node:net';
import { TurnpikeError } from '../../errors.ts';
import { withoutBrackets } from '../addresses.ts';
import { type HostPolicy, isForbiddenAddress, isInsecureHost, proxyHostProblem } from '../hosts.ts';
import type { Lookup } from '../lookup.ts';

/** The proxy that a request goes through. */
export interface UsedProxy {
  readonly url: URL;
  /** A Secret of the Pipeline names it, and not the environment. */
  readonly isOwn: boolean;
}

/** @throws TurnpikeError HostNotAllowed for a proxy that the Pipeline must not name */
export function refuseProxy({ url, isOwn }: UsedProxy, policy: HostPolicy): void {
  const problem = isOwn ? proxyHostProblem(url, policy) : undefined;
  if (problem !== undefined) throw notAllowed(problem);
}

/**
 * The same proxy at an address that was looked at: it has no certificate to show for its name. One by https has, and keeps
 * its name, which Bun checks the certificate against.
 *
 * @throws TurnpikeError HostNotAllowed when its name leads to a forbidden address; the look-up's own error
 */
export async function atCheckedAddress({ url }: UsedProxy, policy: HostPolicy, lookup: Lookup): Promise<URL> {
  const host = withoutBrackets(url.hostname);
  if (isIP(host) !== 0 || isInsecureHost(url, policy)) return url;
  const addresses = await lookup(host);
  const forbidden = addresses.find(isForbiddenAddress);
  if (forbidden !== undefined) {
    throw notAllowed(
      `${host} resolves to ${forbidden}, a loopback, link-local or metadata address: list ${url.host} in --insecure-git-hosts if this is intended.`,
    );
  }
  const [address] = addresses;
  if (url.protocol === 'https:' || address === undefined) return url;
  const changed = new URL(url);
  changed.hostname = address.includes(':') ? `[${address}]` : address;
  return changed;
}

function notAllowed(problem: string): TurnpikeError {
  const message = `The proxy that proxySecretRef names is not used: ${problem}`;
  return new TurnpikeError('HostNotAllowed', message);
}
