import type { Place } from '../../lib/async/index.ts';

/** Room for the watches of one cluster. */
export interface WatchBudget {
  /**
   * Takes room for a watch; what it gives returns it. Undefined: there is none. `lose` is called when the room has gone to
   * a namespace or cluster with fewer watches.
   */
  take(lose: () => void): (() => void) | undefined;
}

/** How many watches there may be in all, and whose. */
export interface WatchBudgets {
  /** Of the cluster that we run in. */
  readonly own: WatchBudget;
  /** Of another one, by its connection; the namespace is its kubeconfig's. */
  of(place: Place): WatchBudget;
}

interface Watch {
  readonly place: Place;
  readonly lose: () => void;
}

/** No namespace is called so. */
const OWN: Place = { namespace: '', host: '' };
/** Watches that our own cluster does not lose to others: twenty namespaces of HelmReleases and of Kustomizations. */
const KEPT_FOR_OWN = 40;

/**
 * Each watch holds a connection, and Bun has 256 at once for the whole process: a request beyond them waits
 * until one ends. Pipelines name kinds, namespaces and clusters as they like, so something has to bound their watches.
 * Whoever has more than others may have what is left, and loses the newest of them when another wants to watch.
 */
export function createWatchBudgets(max: number): WatchBudgets {
  const watches = new Set<Watch>();

  /** By whose loss there is room for a watch there. */
  function crowdedOut({ namespace, host }: Place): Watch | undefined {
    const namespaces = new Map([[OWN.namespace, -KEPT_FOR_OWN]]);
    for (const { place } of watches) increase(namespaces, place.namespace);
    const crowded = withMore(namespaces, namespace);
    const within = crowded ?? namespace;
    const hosts = new Map<string, number>();
    for (const { place } of watches) if (place.namespace === within) increase(hosts, place.host);
    const fromHost = crowded === undefined ? withMore(hosts, host) : largest(hosts);
    return [...watches].findLast(({ place }) => place.namespace === within && place.host === fromHost);
  }

  function take(place: Place, lose: () => void): (() => void) | undefined {
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

  const of = (place: Place): WatchBudget => ({ take: (lose) => take(place, lose) });
  return { own: of(OWN), of };
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function largest(counts: ReadonlyMap<string, number>): string | undefined {
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0];
}

/** The one with the most, where it still has no fewer than this one when one has gone from it to this one. */
function withMore(counts: ReadonlyMap<string, number>, key: string): string | undefined {
  const most = largest(counts);
  const isMore = most !== undefined && (counts.get(most) ?? 0) >= (counts.get(key) ?? 0) + 2;
  return isMore ? most : undefined;
}
