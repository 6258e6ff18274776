import { describe, expect, test } from 'bun:test';
import { type PipelineKey, pipelineKey, type StoredPipeline } from '../../../src/api/pipeline.ts';
import { measure } from '../../../src/cli/serve/measure.ts';
import { createPipelineMetrics } from '../../../src/reconcile/metrics/pipeline-metrics.ts';
import type { Promoter } from '../../../src/reconcile/promoter.ts';
import { createReconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { createReporter } from '../../../src/reconcile/report.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { noNews } from '../../fakes/checking.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { asStored, sampleOf, seriesOf } from '../../fakes/metrics.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { at, pipeline, running, withState } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

const KEY = pipelineKey('apps', 'app');
const LATER = new Date(at(100));
const WHO = 'kind="Pipeline",name="app",namespace="apps"';

interface Life {
  readonly perPipeline?: boolean;
  readonly leading?: () => boolean;
  readonly synced?: () => boolean;
}

/** Metrics as a process has them that starts with what the store holds. */
function start(stored: () => readonly StoredPipeline[], life: Life = {}) {
  const metrics = createMetrics({ perPipeline: life.perPipeline ?? true });
  const find = (key: PipelineKey) =>
    stored().find(({ metadata }) => pipelineKey(metadata.namespace, metadata.name) === key);
  measure(
    {
      metrics,
      store: { get: find, synced: life.synced ?? (() => true) },
      shard: { list: () => [...stored()] },
      clusters: {
        reachable: () => [{ kind: 'Secret', namespace: 'apps', name: 'leaf', reachable: false }],
      },
      now: () => LATER,
    },
    {
      leading: life.leading ?? (() => true),
      queue: { depth: () => 0, unfinished: () => ({ total: 0, longest: 0 }) },
    },
  );
  return { metrics, measured: createPipelineMetrics({ metrics, now: () => LATER }) };
}

/** The statuses of a condition that are 1. */
async function condition(metrics: ReturnType<typeof createMetrics>, type: string): Promise<string[]> {
  const lines = await seriesOf(metrics, 'gotk_reconcile_condition');
  return lines.flatMap((line) => {
    const [, status, value] = new RegExp(`type="${type}",status="(\\w+)"} (\\d)$`).exec(line) ?? [];
    return status !== undefined && value === '1' ? [status] : [];
  });
}

function reconciler() {
  const store = createFakeStore();
  store.put(pipeline());
  const { log } = createFakeLog();
  let problems: string[] = [];
  const { metrics } = start(store.list);
  const reporter = createReporter({ emit: async () => undefined, metrics, log, now: () => LATER });
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    applications: { read: async () => undefined },
    // Nothing is promoted here.
    promoter: {} as Promoter,
    check: () => noNews(problems),
    onChange: reporter.changed,
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log,
    now: () => LATER,
  });
  return {
    store,
    metrics,
    reconcile: () => reconcile(KEY),
    spoil: () => {
      problems = ['spec.appRef: is missing'];
    },
  };
}

describe('the conditions of Pipelines', () => {
  test('are there right after a restart, though nothing has changed', async () => {
    const { store, metrics, reconcile } = reconciler();
    await reconcile();
    const before = await seriesOf(metrics, 'gotk_reconcile_condition');
    expect(before).toContain(`gotk_reconcile_condition{${WHO},type="Ready",status="True"} 1`);
    const again = start(store.list);
    expect(await seriesOf(again.metrics, 'gotk_reconcile_condition')).toEqual(before);
  });

  test('are those of a spec that has become invalid', async () => {
    const { metrics, reconcile, spoil } = reconciler();
    await reconcile();
    expect(await condition(metrics, 'Ready')).toEqual(['True']);
    spoil();
    await reconcile();
    expect([await condition(metrics, 'Ready'), await condition(metrics, 'Stalled')]).toEqual([
      ['False'],
      ['True'],
    ]);
  });

  test('are unknown before the first look', async () => {
    const { metrics } = start(() => [asStored(pipeline())]);
    expect(await seriesOf(metrics, 'gotk_reconcile_condition')).toEqual([
      `gotk_reconcile_condition{${WHO},type="Ready",status="True"} 0`,
      `gotk_reconcile_condition{${WHO},type="Ready",status="False"} 0`,
      `gotk_reconcile_condition{${WHO},type="Ready",status="Unknown"} 1`,
    ]);
  });

  test('are reported by the replica that leads, from the moment that it does', async () => {
    let leading = false;
    const { metrics } = start(() => [asStored(pipeline())], { leading: () => leading });
    expect(await seriesOf(metrics, 'gotk_reconcile_condition')).toEqual([]);
    leading = true;
    expect((await seriesOf(metrics, 'gotk_reconcile_condition')).length).toBe(3);
    leading = false;
    expect(await seriesOf(metrics, 'gotk_reconcile_condition')).toEqual([]);
    expect(await seriesOf(metrics, 'turnpike_oldest_pending_promotion_seconds')).toEqual([]);
  });

  test('are reported once all Pipelines are read', async () => {
    const { metrics } = start(() => [asStored(pipeline())], { synced: () => false });
    expect(await seriesOf(metrics, 'gotk_reconcile_condition')).toEqual([]);
  });

  test('go with their Pipeline', async () => {
    const stored = [asStored(pipeline(), 'app'), asStored(pipeline(), 'other')];
    const { metrics } = start(() => stored);
    stored.shift();
    const lines = await seriesOf(metrics, 'gotk_reconcile_condition');
    expect(lines.every((line) => line.includes('name="other"'))).toBe(true);
    expect(lines.length).toBe(3);
  });
});

