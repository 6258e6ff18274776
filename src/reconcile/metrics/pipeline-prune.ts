import type { PipelineKey, StoredPipeline } from '../../api/pipeline.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

/**
 * Drops at each scrape the series of Pipelines and environments that are no more, also of those that went
 * while somebody worked on them and was counted after that.
 */
export function pruneSeries(metrics: Metrics, find: (key: PipelineKey) => StoredPipeline | undefined): void {
  metrics.registry.onScrape(() => {
    for (const series of metrics.byPipeline) {
      for (const owner of series.owners()) {
        const pipeline = find(owner as PipelineKey);
        if (!pipeline) series.remove(owner);
        else if (pipeline.spec.ok) {
          series.retain(owner, new Set(pipeline.spec.value.environments.map(({ name }) => name)));
        }
      }
    }
  });
}
