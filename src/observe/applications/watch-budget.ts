import type { TenantHost } from '../../lib/async/index.ts';

/** Room for the watches of one cluster. */
export interface WatchBudget {
  /**
   * Takes room for a watch and gives the function that returns it; undefined when there is none left. `lose` is called
   * when the room has gone to a namespace or cluster with fewer watches.
   */
  take(lose: () => void): (() => void) | undefined;
}

/** The bound of all watches, shared among namespaces and clusters. */
export interface WatchBudgets {
  /** The budget of the cluster that we run in. */
  readonly own: WatchBudget;
  /** The budget of another cluster, by its connection; the namespace is its kubeconfig's. */
  of(place: TenantHost): WatchBudget;
}

interface Watch {
  readonly place: TenantHost;
  readonly lose: () => void;
}

/** The place of our own cluster; no namespace has this name. */
const OWN: TenantHost = { namespace: '', host: '' };
/** Watches that our own cluster does not lose to others: twenty namespaces of HelmReleases and of Kustomizations. */
const KEPT_FOR_OWN = 40;

/**
 * Each watch holds a connection, and Bun has 256 at once for the whole process: a request beyond them waits until one
 * ends. Pipelines name kinds, namespaces and clusters as they like, so something has to bound their watches. A
 * namespace with more watches than others may use what is left, and loses the newest of them when another wants to
 * watch.
 */
export function createWatchBudgets(max: number): WatchBudgets {
  const watches = new Set<Watch>();

  /** The watch to end for one there; undefined when no other place has more. */
  function crowdedOut({ namespace, host }: TenantHost): Watch | undefined {
    const namespaces = new Map([[OWN.namespace, -KEPT_FOR_OWN]]);
    for (const { place } of watches) increase(namespaces, place.namespace);
    const crowded = withMore(namespaces, namespace);
    const within = crowded ?? namespace;
    const hosts = new Map<string, number>();
    for (const { place } of watches) if (place.namespace === within) increase(hosts, place.host);
    const fromHost = crowded === undefined ? withMore(hosts, host) : largest(hosts);
    return [...watches].findLast(({ place }) => place.namespace === within && place.host === fromHost);
  }

  function take(place: TenantHost, lose: () => void): (() => void) | undefined {
    if (watches.size >= max) {
      const loser = crowdedOut(place);
      if (!loser) return undefined;
      watches.delete(loser);
      loser.lose();
    }
    const watch = { place, lose };
    watches.add(watch);
    return () => void watches.delete(watch);
  }

  const of = (place: TenantHost): WatchBudget => ({ take: (lose) => take(place, lose) });
  return { own: of(OWN), of };
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function largest(counts: ReadonlyMap<string, number>): string | undefined {
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0];
}

/**
 * The key with the largest count, if it still has no fewer than the given key once a watch has moved from one to the
 * other.
 */
function withMore(counts: ReadonlyMap<string, number>, key: string): string | undefined {
  const most = largest(counts);
  const isMore = most !== undefined && (counts.get(most) ?? 0) >= (counts.get(key) ?? 0) + 2;
  return isMore ? most : undefined;
}
