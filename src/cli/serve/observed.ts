import { keyNames, type PipelineKey, type Target } from '../../api/pipeline.ts';
import { refusedReference, type SpecPolicy } from '../../decide/validation.ts';
import { createBulkhead, createGarbageCollector, createSlots } from '../../lib/async/index.ts';
import { type ClusterRoom, createByteRoom, createDiscovery, createHostCheck } from '../../lib/kube/index.ts';
import { remembered, systemLookup } from '../../lib/net/index.ts';
import { createApplicationDiscovery } from '../../observe/applications/application-discovery.ts';
import { createGrantedKinds } from '../../observe/applications/granted-kinds.ts';
import { createApplicationWatch, localApplications } from '../../observe/applications/watch.ts';
import { createWatchBudgets } from '../../observe/applications/watch-budget.ts';
import { createClusters } from '../../observe/clusters/clusters.ts';
import { openRemote } from '../../observe/clusters/remote.ts';
import { createNamespaces } from '../../observe/namespaces.ts';
import { createPipelineStore } from '../../observe/pipelines/pipelines.ts';
import { watchSpecs } from '../../observe/pipelines/spec-changes.ts';
import { indexByApplication } from '../../observe/pipelines-by-application.ts';
import type { Secrets } from '../../observe/secrets/secrets.ts';
import { serializeWrites } from '../../reconcile/serialize-writes.ts';
import type { Context } from './context.ts';
import type { OwnCluster } from './own-cluster.ts';
import { composeShard } from './shard.ts';
import type { Sockets } from './sockets.ts';

export interface ObservedDeps {
  readonly cluster: Pick<OwnCluster, 'client' | 'hosts' | 'onRequest'>;
  readonly secrets: Secrets;
  readonly policy: SpecPolicy;
  readonly sockets: Pick<Sockets, 'clusters' | 'lists' | 'watches'>;
}

export type Observed = ReturnType<typeof composeObserved>;

/** Makes what shows Pipelines and the applications that they name, on the cluster that we run in and on others. */
export function composeObserved(context: Context, { cluster, secrets, policy, sockets }: ObservedDeps) {
  const { config, log, now } = context;
  const { client, hosts, onRequest } = cluster;
  const namespace = config['watch-namespace'];
  const within = namespace === '' ? {} : { namespace };
  const writes = serializeWrites(createPipelineStore(client, { log, ...within }));
  const { store } = writes;
  const shard = composeShard(config, store);
  const specs = watchSpecs(shard);
  const byApplication = indexByApplication(specs);
  const discovery = createApplicationDiscovery(createDiscovery(client, { now }));
  const budgets = createWatchBudgets(sockets.watches);
  const watching = { revisionPaths: config['revision-paths'], log, now };
  const applications = createApplicationWatch(client, { ...watching, budget: budgets.own, discovery });
  const remote = {
    ...watching,
    room: clusterRoom(sockets),
    budgets,
    onRequest,
    checkHost: createHostCheck(hosts, remembered(systemLookup)),
    granted: createGrantedKinds(client, { now, ...within }),
  };
  const clusters = createClusters({
    client,
    secrets,
    byApplication,
    hosts,
    log,
    open: (kubeConfig, place) => openRemote(kubeConfig, { ...remote, place }),
    references: policy,
    now,
  });
  specs.subscribe((key, spec) => {
    applications.setInterest(key, spec ? localApplications(spec, isAllowed(key, policy)) : []);
    clusters.follow(key, spec);
  });
  return {
    store,
    writes,
    shard,
    byApplication,
    /** Also of Pipelines that other shards act on. */
    allByApplication: shard.selector === '' ? byApplication : indexByApplication(watchSpecs(store)),
    discovery,
    applications,
    clusters,
    messagesOf: createNamespaces(client, { now }).disclosure,
  };
}

/** The bounds that the requests to all other clusters share. */
function clusterRoom(sockets: Pick<Sockets, 'clusters' | 'lists'>): ClusterRoom {
  return {
    requests: createBulkhead(sockets.clusters),
    lists: createBulkhead(sockets.lists),
    parses: createSlots(1),
    bytes: createByteRoom(),
    collector: createGarbageCollector(),
  };
}

function isAllowed(pipeline: PipelineKey, policy: SpecPolicy): (target: Target) => boolean {
  const { namespace: own } = keyNames(pipeline);
  return (target) => refusedReference(target, policy, own) === undefined;
}
