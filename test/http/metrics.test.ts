import { describe, expect, test } from 'bun:test';
import { createMetricsApp } from '../../src/http/probes.ts';
import { pipelineGauges } from '../../src/reconcile/metrics/pipeline-gauges.ts';
import { pruneSeries } from '../../src/reconcile/metrics/pipeline-prune.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createFakeLog } from '../fakes/log.ts';
import { at, NOW, pipeline } from '../fakes/pipeline.ts';

const LOG = createFakeLog().log;

/** As many as one installation is meant for, each with all that it can have. */
function crowd(count: number) {
  const metrics = createMetrics();
  const stored = Array.from({ length: count }, (_, index) => {
    const { metadata, spec, status } = pipeline();
    return {
      metadata: { ...metadata, name: `app-${index}` },
      spec: { ok: true, value: spec } as const,
      status,
    };
  });
  for (const { metadata, spec } of stored) {
    const { namespace, name } = metadata;
    const owner = `${namespace}/${name}`;
    metrics.pipelineReconcileSeconds.observe(owner, { kind: 'Pipeline', name, namespace }, 0.1);
    for (const { name: environment } of spec.value.environments) {
      const labels = { namespace, pipeline: name, environment };
      metrics.promotionSeconds.observe(owner, { ...labels, strategy: 'push' }, 60);
      metrics.deploymentSeconds.observe(owner, labels, 30);
    }
  }
  const known = new Map<string, (typeof stored)[number]>(
    stored.map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one]),
  );
  pruneSeries(metrics, (key) => known.get(key));
  metrics.registry.add(...pipelineGauges({ pipelines: () => stored, perPipeline: true, now: () => NOW }));
  return metrics;
}

/** Reads all of it, and how much of it at most came while nothing else had its turn. */
async function scrape(app: ReturnType<typeof createMetricsApp>) {
  let [lines, length, stretch, longest] = [0, 0, 0, 0];
  // A real timer: it has its turn when all others have theirs.
  const timer = setInterval(() => {
    stretch = 0;
  }, 1);
  const answer = await app.request('/metrics');
  for await (const piece of answer.body ?? []) {
    const text = Buffer.from(piece).toString();
    lines += text.split('\n').length - 1;
    length += text.length;
    stretch += text.length;
    longest = Math.max(longest, stretch);
  }
  clearInterval(timer);
  return { lines, share: longest / length };
}

describe('/metrics', () => {
  test('is Prometheus text, with labels that nobody can break out of', async () => {
    const { registry, ...metrics } = createMetrics();
    const odd = 'a"b\\c\nd';
    metrics.promotions.inc('apps/odd', { namespace: 'apps', pipeline: odd, environment: 'dev' });
    const answer = await createMetricsApp(registry, LOG).request('/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    expect(text).toContain(
      'turnpike_promotions_total{namespace="apps",pipeline="a\\"b\\\\c\\nd",environment="dev"} 1\n',
    );
    for (const line of text.split('\n')) {
      expect(line).toMatch(/^(|# (HELP|TYPE) .+|[a-z_0-9]+(\{.*\})? (Nan|[-+.\dInfe]+))$/);
    }
  });

  test('of 10,000 Pipelines lets others have their turn before a tenth of it is written', async () => {
    const { lines, share } = await scrape(createMetricsApp(crowd(10_000).registry, LOG));
    expect(lines).toBeGreaterThan(900_000);
    expect(share).toBeLessThan(0.1);
  }, 60_000);

  test('is written no further once nobody reads it', async () => {
    let ended = false;
    async function* pieces() {
      try {
        for (;;) yield `${at(0)}\n`;
      } finally {
        ended = true;
      }
    }
    const answer = await createMetricsApp({ contentType: 'text/plain', pieces }, LOG).request('/metrics');
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(ended).toBe(true);
  });
});
