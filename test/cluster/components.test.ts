import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { waitEstablished } from '../lab/established.ts';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { applyFolder } from './pipelines.ts';

/** The kustomize components that only add to the installation. */

const KUSTOMIZE = join(import.meta.dir, '../../kustomize');
const MINUTE = 60_000;

let lab: Lab;
let folder: string;

beforeAll(async () => {
  lab = await sharedLab();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'turnpike-components-')));
}, 10 * MINUTE);

afterAll(() => rm(folder, { recursive: true }));

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Record<string, unknown>;
}

async function overlay(name: string, fields: Record<string, unknown>): Promise<string> {
  const path = join(folder, name);
  const kind = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
  await Bun.write(join(path, 'kustomization.yaml'), stringify({ ...kind, ...fields }));
  return path;
}

/** kustomize takes folders outside its own by relative path alone. */
async function pathTo(from: string, to: string): Promise<string> {
  return relative(join(folder, from), await realpath(join(KUSTOMIZE, to)));
}

async function build(path: string): Promise<Manifest[]> {
  const text = await lab.kubectl(['kustomize', path]);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

function find(all: readonly Manifest[], kind: string): Manifest {
  const [found, ...more] = all.filter((one) => one.kind === kind);
  if (!found || more.length > 0) throw new Error(`not one ${kind}`);
  return found;
}

describe('kustomize/components/hook-tls', () => {
  test('mounts the certificate where Turnpike reads it, and gives the Service port 443 alone', async () => {
    await overlay('hook-tls-base', {
      namespace: 'tools',
      resources: [await pathTo('hook-tls-base', 'default')],
    });
    const components = [await pathTo('hook-tls', 'components/hook-tls')];
    const all = await build(await overlay('hook-tls', { resources: ['../hook-tls-base'], components }));
    const { spec } = find(all, 'Deployment').spec.template as { spec: Pod & { volumes: unknown[] } };
    expect(spec.containers[0]?.args).toContain('--promotion-hook-cert-dir=/etc/turnpike/hook');
    expect(spec.containers[0]).toMatchObject({
      volumeMounts: expect.arrayContaining([
        { name: 'hook-certificate', mountPath: '/etc/turnpike/hook', readOnly: true },
      ]),
    });
    expect(spec.volumes).toContainEqual({
      name: 'hook-certificate',
      secret: { secretName: 'turnpike-hook-tls', defaultMode: 0o440, optional: true },
    });
    const service = all.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === 'turnpike-promotion',
    );
    expect(service?.spec.ports).toEqual([{ name: 'https', port: 443, targetPort: 'hook' }]);
  });
});

