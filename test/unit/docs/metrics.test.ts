import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parse } from 'yaml';
import { measure } from '../../../src/cli/serve/measure.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { asStored } from '../../fakes/metrics.ts';
import { at, NOW, pipeline, withState } from '../../fakes/pipeline.ts';

const ROOT = join(import.meta.dir, '../../..');
const PAGE = await Bun.file(join(ROOT, 'docs/metrics.md')).text();
const MONITORING = join(ROOT, 'kustomize/components/monitoring');

interface Row {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  /** Whether Pipelines have series of their own. */
  readonly perPipeline: boolean;
}

const ROWS: readonly Row[] = [...PAGE.matchAll(/^\| `(\w+)`( ●)? \| (\w+) \| ([\w, ]*)\|/gm)].map(
  ([, name = '', mark, type = '', labels = '']) => ({
    name,
    type,
    labels: labels.split(',').flatMap((label) => label.trim() || []),
    perPipeline: mark !== undefined,
  }),
);

/** A program's metrics with at least one series of everything. */
function everything(perPipeline: boolean) {
  const metrics = createMetrics({ perPipeline });
  const waiting = withState(pipeline(), 'prod', {
    promotion: { revision: '1.1.0', phase: 'WaitingApproval', updatedAt: at(0) },
  });
  const stored = asStored(waiting);
  measure(
    {
      metrics,
      store: { get: () => stored, synced: () => true },
      shard: { list: () => [stored] },
      clusters: { reachable: () => [] },
      now: () => NOW,
    },
    { leading: () => true, queue: { depth: () => 0, unfinished: () => ({ total: 0, longest: 0 }) } },
  );
  const labels = { namespace: 'apps', pipeline: 'app', environment: 'prod' };
  metrics.promotions.inc('apps/app', { ...labels, strategy: 'push', outcome: 'failed' });
  metrics.promotionSeconds.observe('apps/app', { ...labels, strategy: 'push' }, 1);
  metrics.deploymentSeconds.observe('apps/app', labels, 1);
  metrics.pipelineReconcileSeconds.observe(
    'apps/app',
    { kind: 'Pipeline', name: 'app', namespace: 'apps' },
    1,
  );
  return metrics;
}

function labelsIn(text: string, { name, type }: Row): string[] {
  const series = type === 'histogram' ? `${name}_count` : name;
  const [, labels = ''] = new RegExp(`^${series}\\{(.*)\\} `, 'm').exec(text) ?? [];
  return [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
}

const IDENTITY = ['namespace', 'name', 'pipeline', 'environment'];

describe('docs/metrics.md', () => {
  test('lists every metric with its type, and no other', async () => {
    const text = await everything(true).registry.metrics();
    const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(ROWS.map(({ name, type }) => `${name} ${type}`).toSorted()).toEqual(types.toSorted());
  });

  test('lists the labels that they have', async () => {
    const metrics = everything(true);
    const text = await metrics.registry.metrics();
    for (const row of ROWS) {
      const small = metrics.registry.small.getSingleMetric(row.name) as { labelNames?: string[] } | undefined;
      const labels = small ? (small.labelNames ?? []) : labelsIn(text, row);
      expect([row.name, ...row.labels.toSorted()]).toEqual([row.name, ...labels.toSorted()]);
    }
  });

  test('marks those that --metrics-per-pipeline=false adds up, and only those lose labels', async () => {
    const text = await everything(false).registry.metrics();
    for (const row of ROWS.filter(({ perPipeline }) => perPipeline)) {
      const kept = row.labels.filter((label) => !IDENTITY.includes(label));
      expect([row.name, ...labelsIn(text, row).toSorted()]).toEqual([row.name, ...kept.toSorted()]);
    }
    const { small } = createMetrics().registry;
    for (const { name, labels, perPipeline } of ROWS) {
      const isSmall = small.getSingleMetric(name) !== undefined;
      if (!isSmall && labels.includes('namespace')) expect([name, perPipeline]).toEqual([name, true]);
    }
  });

  test('has a row for each alert of the component', async () => {
    const alerts = (await rules()).map(({ alert }) => alert);
    const rows = [...PAGE.matchAll(/^\| (Turnpike\w+) \|/gm)].map(([, name = '']) => name);
    expect(rows).toEqual(alerts);
  });
});

async function rules(): Promise<{ alert: string; expr: string }[]> {
  const { spec } = parse(await Bun.file(join(MONITORING, 'rules.yaml')).text());
  return spec.groups.flatMap((group: { rules: unknown[] }) => group.rules);
}

describe('the alerts', () => {
  test('ask for metrics and labels that there are', async () => {
    const known = new Map(ROWS.map(({ name, labels }) => [name, labels]));
    for (const { alert, expr } of await rules()) {
      const used = [...expr.matchAll(/\b((?:turnpike|gotk|workqueue|leader)_\w+)(?:\{([^}]*)\})?/g)];
      expect([alert, used.length > 0]).toEqual([alert, true]);
      for (const [, name = '', selector = ''] of used) {
        const labels = known.get(name.replace(/_bucket$/, ''));
        expect([alert, name, labels !== undefined]).toEqual([alert, name, true]);
        for (const [, label = ''] of selector.matchAll(/(\w+)=/g)) expect(labels).toContain(label);
      }
    }
  });
});

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

/** What a path of kube-state-metrics leads to in a schema; a condition by its type is an item of a list. */
function follow(schema: Schema | undefined, path: readonly string[]): Schema | undefined {
  return path.reduce<Schema | undefined>(
    (at, step) => (step.startsWith('[') ? at?.items : at?.properties?.[step]),
    schema,
  );
}

describe('kube-state-metrics.yaml', () => {
  test('takes all its labels and values from fields that Pipelines have', async () => {
    const definition = parse(await Bun.file(join(ROOT, 'manifests/crd/pipelines.yaml')).text());
    const [version] = definition.spec.versions;
    const schema: Schema = version.schema.openAPIV3Schema;
    const config = parse(await Bun.file(join(MONITORING, 'kube-state-metrics.yaml')).text());
    const [resource, ...others] = config.spec.resources;
    expect([config.kind, others]).toEqual(['CustomResourceStateMetrics', []]);
    expect(resource.groupVersionKind).toEqual({
      group: definition.spec.group,
      version: version.name,
      kind: definition.spec.names.kind,
    });
    const whole = (path: string[]) => path[0] === 'metadata' || follow(schema, path) !== undefined;
    for (const { name, each, labelsFromPath = {} } of resource.metrics) {
      const { path = [], labelFromKey, labelsFromPath: own = {}, valueFrom } = each.info ?? each.gauge;
      const base = follow(schema, path);
      // A path to a map gives a series for each of its values.
      const element = labelFromKey === undefined ? base : base?.additionalProperties;
      const inside = [...Object.values<string[]>(own), ...(valueFrom ? [valueFrom] : [])];
      const missing = [
        ...Object.values<string[]>(labelsFromPath).filter((one) => !whole(one)),
        ...inside.filter((one) => (path.length === 0 ? !whole(one) : follow(element, one) === undefined)),
      ];
      expect([name, missing]).toEqual([name, []]);
    }
  });
});