const WAITING = withState(pipeline(), 'prod', {
  promotion: { revision: '1.1.0', phase: 'WaitingApproval', startedAt: at(0), updatedAt: at(40) },
});

describe('promotions that are not over', () => {
  test('that wait for an approval say who, and for how long', async () => {
    const { metrics } = start(() => [asStored(WAITING)]);
    const labels = 'namespace="apps",pipeline="app",environment="prod"';
    expect(await seriesOf(metrics, 'turnpike_promotions_waiting_approval')).toEqual([
      `turnpike_promotions_waiting_approval{${labels}} 1`,
    ]);
    expect(await sampleOf(metrics, `turnpike_approval_wait_seconds{${labels}}`)).toBe(60);
  });

  test('have an age by phase, and a gate that holds one is no delay', async () => {
    const held = withState(WAITING, 'staging', {
      promotion: { revision: '1.2.0', phase: 'Pending', heldBy: 'Soak', startedAt: at(30) },
    });
    const { metrics } = start(() => [asStored(held)]);
    const age = (phase: string) =>
      sampleOf(metrics, `turnpike_oldest_pending_promotion_seconds{phase="${phase}"}`);
    expect([await age('WaitingApproval'), await age('Held'), await age('Pending')]).toEqual([100, 70, 0]);
  });

  test('count in environments that the spec has', async () => {
    const gone = {
      ...WAITING,
      spec: { ...WAITING.spec, environments: WAITING.spec.environments.slice(0, 2) },
    };
    const { metrics } = start(() => [asStored(gone)]);
    expect(await seriesOf(metrics, 'turnpike_promotions_waiting_approval')).toEqual([]);
  });

  test('have the age 0 when nobody can read since when they wait', async () => {
    const odd = withState(pipeline(), 'prod', {
      promotion: { revision: '1.1.0', phase: 'WaitingApproval', updatedAt: 'yesterday' },
    });
    const { metrics } = start(() => [asStored(odd)]);
    expect((await seriesOf(metrics, 'turnpike_approval_wait_seconds'))[0]).toEndWith(' 0');
  });
});

const BEFORE = running({ dev: '1.1.0', staging: '1.0.0' });
const AFTER = withState(BEFORE, 'staging', {
  promotion: { revision: '1.1.0', phase: 'Succeeded', startedAt: at(0), updatedAt: at(60) },
  deployment: {
    revision: '1.1.0',
    phase: 'Succeeded',
    startedAt: at(10),
    observedAt: at(55),
    source: 'webhook',
  },
});

const BY_PIPELINE = [
  'turnpike_promotions_total',
  'turnpike_promotion_duration_seconds_count',
  'turnpike_deployment_duration_seconds_count',
  'gotk_reconcile_duration_seconds_count',
];

