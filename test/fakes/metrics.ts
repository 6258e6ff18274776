import type { Pipeline, StoredPipeline } from '../../src/api/pipeline.ts';
import type { Metrics } from '../../src/telemetry/metrics.ts';

/** The lines of a metric, without its help, as Prometheus would read them now. */
export async function seriesOf({ registry }: Metrics, name: string): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => new RegExp(`^${name}[{ ]`).test(line));
}

/** The one value of a metric with these labels, written as in the text; undefined without one. */
export async function sampleOf(metrics: Metrics, series: string): Promise<number | undefined> {
  const lines = (await metrics.registry.metrics()).split('\n');
  const line = lines.find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** A Pipeline as the store has it. */
export function asStored({ metadata, spec, status }: Pipeline, name = metadata.name): StoredPipeline {
  return { metadata: { ...metadata, name }, spec: { ok: true, value: spec }, status };
}
