import { lookup as dnsLookup } from 'node:dns/promises';

/** The addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const KEPT_MS = 5_000;
const MAX_KEPT = 1_000;

export async function systemLookup(host: string): Promise<string[]> {
  const found = await dnsLookup(host, { all: true });
  return found.map(({ address }) => address);
}

/** Remembers answers for a few seconds, failures not at all; who asks while it is asked waits for that answer. */
export function remembered(lookup: Lookup): Lookup {
  const known = new Map<string, { readonly until: number; readonly addresses: readonly string[] }>();
  const asking = new Map<string, Promise<readonly string[]>>();

  async function ask(host: string): Promise<readonly string[]> {
    const addresses = await lookup(host);
    if (known.size >= MAX_KEPT) known.clear();
    known.set(host, { until: performance.now() + KEPT_MS, addresses });
    return addresses;
  }

  return async (host) => {
    const kept = known.get(host);
    if (kept && kept.until > performance.now()) return kept.addresses;
    const asked = asking.get(host) ?? ask(host).finally(() => asking.delete(host));
    asking.set(host, asked);
    return asked;
  };
}
