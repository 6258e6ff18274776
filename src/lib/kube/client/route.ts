import { isIP } from 'node:net';
import { createDeadline } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import type { ClusterUrl } from '../../net/index.ts';
import { hostOf } from '../../net/pure.ts';
import type { CheckedHost, HostCheck } from './host-check.ts';

/** An address of an API server, with the proxy that leads there. */
export interface Endpoint {
  /** The server's URL without a slash at the end; an address that was looked at stands in the place of its name. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: BunFetchRequestInit['proxy'];
  /** True: people are shown what the server says. */
  readonly isQuotable: boolean;
}

export interface Route {
  /** The name that the server's certificate has to be for, where the URL does not say it; not through a proxy. */
  readonly serverName: string | undefined;
  /** Endpoints to try, in this order. @throws what `checkHost` throws */
  endpoints(): Promise<readonly Endpoint[]>;
  /** Nothing came of it: the others are tried first from now on. */
  failed(endpoint: Endpoint): void;
}

export interface RouteOptions {
  /** Without a slash at the end. */
  readonly server: string;
  readonly proxy: string | URL | undefined;
  /** None: the server is believed, and its name is left to Bun. */
  readonly checkHost: HostCheck | undefined;
}

export function createRoute({ server, proxy, checkHost }: RouteOptions): Route {
  if (!checkHost) {
    const endpoint = { base: server, headers: {}, proxy: proxyOption(proxy), isQuotable: true };
    return { serverName: undefined, endpoints: async () => [endpoint], failed: () => {} };
  }
  const url = new URL(server);
  const find = proxy ? throughProxy(server, new URL(proxy), checkHost) : directly(server, checkHost);
  const avoided = new Set<string>();
  return {
    serverName: proxy || url.protocol === 'http:' || isIP(hostOf(url)) !== 0 ? undefined : hostOf(url),
    async endpoints() {
      const endpoints = await find();
      // Once all have failed, none is worse than another.
      if (endpoints.every((endpoint) => avoided.has(keyOf(endpoint)))) avoided.clear();
      return endpoints.toSorted((a, b) => Number(avoided.has(keyOf(a))) - Number(avoided.has(keyOf(b))));
    },
    failed: (endpoint) => void avoided.add(keyOf(endpoint)),
  };
}

function keyOf({ base, proxy }: Endpoint): string {
  return proxy ? JSON.stringify(proxy) : base;
}

function directly(server: string, checkHost: HostCheck) {
  const url = new URL(server);
  return async (): Promise<Endpoint[]> => {
    const { addresses, isQuotable } = await checkHost('server', url);
    return addresses.map((address) => ({
      base: withHost(url, address),
      headers: { host: url.host },
      proxy: false,
      isQuotable,
    }));
  };
}

/**
 * The server's name is looked up by the proxy, and here as far as it can be. Bun checks the certificate of a proxy
 * against its URL alone: one that is reached by https keeps its name there, and has to prove it.
 */
function throughProxy(server: string, proxy: URL, checkHost: HostCheck) {
  const behind = checkBehind(checkHost, new URL(server));
  return async (): Promise<Endpoint[]> => {
    const [ahead, { isQuotable }] = await Promise.all([checkHost('proxy-url', proxy), behind()]);
    const urls =
      proxy.protocol === 'https:' ? [proxy.href] : ahead.addresses.map((address) => withHost(proxy, address));
    return urls.map((one) => ({
      base: server,
      headers: {},
      proxy: proxyOption(one),
      isQuotable: ahead.isQuotable && isQuotable,
    }));
  };
}

/** Time for a look-up of what is behind a proxy: the name server may not know it, and be slow to say so. */
const BEHIND_MS = 500;
const BEHIND_KEPT_MS = 30_000;

function checkBehind(checkHost: HostCheck, server: URL): () => Promise<CheckedHost> {
  let kept: { readonly until: number; readonly checked: Promise<CheckedHost> } | undefined;
  const unknown: CheckedHost = { addresses: [], isQuotable: true };

  async function ask(what: ClusterUrl): Promise<CheckedHost> {
    const deadline = createDeadline({ timeoutMs: BEHIND_MS });
    try {
      return await deadline.race(checkHost(what, server));
    } catch (error) {
      if (error instanceof TurnpikeError) throw error;
      return unknown;
    } finally {
      deadline.clear();
    }
  }

  return () => {
    if (kept && kept.until > performance.now()) return kept.checked;
    const checked = ask('server');
    kept = { until: performance.now() + BEHIND_KEPT_MS, checked };
    return checked;
  };
}

function proxyOption(url: string | URL | undefined): BunFetchRequestInit['proxy'] {
  return url ? { url, respectNoProxy: false } : false;
}

/** The URL with an address in the place of its host, without a slash at the end. */
function withHost(url: URL, address: string): string {
  const changed = new URL(url);
  changed.hostname = address.includes(':') ? `[${address}]` : address;
  return changed.href.replace(/\/+$/, '');
}
