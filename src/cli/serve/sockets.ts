import type { BulkheadLimits } from '../../lib/async/index.ts';

/** Requests at once to others, of those that Bun makes at once in the whole process. */
export interface Sockets {
  /** To forges and Git hosts. */
  readonly outbound: number;
  /** To the API servers of other clusters; their watches have a bound of their own. */
  readonly clusters: BulkheadLimits;
  /** Pages of lists among these, each of which may take 15 s and 8 MiB. */
  readonly lists: BulkheadLimits;
  /** Watches of all clusters, which do not end. */
  readonly watches: number;
}

const MAX_WATCHES = 100;
const LISTS: BulkheadLimits = { total: 8, namespace: 4, host: 2 };

/** Bun's own default; a request beyond it waits until another one ends. */
const BUN_DEFAULT = 256;

/**
 * Divides the sockets. Slow servers of others must never hold up requests to our own API server, such as the renewal of
 * the Lease: more than a fifth of all requests is kept for it.
 */
export function shareSockets(environment: Readonly<Record<string, string | undefined>>): Sockets {
  const set = Number(environment.BUN_CONFIG_MAX_HTTP_REQUESTS);
  const all = Number.isInteger(set) && set > 0 ? set : BUN_DEFAULT;
  return {
    outbound: part(all, 4),
    clusters: shareClusters(part(all, 8)),
    lists: LISTS,
    watches: Math.min(MAX_WATCHES, part(all, 2.5)),
  };
}

/** Requests to one cluster; a namespace has room for four such clusters, or for two where there is little. */
const MAX_OF_CLUSTER = 8;

/** A quarter for the clusters of one namespace, and half of that for one of them at most. */
function shareClusters(total: number): BulkheadLimits {
  const namespace = part(total, 4);
  return { total, namespace, host: Math.min(MAX_OF_CLUSTER, part(namespace, 2)) };
}

function part(all: number, count: number): number {
  return Math.max(1, Math.floor(all / count));
}
