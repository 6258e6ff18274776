import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { TurnpikeError } from '../../api/errors.ts';
import { type HostPolicy, isForbiddenAddress, isInsecureHost } from '../../decide/hosts.ts';

/** The addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const LOOKUP_KEPT_MS = 5_000;
const LOOKUPS_KEPT = 1_000;

export async function refuseForbiddenAddresses(url: URL, policy: HostPolicy, lookup: Lookup): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 || isInsecureHost(url, policy)) return;
  const forbidden = (await lookup(host)).find(isForbiddenAddress);
  if (forbidden === undefined) return;
  throw new TurnpikeError(
    'HostNotAllowed',
    `${host} resolves to ${forbidden}, a loopback, link-local or metadata address: list ${url.host} in --insecure-git-hosts if it is meant.`,
  );
}

export async function systemLookup(host: string): Promise<string[]> {
  const found = await dnsLookup(host, { all: true });
  return found.map(({ address }) => address);
}

/** Remembers answers for a few seconds, failures not at all. */
export function remembered(lookup: Lookup): Lookup {
  const known = new Map<string, { readonly until: number; readonly addresses: readonly string[] }>();
  return async (host) => {
    const kept = known.get(host);
    if (kept && kept.until > performance.now()) return kept.addresses;
    const addresses = await lookup(host);
    if (known.size >= LOOKUPS_KEPT) known.clear();
    known.set(host, { until: performance.now() + LOOKUP_KEPT_MS, addresses });
    return addresses;
  };
}
