import type { PipelineKey } from '../../api/pipeline.ts';
import type { Clock } from '../../lib/async/index.ts';
import type { KubeClient } from '../../lib/kube/index.ts';
import type { ClusterHosts } from '../../lib/net/index.ts';
import type { NamedApplication } from '../applications/watch.ts';
import type { PipelinesByApplication } from '../pipelines-by-application.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { type Cluster, createCluster } from './cluster.ts';
import type { ConnectionPool } from './pool.ts';
import { type ClusterAddress, findCluster } from './source.ts';
import { createClusterUsers } from './users.ts';

/** The clusters that Pipelines name, by their `clusterKey`. */
export interface NamedClusters {
  get(key: string): NamedCluster | undefined;
  all(): NamedCluster[];
  /** Sets the applications of a Pipeline by cluster. A cluster that no Pipeline names any more is closed. */
  set(pipeline: PipelineKey, uses: ReadonlyMap<string, ClusterUse>): void;
  close(): void;
}

export interface NamedCluster {
  readonly address: ClusterAddress;
  readonly cluster: Cluster;
  readonly users: Set<PipelineKey>;
}

/** The applications of a Pipeline on one cluster. */
export interface ClusterUse {
  readonly address: ClusterAddress;
  readonly applications: NamedApplication[];
}

export interface NamedClustersDeps {
  /** The client of the cluster that we run in. */
  readonly client: KubeClient;
  readonly secrets: Secrets;
  readonly byApplication: PipelinesByApplication;
  readonly hosts: ClusterHosts;
  readonly now: () => Date;
  readonly lookEveryMs?: number;
  /** Default: timers. */
  readonly clock?: Clock | undefined;
}

/** `wake` is called for each Pipeline for which something has changed on a cluster. */
export function createNamedClusters(
  deps: NamedClustersDeps,
  pool: ConnectionPool,
  wake: (pipeline: PipelineKey) => void,
): NamedClusters {
  const clusters = new Map<string, NamedCluster>();
  const keysOf = new Map<PipelineKey, readonly string[]>();

  function open(key: string, address: ClusterAddress): NamedCluster {
    const users = new Set<PipelineKey>();
    const cluster = createCluster({
      title: `${address.kind} ${address.namespace}/${address.name}`,
      namespace: address.namespace,
      find: () => findCluster(deps, address),
      users: createClusterUsers(address),
      pool,
      hosts: deps.hosts,
      now: deps.now,
      lookEveryMs: deps.lookEveryMs,
      clock: deps.clock,
      onChange: () => users.forEach(wake),
      onApplication: (appRef, namespace) =>
        deps.byApplication.of(appRef, `${namespace}/${key}`).forEach(wake),
    });
    const opened = { address, cluster, users };
    clusters.set(key, opened);
    return opened;
  }

  function leave(pipeline: PipelineKey, key: string): void {
    const left = clusters.get(key);
    left?.cluster.setInterest(pipeline, []);
    left?.users.delete(pipeline);
    if (left?.users.size !== 0) return;
    left.cluster.close();
    clusters.delete(key);
  }

  return {
    get: (key) => clusters.get(key),
    all: () => [...clusters.values()],
    set(pipeline, uses) {
      for (const [key, { address, applications }] of uses) {
        const { users, cluster } = clusters.get(key) ?? open(key, address);
        users.add(pipeline);
        cluster.setInterest(pipeline, applications);
      }
      for (const key of keysOf.get(pipeline) ?? []) if (!uses.has(key)) leave(pipeline, key);
      if (uses.size > 0) keysOf.set(pipeline, [...uses.keys()]);
      else keysOf.delete(pipeline);
    },
    close() {
      for (const { cluster } of clusters.values()) cluster.close();
      clusters.clear();
    },
  };
}
