import { keyNames, type PipelineKey } from '../../api/pipeline.ts';
import type { ClusterHosts } from '../../lib/net/index.ts';
import type { NamedApplication } from '../applications/watch.ts';
import type { ConnectionListener } from './connection.ts';
import { remoteKubeConfig } from './kubeconfig.ts';
import type { ConnectionHandle, ConnectionPool } from './pool.ts';
import type { FoundKubeconfig } from './source.ts';
import type { ClusterUsers } from './users.ts';

/** The connection to a cluster wherever its kubeconfig leads, with what Pipelines are interested in there. */
export interface CurrentConnection {
  /** The connection; undefined while no kubeconfig can be used. */
  get(): ConnectionHandle | undefined;
  /** Connects under this kubeconfig, unless that is the one in use. */
  use(kubeconfig: FoundKubeconfig): void;
  release(): void;
  /** Sets the applications that an owner, the key of a Pipeline, has there; an empty list when it is gone. */
  setInterest(owner: PipelineKey, applications: readonly NamedApplication[]): void;
  /** Call it when other namespaces may use the cluster than before. */
  refreshInterests(): void;
}

export interface CurrentConnectionDeps {
  /** The cluster's name in messages: `GitopsCluster flux-system/leaf`. */
  readonly title: string;
  readonly namespace: string;
  readonly users: ClusterUsers;
  readonly pool: ConnectionPool;
  readonly hosts: ClusterHosts;
}

export function createCurrentConnection(
  { title, namespace, users, pool, hosts }: CurrentConnectionDeps,
  listener: ConnectionListener,
): CurrentConnection {
  const interests = new Map<PipelineKey, readonly NamedApplication[]>();
  let current: ConnectionHandle | undefined;
  let unsubscribe = () => {};

  /** Several clusters of Pipelines may share a connection. */
  function ownerOf(owner: PipelineKey): string {
    return `${title} ${owner}`;
  }

  /** Applications of owners that may not use the cluster are not watched. */
  function forward(owner: PipelineKey, applications: readonly NamedApplication[]): void {
    const isRefused = users.refusal(keyNames(owner).namespace) !== undefined;
    current?.connection.setInterest(ownerOf(owner), isRefused ? [] : applications);
  }

  function refreshInterests(): void {
    for (const [owner, applications] of interests) forward(owner, applications);
  }

  function release(): void {
    unsubscribe();
    for (const owner of interests.keys()) current?.connection.setInterest(ownerOf(owner), []);
    current?.release();
    current = undefined;
  }

  return {
    get: () => current,
    use({ text, where }) {
      const digest = new Bun.CryptoHasher('sha256').update(text).digest('hex');
      if (current?.digest === digest) return;
      const kubeConfig = () => remoteKubeConfig(text, { where, hosts });
      const next = pool.acquire({ namespace, digest, kubeConfig });
      release();
      current = next;
      unsubscribe = next.connection.subscribe(listener);
      refreshInterests();
    },
    release,
    setInterest(owner, applications) {
      if (applications.length > 0) interests.set(owner, applications);
      else interests.delete(owner);
      forward(owner, applications);
    },
    refreshInterests,
  };
}
