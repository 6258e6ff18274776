import {
  createKubeClient,
  type KubeClient,
  type KubeLimits,
  loadKubeConfig,
  type RequestRecord,
} from '../../lib/kube/index.ts';
import { type ClusterHosts, isLoopbackServer } from '../../lib/net/index.ts';
import type { Context } from './context.ts';

/** The cluster that we run in. */
export interface OwnCluster {
  readonly client: KubeClient;
  /** For admission. */
  readonly reviewClient: KubeClient;
  /** The hosts that other clusters may be at. */
  readonly hosts: ClusterHosts;
  /** Counts a request to whichever cluster. */
  readonly onRequest: (request: RequestRecord) => void;
  close(): void;
}

/** Callers of the admission port make it ask: that never takes more of our own API server than this. */
const REVIEW_LIMITS: KubeLimits = { inFlight: 8, timeoutMs: 3000 };

/** `variable`: KUBECONFIG. */
export function connectOwnCluster({ config, metrics }: Context, variable = ''): OwnCluster {
  const kubeconfig = config.kubeconfig || variable;
  const kubeConfig = loadKubeConfig({ kubeconfig });
  const onRequest = (request: RequestRecord) => metrics.countKubeRequest(request);
  const client = createKubeClient(kubeConfig, { onRequest });
  const reviewClient = createKubeClient(kubeConfig, { onRequest, limits: REVIEW_LIMITS });
  return {
    client,
    reviewClient,
    hosts: {
      allowed: config['cluster-hosts'],
      insecure: config['insecure-git-hosts'],
      // In a Pod loopback is never allowed, even where the API server itself is at a loopback address.
      allowLoopback: kubeconfig !== '' && isLoopbackServer(client.config.server),
    },
    onRequest,
    close() {
      client.close();
      reviewClient.close();
    },
  };
}
