import { lookup as dnsLookup } from 'node:dns/promises';
import { createCache } from '../async/index.ts';

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
  const answers = createCache<readonly string[]>({
    max: MAX_KEPT,
    ttlMs: KEPT_MS,
    now: () => performance.now(),
  });
  return async (host) => answers.get(host, () => lookup(host));
}
