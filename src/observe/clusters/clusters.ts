import type { KubeConfig } from '@kubernetes/client-node';
import { type ClusterRef, keyNames, type PipelineKey, type PipelineSpec } from '../../api/pipeline.ts';
import { pathsOf } from '../../decide/model/artifacts.ts';
import { clusterKey } from '../../decide/model/target-key.ts';
import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import type { ReferencePolicy } from '../../decide/validation.ts';
import { createListeners, type TenantHost } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { RemoteApplications } from './connection.ts';
import { type ClusterUse, createNamedClusters, type NamedClustersDeps } from './named-clusters.ts';
import { createConnectionPool } from './pool.ts';
import { type ClusterAddress, clusterRefProblem } from './source.ts';

/** The clusters that Pipelines name: each is opened when it is first read, and closed when none names it. */
export interface Clusters {
  /** Reads applications there; its errors are `TurnpikeError`s, and about that cluster alone. */
  reader(ref: ClusterRef, pipelineNamespace: string): Required<ApplicationReader>;
  /** Sets the spec of a Pipeline from now on; undefined when the Pipeline is gone. */
  follow(key: PipelineKey, spec: PipelineSpec | undefined): void;
  /**
   * Calls the listener for each Pipeline that names a cluster which is available again, is unavailable, or has other
   * credentials, and for those whose application changed there.
   */
  subscribe(listener: (key: PipelineKey) => void): () => void;
  /** The clusters that are named and were tried, with whether each can be read now. */
  reachable(): ClusterReachability[];
  close(): void;
}

export interface ClusterReachability extends ClusterAddress {
  readonly reachable: boolean;
}

export interface ClustersDeps extends NamedClustersDeps {
  readonly open: (kubeConfig: KubeConfig, place: TenantHost) => RemoteApplications;
  /** Default: references to other namespaces are allowed. */
  readonly references?: ReferencePolicy;
  readonly log: Logger;
  readonly heartbeatMs?: number;
}

export function createClusters(deps: ClustersDeps): Clusters {
  const pool = createConnectionPool(deps);
  const references = deps.references ?? {};
  const listeners = createListeners<(key: PipelineKey) => void>(deps.log);
  const named = createNamedClusters(deps, pool, (pipeline) => {
    listeners.notify((listener) => listener(pipeline));
  });
  let warmed = false;

  /**
   * Opens all clusters when the first one is read, for its reader will read them all: unavailable ones cost one timeout
   * together, not one each.
   */
  function warmUp(): void {
    if (warmed) return;
    warmed = true;
    for (const { cluster } of named.all()) cluster.warm();
  }

  return {
    reader: (ref, namespace) => ({
      async read(...what) {
        warmUp();
        const problem = clusterRefProblem(ref, namespace, references);
        if (problem) throw new TurnpikeError('ConfigInvalid', problem);
        const found = named.get(clusterKey(ref, namespace));
        if (found) return found.cluster.reader(namespace).read(...what);
        throw new TurnpikeError('ApiUnavailable', `No Pipeline names ${ref.kind} ${ref.name} any more.`);
      },
      async tagOf(...source) {
        if (clusterRefProblem(ref, namespace, references)) return undefined;
        return named
          .get(clusterKey(ref, namespace))
          ?.cluster.reader(namespace)
          .tagOf(...source);
      },
    }),
    follow(pipeline, spec) {
      named.set(pipeline, spec ? clustersOf(pipeline, spec, references) : NONE);
    },
    subscribe: listeners.add,
    reachable: () =>
      named.all().flatMap(({ address, cluster }) => {
        const reachable = cluster.reachable();
        return reachable === undefined ? [] : [{ ...address, reachable }];
      }),
    close() {
      named.close();
      pool.close();
    },
  };
}

const NONE: ReadonlyMap<string, ClusterUse> = new Map();

function clustersOf(
  pipeline: PipelineKey,
  spec: PipelineSpec,
  references: ReferencePolicy,
): Map<string, ClusterUse> {
  const { namespace: inNamespace } = keyNames(pipeline);
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
