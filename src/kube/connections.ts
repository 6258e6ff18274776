import type { KubeConfig } from '@kubernetes/client-node';
import { untilAborted } from '../api/abort.ts';
import { TurnpikeError } from '../api/errors.ts';
import type { ProxyFor } from '../decide/proxy.ts';
import { type Credentials, createCredentialSource } from './credentials.ts';

/** Connections to one API server under the credentials of the moment. */
export interface Connections {
  /** Without a slash at the end. */
  readonly server: string;
  /** Of the context; `default` when it names none. */
  readonly namespace: string;
  fetch(url: string, init: BunFetchRequestInit): Promise<Response>;
  close(): void;
}

/**
 * One keep-alive pool for each set of certificates: when they change a new pool takes over, so that no
 * request rides on a connection that was opened as somebody else. Without `proxyFor` only the kubeconfig's
 * `proxy-url` leads to a proxy: Bun's own look into the environment is for neither.
 */
export function createConnections(kubeConfig: KubeConfig, proxyFor?: ProxyFor): Connections {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster)
    throw new TurnpikeError('ConfigInvalid', 'The kubeconfig has no cluster.', { retry: 'never' });
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const proxyUrl = cluster.proxyUrl || proxyFor?.(new URL(cluster.server));
  const proxy = proxyUrl ? { url: proxyUrl, respectNoProxy: false } : false;
  const source = createCredentialSource(kubeConfig);
  let pool: { readonly credentials: Credentials; readonly session: Bun.FetchSession } | undefined;

  function sessionFor(credentials: Credentials): Bun.FetchSession {
    if (pool?.credentials === credentials) return pool.session;
    const { tls } = credentials;
    const last = pool && Bun.deepEquals(pool.credentials.tls, tls) ? pool.session : undefined;
    if (!last) pool?.session.close();
    const session = last ?? new Bun.FetchSession({ tls, proxy });
    pool = { credentials, session };
    return session;
  }

  async function attempt(url: string, init: BunFetchRequestInit): Promise<Response> {
    // A credential plugin that hangs must not hold a request longer than its deadline.
    const credentials = await untilAborted(source.current(), init.signal);
    const headers = { ...init.headers, ...credentials.headers };
    return sessionFor(credentials).fetch(url, { ...init, headers });
  }

  /** A token may have been replaced a moment ago: what is refused once is tried once more with fresh ones. */
  async function fetch(url: string, init: BunFetchRequestInit): Promise<Response> {
    const response = await attempt(url, init);
    if (response.status !== 401) return response;
    await response.body?.cancel();
    source.invalidate();
    return attempt(url, init);
  }

  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: context?.namespace || 'default',
    fetch,
    close: () => pool?.session.close(),
  };
}