describe('what happened to a Pipeline', () => {
  function happened(life: Life = {}) {
    const stored = [asStored(AFTER)];
    const { metrics, measured } = start(() => stored, life);
    measured.changed(AFTER, BEFORE.status);
    metrics.pipelineReconcileSeconds.observe(KEY, { kind: 'Pipeline', name: 'app', namespace: 'apps' }, 0.2);
    const counts = async () => (await Promise.all(BY_PIPELINE.map((name) => seriesOf(metrics, name)))).flat();
    return { stored, metrics, measured, counts };
  }

  test('is counted, and timed where its begin was seen', async () => {
    const { metrics, counts } = happened();
    const where = 'namespace="apps",pipeline="app",environment="staging"';
    expect(await counts()).toEqual([
      `turnpike_promotions_total{${where},strategy="pull-request",outcome="succeeded"} 1`,
      `turnpike_promotion_duration_seconds_count{${where},strategy="pull-request"} 1`,
      `turnpike_deployment_duration_seconds_count{${where}} 1`,
      `gotk_reconcile_duration_seconds_count{${WHO}} 1`,
    ]);
    expect(await sampleOf(metrics, `turnpike_deployment_duration_seconds_sum{${where}}`)).toBe(45);
    expect(await sampleOf(metrics, `turnpike_deployment_duration_seconds_bucket{${where},le="30"}`)).toBe(0);
    expect(await sampleOf(metrics, `turnpike_deployment_duration_seconds_bucket{${where},le="60"}`)).toBe(1);
    expect(await sampleOf(metrics, `turnpike_deployment_duration_seconds_bucket{${where},le="+Inf"}`)).toBe(
      1,
    );
  });

  test('is forgotten when it is deleted', async () => {
    const { measured, counts } = happened();
    measured.deleted(KEY);
    expect(await counts()).toEqual([]);
  });

  test('is forgotten at the next scrape when it was written down after the deletion', async () => {
    const { stored, counts } = happened();
    stored.splice(0);
    expect(await counts()).toEqual([]);
  });

  test('is forgotten of environments that the spec has no more', async () => {
    const { stored, counts } = happened();
    const environments = AFTER.spec.environments.filter(({ name }) => name !== 'staging');
    stored.splice(0, 1, asStored({ ...AFTER, spec: { ...AFTER.spec, environments } }));
    expect(await counts()).toEqual([`gotk_reconcile_duration_seconds_count{${WHO}} 1`]);
  });
});

describe('without series by Pipeline', () => {
  test('one series stands for all, and outlives each of them', async () => {
    const stored = [asStored(AFTER), asStored(WAITING, 'other')];
    const { metrics, measured } = start(() => stored, { perPipeline: false });
    measured.changed(AFTER, BEFORE.status);
    const other = { ...AFTER, metadata: { ...AFTER.metadata, name: 'other' } };
    measured.changed(other, BEFORE.status);
    measured.deleted(KEY);
    stored.shift();
    expect(await seriesOf(metrics, 'turnpike_promotions_total')).toEqual([
      'turnpike_promotions_total{strategy="pull-request",outcome="succeeded"} 2',
    ]);
    expect(await seriesOf(metrics, 'turnpike_deployment_duration_seconds_sum')).toEqual([
      'turnpike_deployment_duration_seconds_sum 90',
    ]);
    expect(await seriesOf(metrics, 'turnpike_promotions_waiting_approval')).toEqual([
      'turnpike_promotions_waiting_approval 1',
    ]);
    expect(await seriesOf(metrics, 'turnpike_approval_wait_seconds')).toEqual([
      'turnpike_approval_wait_seconds 60',
    ]);
  });

  test('conditions are numbers of Pipelines', async () => {
    const { metrics } = start(() => [asStored(AFTER), asStored(WAITING, 'other')], { perPipeline: false });
    const unknown = 'gotk_reconcile_condition{kind="Pipeline",type="Ready",status="Unknown"}';
    expect(await sampleOf(metrics, unknown)).toBe(2);
    expect(await metrics.registry.metrics()).not.toMatch(/(pipeline|environment)="/);
  });
});

test('a cluster is reachable or not by its own name', async () => {
  const { metrics } = start(() => []);
  expect(await seriesOf(metrics, 'turnpike_cluster_reachable')).toEqual([
    'turnpike_cluster_reachable{namespace="apps",kind="Secret",name="leaf"} 0',
  ]);
});

test('the build that runs is reported', async () => {
  const { metrics } = start(() => []);
  const [line, ...more] = await seriesOf(metrics, 'turnpike_build_info');
  expect(line).toMatch(/^turnpike_build_info\{version="\d+\.\d+\.\d+[^"]*",runtime="bun [\d.]+"\} 1$/);
  expect(more).toEqual([]);
});
