import type { KubeConfig } from '@kubernetes/client-node';
import { inBackground, type TenantHost } from '../../lib/async/index.ts';
import {
  type ClusterConnection,
  type ConnectionDeps,
  createConnection,
  type RemoteApplications,
} from './connection.ts';

export interface PoolDeps extends Omit<ConnectionDeps, 'applications'> {
  readonly open: (kubeConfig: KubeConfig, place: TenantHost) => RemoteApplications;
}

/** A share in a connection. */
export interface ConnectionHandle {
  /** The digest of the kubeconfig. */
  readonly digest: string;
  readonly connection: ClusterConnection;
  /** Gives the share back; the last one closes the connection. */
  release(): void;
}

/** A kubeconfig, and the namespace that it is from. */
export interface PooledKubeconfig {
  readonly namespace: string;
  readonly digest: string;
  readonly kubeConfig: () => KubeConfig;
}

/**
 * One connection for each kubeconfig of a namespace, however many clusters of Pipelines have that one. Its requests
 * count as that namespace's, so that another one with a copy has a connection of its own.
 */
export interface ConnectionPool {
  acquire(pooled: PooledKubeconfig): ConnectionHandle;
  /** Closes all connections at once. */
  close(): void;
}

/** Reads that are under way may end first: a rotation does not interrupt them. */
const LINGER_SECONDS = 5;

export function createConnectionPool({ open, ...deps }: PoolDeps): ConnectionPool {
  const shared = new Map<string, { readonly connection: ClusterConnection; holders: number }>();
  const opened = new Set<ClusterConnection>();
  const schedule = deps.clock?.schedule ?? inBackground;

  function connect(kubeConfig: KubeConfig, place: TenantHost): ClusterConnection {
    const connection = createConnection({ ...deps, applications: open(kubeConfig, place) });
    opened.add(connection);
    return connection;
  }

  function disconnect(connection: ClusterConnection): void {
    opened.delete(connection);
    connection.close();
  }

  function acquire({ namespace, digest, kubeConfig }: PooledKubeconfig): ConnectionHandle {
    const key = `${namespace}/${digest}`;
    const known = shared.get(key);
    const entry = known ?? { connection: connect(kubeConfig(), { namespace, host: key }), holders: 0 };
    if (!known) shared.set(key, entry);
    entry.holders += 1;
    let held = true;
    return {
      digest,
      connection: entry.connection,
      release() {
        if (!held) return;
        held = false;
        entry.holders -= 1;
        if (entry.holders > 0) return;
        shared.delete(key);
        schedule(() => disconnect(entry.connection), LINGER_SECONDS);
      },
    };
  }

  return { acquire, close: () => [...opened].forEach(disconnect) };
}