describe('kustomize/components/ha', () => {
  async function manifests(namespace?: string): Promise<Manifest[]> {
    await overlay('base', {
      ...(namespace && { namespace }),
      resources: [await pathTo('base', 'default')],
    });
    return build(
      await overlay('ha', { resources: ['../base'], components: [await pathTo('ha', 'components/ha')] }),
    );
  }

  test('runs two replicas apart from each other and replaces them without a gap', async () => {
    const all = await manifests();
    const deployment = find(all, 'Deployment');
    expect(deployment.spec).toMatchObject({
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    const { spec, metadata } = deployment.spec.template as { spec: Pod; metadata: object };
    const [container, ...others] = spec.containers;
    expect(others).toEqual([]);
    expect(container?.args).toContain('--leader-elect');
    const wait = container?.lifecycle.preStop.sleep.seconds ?? 0;
    // Endpoints are withdrawn within seconds; Turnpike itself ends within ten.
    expect(wait).toBeGreaterThanOrEqual(5);
    expect(wait + 10).toBeLessThan(spec.terminationGracePeriodSeconds);
    expect(spec.topologySpreadConstraints.map(({ topologyKey }) => topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    const { selector } = deployment.spec;
    expect(metadata).toMatchObject({ labels: (selector as { matchLabels: object }).matchLabels });
    expect(find(all, 'PodDisruptionBudget').spec).toMatchObject({ minAvailable: 1, selector });
  });

  test('goes to the namespace of the installation', async () => {
    const all = await manifests('elsewhere');
    for (const kind of ['Deployment', 'PodDisruptionBudget']) {
      expect(find(all, kind).metadata).toMatchObject({ name: 'turnpike', namespace: 'elsewhere' });
    }
  });

  test(
    'is taken by the API server',
    async () => {
      const all = await manifests('default');
      const mine = [find(all, 'Deployment'), find(all, 'PodDisruptionBudget')];
      const file = join(folder, 'ha.yaml');
      await writeFile(file, mine.map((one) => stringify(one)).join('---\n'));
      const said = await lab.kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', file]);
      expect(said).toContain('poddisruptionbudget.policy/turnpike created (server dry run)');
    },
    MINUTE,
  );
});

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly topologySpreadConstraints: readonly { readonly topologyKey: string }[];
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  }[];
}

describe('kustomize/components/monitoring', () => {
  async function manifests(namespace?: string): Promise<Manifest[]> {
    const base = { ...(namespace && { namespace }), resources: [await pathTo('monitored', 'default')] };
    await overlay('monitored', base);
    const components = [await pathTo('monitoring', 'components/monitoring')];
    return build(await overlay('monitoring', { resources: ['../monitored'], components }));
  }

  test('scrapes the Pods of the Deployment at a port that they have', async () => {
    const all = await manifests();
    const monitor = find(all, 'PodMonitor');
    const deployment = find(all, 'Deployment');
    expect(monitor.spec.selector).toEqual(deployment.spec.selector);
    const { spec } = deployment.spec.template as { spec: { containers: { ports: { name: string }[] }[] } };
    const ports = spec.containers.flatMap((container) => container.ports.map(({ name }) => name));
    const endpoints = monitor.spec.podMetricsEndpoints as { port: string }[];
    expect(endpoints.length).toBe(1);
    for (const { port } of endpoints) expect(ports).toContain(port);
  });

  test('goes to the namespace of the installation', async () => {
    const all = await manifests('elsewhere');
    const mine = all.filter(({ kind }) => ['PodMonitor', 'PrometheusRule'].includes(kind));
    expect(mine.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      'elsewhere/turnpike',
      'elsewhere/turnpike',
    ]);
  });
});

describe('kustomize/components/gitops-cluster', () => {
  beforeAll(async () => {
    await applyFolder(lab, 'kustomize/components/gitops-cluster');
    const definition = 'crd/gitopsclusters.gitops.weave.works';
    await waitEstablished(lab, definition);
  }, MINUTE);

  async function apply(fields: object): Promise<string> {
    const metadata = { name: 'leaf', namespace: 'default' };
    const input = JSON.stringify({
      apiVersion: 'gitops.weave.works/v1alpha1',
      kind: 'GitopsCluster',
      metadata,
      ...fields,
    });
    const { stdout, stderr } = await lab.tryKubectl(['apply', '--dry-run=server', '-f', '-'], { input });
    return stdout + stderr;
  }

  const name = 'leaf';
  test.each([
    [{ spec: { secretRef: { name } } }, 'gitopscluster.gitops.weave.works/leaf created'],
    [{ spec: { capiClusterRef: { name } } }, 'gitopscluster.gitops.weave.works/leaf created'],
    [{ spec: {} }, 'Write one of secretRef and capiClusterRef'],
    [{ spec: { secretRef: { name }, capiClusterRef: { name } } }, 'Keep one of secretRef and capiClusterRef'],
    [{}, 'Write spec with secretRef or capiClusterRef'],
    [{ spec: { secretRef: {} } }, 'spec.secretRef.name: Required value'],
  ])(
    'answers to %j: %s',
    async (fields, said) => {
      expect(await apply(fields)).toContain(said);
    },
    MINUTE,
  );

  test(
    'is structural',
    async () => {
      const definition = await lab.get(['crd', 'gitopsclusters.gitops.weave.works']);
      const { status } = definition as { status: { conditions: { type: string; status: string }[] } };
      const types = status.conditions.filter((one) => one.status === 'True').map(({ type }) => type);
      expect(types).toContain('Established');
      expect(types).not.toContain('NonStructuralSchema');
    },
    MINUTE,
  );
});

describe('kustomize/components/workloads', () => {
  async function role() {
    await overlay('worked', { resources: [await pathTo('worked', 'default')] });
    const components = [await pathTo('workloads', 'components/workloads')];
    const all = await build(await overlay('workloads', { resources: ['../worked'], components }));
    const found = all.filter(({ metadata }) => metadata.name.startsWith('turnpike-applications'));
    const [applications, added] = found.filter(({ kind }) => kind === 'ClusterRole');
    return { applications, added };
  }

  test('adds the right to read workloads to the ClusterRole of applications', async () => {
    const { applications, added } = await role();
    const { clusterRoleSelectors } = Reflect.get(applications ?? {}, 'aggregationRule');
    expect(added?.metadata).toMatchObject({ labels: clusterRoleSelectors[0].matchLabels });
    expect(Reflect.get(added ?? {}, 'rules')).toEqual([
      {
        apiGroups: ['apps'],
        resources: ['deployments', 'statefulsets', 'daemonsets'],
        verbs: ['get', 'list', 'watch'],
      },
    ]);
  });

  test(
    'is taken by the API server',
    async () => {
      const file = join(folder, 'workloads.yaml');
      await writeFile(file, stringify((await role()).added));
      const said = await lab.kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', file]);
      expect(said).toContain('turnpike-applications-workloads created (server dry run)');
    },
    MINUTE,
  );
});
