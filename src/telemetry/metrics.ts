import { controllerMetrics } from './controller-metrics.ts';
import { createHostSeries, OTHER_HOSTS } from './host-series.ts';
import { collectProcessMetrics } from './process-metrics.ts';
import { createMetricsRegistry, type MetricsRegistry } from './registry.ts';
import { statusClass, statusLabel } from './status-label.ts';
import { pipelineSeries, turnpikeMetrics } from './turnpike-metrics.ts';

/**
 * All metrics. Names are those of controller-runtime and Flux where they have one, so that dashboards
 * that exist go on to work. Labels are bounded: no revision, no message, no path. docs/metrics.md lists them.
 */
export type Metrics = ReturnType<typeof createMetrics>;

export interface MetricsOptions {
  /** True: Pipelines and environments have series of their own; otherwise one stands for all. */
  readonly perPipeline?: boolean;
  readonly now?: () => Date;
}

export function createMetrics({ perPipeline = true, now = () => new Date() }: MetricsOptions = {}) {
  const registry = createMetricsRegistry();
  const byPipeline = pipelineSeries(perPipeline);
  collectProcessMetrics(registry.small);
  registry.add(...Object.values(byPipeline));
  const controller = controllerMetrics(registry.small);
  const turnpike = turnpikeMetrics(registry.small);
  return {
    registry,
    perPipeline,
    byPipeline: Object.values(byPipeline),
    ...controller,
    ...turnpike,
    ...byHost(registry, { ...controller, ...turnpike }, now),
    ...byPipeline,
  };
}

type ByHost = Pick<ReturnType<typeof controllerMetrics>, 'kubeRequests'> &
  Pick<ReturnType<typeof turnpikeMetrics>, 'forgeBudget'>;

/** Metrics with series by hosts that Pipelines and kubeconfigs name. */
function byHost(registry: MetricsRegistry, { kubeRequests, forgeBudget }: ByHost, now: () => Date) {
  const clusters = createHostSeries(kubeRequests, now);
  const forges = createHostSeries(forgeBudget, now);
  registry.onScrape(() => {
    clusters.expire();
    forges.expire();
  });
  return {
    countKubeRequest({ method, host, code }: { method: string; host: string; code: string }): void {
      const labels = { method, host, code: statusLabel(code) };
      const shown = clusters.allows(labels) ? labels : { method, host: OTHER_HOSTS, code: statusClass(code) };
      kubeRequests.inc(shown);
    },
    /** Sets what is left to one token, which says nothing of the others. */
    setForgeBudget(labels: { provider: string; host: string; budget: string }, remaining: number): void {
      if (forges.allows(labels)) forgeBudget.set(labels, remaining);
    },
  };
}
