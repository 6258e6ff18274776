import { type Pipeline, type PipelineKey, type PipelineStatus, pipelineKey } from '../../api/pipeline.ts';
import { promotionInto, strategyName } from '../../decide/model/route.ts';
import { finishedDeployments } from '../../decide/report/deployments.ts';
import { endedPromotions } from '../../decide/report/transitions.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

/** Counts and times what happened to a Pipeline. */
export interface PipelineMetrics {
  /** To be called once for each write, by the one who wrote, with the status as it was before. */
  changed(pipeline: Pipeline, before: PipelineStatus): void;
  deleted(key: PipelineKey): void;
}

export interface PipelineMetricsDeps {
  readonly metrics: Metrics;
  readonly now: () => Date;
}

export function createPipelineMetrics({ metrics, now }: PipelineMetricsDeps): PipelineMetrics {
  function changed(pipeline: Pipeline, before: PipelineStatus): void {
    const { namespace, name } = pipeline.metadata;
    const key = pipelineKey(namespace, name);
    for (const { environment, promotion, since } of endedPromotions(pipeline, before)) {
      const labels = {
        namespace,
        pipeline: name,
        environment,
        strategy: strategyInto(pipeline, environment),
      };
      metrics.promotions.inc(key, { ...labels, outcome: promotion.phase.toLowerCase() });
      if (promotion.phase !== 'Succeeded' || since === undefined) continue;
      metrics.promotionSeconds.observe(key, labels, seconds(since, now().toISOString()));
    }
    for (const { environment, startedAt, endedAt } of finishedDeployments(pipeline, before)) {
      const took = seconds(startedAt, endedAt ?? now().toISOString());
      metrics.deploymentSeconds.observe(key, { namespace, pipeline: name, environment }, took);
    }
  }

  return {
    changed,
    deleted(key) {
      for (const series of metrics.byPipeline) series.remove(key);
    },
  };
}

function strategyInto({ spec }: Pipeline, name: string): string {
  const environment = spec.environments.find((one) => one.name === name);
  return strategyName(environment && promotionInto(spec, environment)?.strategy);
}

/** Clocks differ: nothing takes less than no time. What is not a time counts as none. */
function seconds(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000) || 0;
}
