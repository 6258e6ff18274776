import type { PipelineKey } from '../../api/pipeline.ts';
import type { Certificate } from '../../http/server/tls.ts';
import type { Queue } from '../../lib/async/index.ts';
import { readCertificate } from '../../lib/kube/index.ts';
import type { Clusters } from '../../observe/clusters/clusters.ts';
import type { PipelineStore } from '../../observe/pipelines/pipelines.ts';
import type { ShardPipelines } from '../../observe/pipelines/shard-pipelines.ts';
import { pipelineGauges } from '../../reconcile/metrics/pipeline-gauges.ts';
import { pruneSeries } from '../../reconcile/metrics/pipeline-prune.ts';
import { watchQueue } from '../../reconcile/metrics/queue-metrics.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { VERSION } from '../version.ts';

/** The parts that are measured. */
export interface Measured {
  readonly metrics: Metrics;
  readonly store: Pick<PipelineStore, 'get' | 'synced'>;
  readonly shard: Pick<ShardPipelines, 'list'>;
  readonly clusters: Pick<Clusters, 'reachable'>;
  readonly now: () => Date;
}

export interface MeasureDeps {
  readonly leading: () => boolean;
  readonly queue: Pick<Queue<PipelineKey>, 'depth' | 'unfinished'>;
}

/** Adds what is read at each scrape to a program's metrics. */
export function measure(
  { metrics, store, shard, clusters, now }: Measured,
  { leading, queue }: MeasureDeps,
): void {
  metrics.buildInfo.set({ version: VERSION, runtime: `bun ${Bun.version}` }, 1);
  watchQueue(metrics, queue);
  pruneSeries(metrics, store.get);
  metrics.registry.add(
    ...pipelineGauges({
      // Only one replica says it, as with Flux's controllers: a sum over replicas counts each Pipeline once.
      pipelines: () => (leading() && store.synced() ? shard.list() : undefined),
      perPipeline: metrics.perPipeline,
      now,
    }),
  );
  metrics.registry.onScrape(() => {
    metrics.clusterReachable.reset();
    for (const { namespace, kind, name, reachable } of clusters.reachable()) {
      metrics.clusterReachable.set({ namespace, kind, name }, reachable ? 1 : 0);
    }
  });
}

/** Shows at each scrape whether a server that needs a certificate has one. */
export function measureServer(metrics: Metrics, server: string, problems: () => readonly string[]): void {
  metrics.registry.onScrape(() => metrics.serverReady.set({ server }, problems().length === 0 ? 1 : 0));
}

/** Shows when the certificate that is served from now on ends. */
export function observeCertificate(metrics: Metrics, certificate: string, { cert }: Certificate): void {
  const until = Date.parse(readCertificate(cert)?.validTo ?? '');
  if (!Number.isNaN(until)) metrics.certificateExpiry.set({ certificate }, until / 1000);
}
