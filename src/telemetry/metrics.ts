import { controllerMetrics } from './controller-metrics.ts';
import { collectProcessMetrics } from './process-metrics.ts';
import { createMetricsRegistry } from './registry.ts';
import { pipelineSeries, turnpikeMetrics } from './turnpike-metrics.ts';

/**
 * All metrics. Names are those of controller-runtime and Flux where they have one, so that dashboards
 * that exist go on to work. Labels are bounded: no revision, no message, no path. docs/metrics.md lists them.
 */
export type Metrics = ReturnType<typeof createMetrics>;

export interface MetricsOptions {
  /** Whether Pipelines and environments have series of their own; otherwise one stands for all. */
  readonly perPipeline?: boolean;
}

export function createMetrics({ perPipeline = true }: MetricsOptions = {}) {
  const registry = createMetricsRegistry();
  const byPipeline = pipelineSeries(perPipeline);
  collectProcessMetrics(registry.small);
  registry.add(...Object.values(byPipeline));
  return {
    registry,
    perPipeline,
    byPipeline: Object.values(byPipeline),
    ...controllerMetrics(registry.small),
    ...turnpikeMetrics(registry.small),
    ...byPipeline,
  };
}
