import type { KubeConfig } from '@kubernetes/client-node';
import type { TenantHost } from '../../lib/async/index.ts';
import {
  type ClusterRoom,
  createDiscovery,
  createKubeClient,
  createRequestQueue,
  type HostCheck,
  type KubeClientDeps,
  REMOTE_LIMITS,
} from '../../lib/kube/index.ts';
import { createApplicationDiscovery } from '../applications/application-discovery.ts';
import type { GrantedKinds } from '../applications/granted-kinds.ts';
import { type ApplicationWatchDeps, createApplicationWatch } from '../applications/watch.ts';
import type { WatchBudgets } from '../applications/watch-budget.ts';
import type { RemoteApplications } from './connection.ts';

export interface RemoteDeps
  extends Omit<ApplicationWatchDeps, 'discovery' | 'budget' | 'timings'>,
    Omit<KubeClientDeps, 'queue'> {
  /** The kinds beyond Flux's and workloads: they are read only where they may be read in our own cluster. */
  readonly granted: GrantedKinds;
  readonly now: () => Date;
  readonly checkHost: HostCheck;
  /** The room for the requests to all other clusters. */
  readonly room: ClusterRoom;
  readonly budgets: WatchBudgets;
  /** The place of this cluster. */
  readonly place: TenantHost;
}

/** A read of another cluster ends after three seconds: it must not spend them waiting for a list. */
const FIRST_LIST_MS = 1000;

/** A client and a watch for another cluster. */
export function openRemote(kubeConfig: KubeConfig, deps: RemoteDeps): RemoteApplications {
  const queue = createRequestQueue(deps);
  const client = createKubeClient(kubeConfig, { limits: REMOTE_LIMITS, ...deps, queue });
  const watch = createApplicationWatch(client, {
    ...deps,
    budget: deps.budgets.of(deps.place),
    discovery: createApplicationDiscovery(createDiscovery(client, deps), deps.granted),
    log: deps.log.child({ server: client.config.server }),
    timings: { firstListMs: FIRST_LIST_MS },
  });
  return {
    client,
    read: watch.read,
    tagOf: watch.tagOf,
    setInterest: watch.setInterest,
    subscribe: watch.subscribe,
    close() {
      client.close();
      watch.stop().catch((error: unknown) => deps.log.error({ error: String(error) }, 'a watch did not end'));
    },
  };
}
