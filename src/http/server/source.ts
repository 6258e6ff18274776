import { canonicalAddress, isInNetwork } from '../../lib/net/index.ts';

/**
 * The caller: the address that rate limits, budgets and the log go by. That of the connection, or what a proxy that
 * the operator names says in `X-Forwarded-For`.
 */
export interface TrustedProxies {
  includes(source: string): boolean;
  /** The caller of a request that came from this source. */
  callerOf(source: string, request: Request): string;
}

/** The server hands this in with each request; the address of the socket, or what a trusted proxy says of it. */
export interface Bindings {
  readonly source: string;
}

/** A chain of proxies is far shorter; only this much of the header's end is read. */
const MAX_HEADER_LENGTH = 1024;

/** The address of a connection in one spelling. */
export function sourceOf(address: string): string {
  return canonicalAddress(address) ?? address;
}

export function createTrustedProxies(networks: readonly string[]): TrustedProxies {
  const includes = (source: string) => networks.some((network) => isInNetwork(source, network));
  if (networks.length === 0) return { includes, callerOf: (source) => source };
  return {
    includes,
    callerOf(source, request) {
      const header = includes(source) ? request.headers.get('x-forwarded-for') : null;
      return header ? (forwardedFor(header, includes) ?? source) : source;
    },
  };
}

/**
 * The last entry that is no trusted proxy: whatever stands before it may be the caller's invention. Where all are
 * proxies, the first. Undefined where an entry is no address.
 */
function forwardedFor(header: string, isProxy: (source: string) => boolean): string | undefined {
  const isCut = header.length > MAX_HEADER_LENGTH;
  const entries = header.slice(-MAX_HEADER_LENGTH).split(',').reverse();
  let caller: string | undefined;
  for (const [index, entry] of entries.entries()) {
    if (isCut && index === entries.length - 1) return undefined;
    caller = canonicalAddress(withoutPort(entry.trim()));
    if (caller === undefined || !isProxy(caller)) return caller;
  }
  return caller;
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(entry);
  return parts?.[1] ?? parts?.[2] ?? entry;
}

/** Addresses and networks of a flag, in one spelling; throws a sentence for what is neither. */
export function parseNetworks(texts: readonly string[]): readonly string[] {
  return texts.map((text) => {
    const [address = '', ...bits] = text.split('/');
    const canonical = canonicalAddress(address);
    const network = canonical && [canonical, ...bits].join('/');
    if (network && isInNetwork(canonical, network)) return network;
    throw new Error(`${JSON.stringify(text)} is not an address or network: write 10.0.0.7 or 10.0.0.0/8.`);
  });
}
