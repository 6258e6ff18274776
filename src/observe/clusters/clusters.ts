import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterRef, PipelineKey, PipelineSpec } from '../../api/pipeline.ts';
import { pathsOf } from '../../decide/model/artifacts.ts';
import { clusterKey } from '../../decide/model/target-key.ts';
import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import type { ReferencePolicy } from '../../decide/validation.ts';
import { createListeners, type Place } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { KubeClient } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ClusterHosts } from '../../lib/net/index.ts';
import type { NamedApplication } from '../applications/watch.ts';
import type { PipelinesByApplication } from '../pipelines-by-application.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { type Cluster, createCluster } from './cluster.ts';
import type { RemoteApplications } from './connection.ts';
import { createConnectionPool } from './pool.ts';
import { type ClusterAddress, clusterRefProblem, findCluster } from './source.ts';
import { createClusterUsers } from './users.ts';

/** The clusters that Pipelines name: each is opened when it is first read, and closed when none names it. */
export interface Clusters {
  /** Reads applications there; its errors are `TurnpikeError`s, and about that cluster alone. */
  reader(ref: ClusterRef, pipelineNamespace: string): Required<ApplicationReader>;
  /** The spec of a Pipeline from now on; none: it is gone. */
  follow(key: PipelineKey, spec: PipelineSpec | undefined): void;
  /**
   * Hears of each Pipeline that names a cluster which is there again, is away, or has other credentials, and of
   * those whose application changed there.
   */
  subscribe(listener: (key: PipelineKey) => void): () => void;
  /** Of each cluster that is named and was tried, whether it can be read now. */
  reachable(): ClusterReachability[];
  close(): void;
}

export interface ClusterReachability extends ClusterAddress {
  readonly reachable: boolean;
}

export interface ClustersDeps {
  /** Of the cluster that we run in. */
  readonly client: KubeClient;
  readonly secrets: Secrets;
  readonly byApplication: PipelinesByApplication;
  readonly hosts: ClusterHosts;
  readonly open: (kubeConfig: KubeConfig, place: Place) => RemoteApplications;
  /** Default: references to other namespaces are allowed. */
  readonly references?: ReferencePolicy;
  readonly log: Logger;
  readonly now: () => Date;
  readonly lookEveryMs?: number;
  readonly heartbeatMs?: number;
}

export function createClusters(deps: ClustersDeps): Clusters {
  const pool = createConnectionPool(deps);
  const references = deps.references ?? {};
  /** Keys of clusters. */
  const named = new Map<PipelineKey, readonly string[]>();
  const listeners = createListeners<(key: PipelineKey) => void>(deps.log);
  let warmed = false;
  const clusters = new Map<string, NamedCluster>();

  function wake(pipeline: PipelineKey): void {
    listeners.notify((listener) => listener(pipeline));
  }

  function open(key: string, address: ClusterAddress) {
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
      onChange: () => users.forEach(wake),
      onApplication: (appRef, namespace) =>
        deps.byApplication.of(appRef, `${namespace}/${key}`).forEach(wake),
    });
    const entry = { address, cluster, users };
    clusters.set(key, entry);
    return entry;
  }

  function leave(pipeline: PipelineKey, keys: readonly string[]): void {
    for (const key of keys) {
      const entry = clusters.get(key);
      entry?.cluster.want(pipeline, []);
      entry?.users.delete(pipeline);
      if (entry?.users.size !== 0) continue;
      entry.cluster.close();
      clusters.delete(key);
    }
  }

  function follow(pipeline: PipelineKey, spec: PipelineSpec | undefined): void {
    const wanted = spec ? clustersOf(pipeline, spec, references) : new Map<string, ClusterUse>();
    for (const [key, { address, applications }] of wanted) {
      const { users, cluster } = clusters.get(key) ?? open(key, address);
      users.add(pipeline);
      cluster.want(pipeline, applications);
    }
    const left = named.get(pipeline)?.filter((key) => !wanted.has(key)) ?? [];
    leave(pipeline, left);
    if (wanted.size > 0) named.set(pipeline, [...wanted.keys()]);
    else named.delete(pipeline);
  }

  /**
   * Whoever reads one cluster will read them all. Of many that are away each would cost its three seconds one
   * after the other; begun together, they cost them once.
   */
  function warmUp(): void {
    if (warmed) return;
    warmed = true;
    for (const { cluster } of clusters.values()) cluster.warm();
  }

  function reader(ref: ClusterRef, namespace: string): Required<ApplicationReader> {
    return {
      async read(appRef, inNamespace, options) {
        warmUp();
        const problem = clusterRefProblem(ref, namespace, references);
        if (problem) throw new TurnpikeError('ConfigInvalid', problem);
        const entry = clusters.get(clusterKey(ref, namespace));
        if (entry) return entry.cluster.reader(namespace).read(appRef, inNamespace, options);
        throw new TurnpikeError('ApiUnavailable', `No Pipeline names ${ref.kind} ${ref.name} any more.`);
      },
      async tagOf(source, digest) {
        if (clusterRefProblem(ref, namespace, references)) return undefined;
        return clusters.get(clusterKey(ref, namespace))?.cluster.reader(namespace).tagOf(source, digest);
      },
    };
  }

  return {
    reader,
    follow,
    subscribe: listeners.add,
    reachable: () =>
      [...clusters.values()].flatMap(({ address, cluster }) => {
        const reachable = cluster.reachable();
        return reachable === undefined ? [] : [{ ...address, reachable }];
      }),
    close() {
      for (const { cluster } of clusters.values()) cluster.close();
      clusters.clear();
      pool.close();
    },
  };
}

interface NamedCluster {
  readonly address: ClusterAddress;
  readonly cluster: Cluster;
  readonly users: Set<PipelineKey>;
}

/** What a Pipeline has on one cluster. */
interface ClusterUse {
  readonly address: ClusterAddress;
  readonly applications: NamedApplication[];
}

function clustersOf(
  pipeline: PipelineKey,
  spec: PipelineSpec,
  references: ReferencePolicy,
): Map<string, ClusterUse> {
  const [inNamespace = ''] = pipeline.split('/');
  const uses = new Map<string, ClusterUse>();
  const paths = pathsOf(spec);
  for (const { namespace, clusterRef: ref } of spec.environments.flatMap(({ targets }) => targets)) {
    if (!ref || clusterRefProblem(ref, inNamespace, references)) continue;
    const key = clusterKey(ref, inNamespace);
    const address = { kind: ref.kind, name: ref.name, namespace: ref.namespace ?? inNamespace };
    const use = uses.get(key) ?? { address, applications: [] };
    use.applications.push({ appRef: spec.appRef, namespace, paths });
    uses.set(key, use);
  }
  return uses;
}
