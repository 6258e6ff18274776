import type { KubeConfig } from '@kubernetes/client-node';
import {
  type ClusterConnection,
  type ConnectionDeps,
  createConnection,
  type RemoteApplications,
} from './clusters-connection.ts';

export interface PoolDeps extends Omit<ConnectionDeps, 'applications'> {
  readonly open: (kubeConfig: KubeConfig) => RemoteApplications;
}

/** A share in a connection. */
export interface Lease {
  /** Of the kubeconfig. */
  readonly digest: string;
  readonly connection: ClusterConnection;
  /** The last one closes the connection. */
  release(): void;
}

/** One connection for each kubeconfig, however many clusters of Pipelines have that one. */
export interface ConnectionPool {
  acquire(digest: string, kubeConfig: () => KubeConfig): Lease;
  /** All connections at once. */
  close(): void;
}

/** What is under way may end first: a rotation is no interruption. */
const LINGER_MS = 5000;

export function createConnectionPool({ open, ...deps }: PoolDeps): ConnectionPool {
  const shared = new Map<string, { readonly connection: ClusterConnection; holders: number }>();
  const opened = new Set<ClusterConnection>();

  function connect(kubeConfig: KubeConfig): ClusterConnection {
    const connection = createConnection({ ...deps, applications: open(kubeConfig) });
    opened.add(connection);
    return connection;
  }

  function disconnect(connection: ClusterConnection): void {
    opened.delete(connection);
    connection.close();
  }

  function acquire(digest: string, kubeConfig: () => KubeConfig): Lease {
    const known = shared.get(digest);
    const entry = known ?? { connection: connect(kubeConfig()), holders: 0 };
    if (!known) shared.set(digest, entry);
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
        shared.delete(digest);
        setTimeout(() => disconnect(entry.connection), LINGER_MS).unref();
      },
    };
  }

  return { acquire, close: () => [...opened].forEach(disconnect) };
}
