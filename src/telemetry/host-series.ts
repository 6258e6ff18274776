import { type Labels, labelText } from './exposition.ts';

/**
 * Keeps the series of a metric few whose label `host` is a word of those who write Pipelines and kubeconfigs: so many
 * hosts, so many series of each, and none of a host that is not heard of any more.
 */
export interface HostSeries {
  /** Tells whether this may be a series of its own. */
  allows(labels: HostLabels): boolean;
  /** Removes what was not heard of for an hour. */
  expire(): void;
}

export type HostLabels = Labels & { readonly host: string };

/** Stands for hosts that have no series of their own. */
export const OTHER_HOSTS = 'other';

const MAX_HOSTS = 100;
const MAX_SERIES = 50;
const IDLE_MS = 60 * 60_000;

interface Host {
  at: number;
  /** By their text. */
  readonly series: Map<string, HostLabels>;
}

export function createHostSeries(
  metric: { readonly remove: (labels: HostLabels) => void },
  now: () => Date,
): HostSeries {
  const hosts = new Map<string, Host>();

  function expire(): void {
    const since = now().getTime() - IDLE_MS;
    for (const [name, { at, series }] of hosts) {
      if (at > since) continue;
      for (const labels of series.values()) metric.remove(labels);
      hosts.delete(name);
    }
  }

  function hostOf(name: string): Host | undefined {
    const known = hosts.get(name);
    if (known) return known;
    if (hosts.size >= MAX_HOSTS) expire();
    if (hosts.size >= MAX_HOSTS) return undefined;
    const host: Host = { at: 0, series: new Map() };
    hosts.set(name, host);
    return host;
  }

  return {
    allows(labels) {
      const host = hostOf(labels.host);
      if (!host) return false;
      host.at = now().getTime();
      const text = labelText(labels);
      if (!host.series.has(text) && host.series.size >= MAX_SERIES) return false;
      host.series.set(text, labels);
      return true;
    },
    expire,
  };
}
