import type { KubeConfig } from '@kubernetes/client-node';
import { untilAborted } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import type { ProxyFor } from '../../net/index.ts';
import { type Credentials, createCredentialSource } from '../kubeconfig/credentials.ts';
import { type Answer, errorCode } from './exchange.ts';
import type { HostCheck } from './host-check.ts';
import { createRoute } from './route.ts';

/** Connections to one API server under the credentials of the moment. */
export interface Connections {
  /** Without a slash at the end. */
  readonly server: string;
  /** Namespace of the context; `default` when it names none. */
  readonly namespace: string;
  /** `path` with its query. */
  fetch(path: string, init: BunFetchRequestInit): Promise<Answer>;
  close(): void;
}

export interface ConnectionsDeps {
  /** For clusters whose kubeconfig has no `proxy-url`. */
  readonly proxyFor?: ProxyFor | undefined;
  /** For kubeconfigs of others: only the addresses that it gives are connected to. */
  readonly checkHost?: HostCheck | undefined;
}

/** There was no connection, so that nothing was sent: another address may do. */
const UNCONNECTED = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EPERM)$/;

/**
 * One keep-alive pool for each set of certificates: when they change a new pool takes over, so that no
 * request rides on a connection that was opened as somebody else. Without `proxyFor` only the kubeconfig's
 * `proxy-url` leads to a proxy: Bun's own look into the environment is for neither.
 */
export function createConnections(
  kubeConfig: KubeConfig,
  { proxyFor, checkHost }: ConnectionsDeps = {},
): Connections {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new TurnpikeError('ConfigInvalid', 'The kubeconfig has no cluster.');
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const server = cluster.server.replace(/\/+$/, '');
  const proxy = cluster.proxyUrl || proxyFor?.(new URL(cluster.server));
  const route = createRoute({ server, proxy, checkHost });
  const source = createCredentialSource(kubeConfig);
  const sessions = createSessions(route.serverName);

  async function attempt(path: string, init: BunFetchRequestInit): Promise<Answer> {
    // A credential plugin or a name server that hangs must not hold a request longer than its deadline.
    const credentials = await untilAborted(source.current(), init.signal);
    const endpoints = await untilAborted(route.endpoints(), init.signal);
    const session = sessions.of(credentials);
    let failure: unknown = new Error('its name has no address');
    for (const endpoint of endpoints) {
      const headers = { ...init.headers, ...credentials.headers, ...endpoint.headers };
      try {
        const response = await session.fetch(endpoint.base + path, {
          ...init,
          headers,
          proxy: endpoint.proxy,
        });
        return { response, isQuotable: endpoint.isQuotable, secrets: secretsOf(credentials) };
      } catch (error) {
        route.failed(endpoint);
        failure = error;
        if (!UNCONNECTED.test(errorCode(error))) throw error;
      }
    }
    throw failure;
  }

  /** A token may have been replaced a moment ago: what is refused once is tried once more with fresh ones. */
  async function fetch(path: string, init: BunFetchRequestInit): Promise<Answer> {
    const answer = await attempt(path, init);
    if (answer.response.status !== 401) return answer;
    await answer.response.body?.cancel();
    source.invalidate();
    return attempt(path, init);
  }

  return {
    server,
    namespace: context?.namespace || 'default',
    fetch,
    close: sessions.close,
  };
}

/** The session of the certificates of now: another set of them closes the one before. */
function createSessions(serverName: string | undefined) {
  let pool: { readonly credentials: Credentials; readonly session: Bun.FetchSession } | undefined;
  return {
    of(credentials: Credentials): Bun.FetchSession {
      if (pool?.credentials === credentials) return pool.session;
      const { tls } = credentials;
      const last = pool && Bun.deepEquals(pool.credentials.tls, tls) ? pool.session : undefined;
      if (!last) pool?.session.close();
      const named = serverName === undefined ? tls : { serverName, ...tls };
      const session = last ?? new Bun.FetchSession({ tls: named });
      pool = { credentials, session };
      return session;
    },
    close: () => pool?.session.close(),
  };
}

/** Secrets of the kubeconfig's user: a token, or a name and password as they are sent. */
function secretsOf({ headers }: Credentials): string[] {
  return Object.values(headers)
    .flatMap((value) => value.split(' ').slice(1))
    .filter((secret) => secret.length > 3);
}
