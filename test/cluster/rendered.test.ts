import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readdir, realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { writeExamples } from '../lab/examples.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { installOtherDefinitions } from '../lab/other-definitions.ts';

/**
 * No kubelet, network or Prometheus runs here. What cannot be tried is rendered, and each object is shown to
 * the API server, which knows the schemas and refuses fields that they have not.
 */

setDefaultTimeout(60_000);

const KUSTOMIZE = join(import.meta.dir, '../../kustomize');
const WATCHED = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'turnpike-watched',
    annotations: { 'config.kubernetes.io/local-config': 'true' },
  },
  data: { namespace: 'podinfo' },
};
/** What each variant names, in this order. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  default: [],
  ha: ['ha'],
  monitoring: ['monitoring'],
  'cert-manager': ['cert-manager'],
  'gitops-cluster': ['gitops-cluster'],
  'network-policy': ['network-policy'],
  'metrics-authentication': ['metrics-authentication'],
  'hook-tls': ['hook-tls'],
  workloads: ['workloads'],
  namespaced: ['cert-manager', 'namespaced'],
  'monitoring with authentication': ['monitoring', 'metrics-authentication'],
  all: [
    'cert-manager',
    'ha',
    'monitoring',
    'metrics-authentication',
    'network-policy',
    'hook-tls',
    'gitops-cluster',
    'workloads',
    'namespaced',
  ],
};
/** Components for other installations than Turnpike's, or of a folder of their own. */
const ELSEWHERE = ['flux-alerts', 'shard'];

let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
  await installOtherDefinitions(lab);
  const examples = ['turnpike-team-a', 'team-a', 'team-a-staging', 'fleet'];
  for (const name of ['turnpike-system', 'elsewhere', 'podinfo', ...examples]) {
    await lab.kubectl(['create', 'namespace', name]);
  }
}, 10 * 60_000);

afterAll(() => lab?.stop());

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: manifests of all kinds
  readonly [field: string]: any;
}

async function kustomization(folder: string, fields: object): Promise<string> {
  const header = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
  await Bun.write(join(folder, 'kustomization.yaml'), stringify({ ...header, ...fields }));
  return folder;
}

/** An overlay as the components' READMEs have it; returns the file that holds what comes of it. */
async function render(variant: string, namespace: string): Promise<string> {
  const root = join(await realpath(lab.directory), `${variant.replaceAll(' ', '-')}-${namespace}`);
  const from = (folder: string, to: string) => relative(folder, join(KUSTOMIZE, to));
  const base = await kustomization(join(root, 'base'), {
    ...(namespace !== 'turnpike-system' && { namespace }),
    resources: [from(join(root, 'base'), 'default')],
  });
  const isNamespaced = VARIANTS[variant]?.includes('namespaced');
  if (isNamespaced) await Bun.write(join(root, 'watched.yaml'), stringify(WATCHED));
  await kustomization(root, {
    resources: [relative(root, base), ...(isNamespaced ? ['watched.yaml'] : [])],
    components: (VARIANTS[variant] ?? []).map((name) => from(root, `components/${name}`)),
  });
  const file = join(root, 'rendered.yaml');
  await writeFile(file, await lab.kubectl(['kustomize', root]));
  return file;
}

async function manifests(variant: string, namespace = 'turnpike-system'): Promise<Manifest[]> {
  const text = await Bun.file(await render(variant, namespace)).text();
  return manifestsIn(text);
}

function manifestsIn(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

function find(all: readonly Manifest[], kind: string, name = 'turnpike'): Manifest {
  const [found, ...more] = all.filter((one) => one.kind === kind && one.metadata.name === name);
  if (!found || more.length > 0) throw new Error(`not one ${kind} ${name}`);
  return found;
}

/** Each object in the file, every field of it. */
async function expectTaken(file: string): Promise<void> {
  const count = parseAllDocuments(await Bun.file(file).text()).length;
  const said = await lab.kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', file]);
  const taken = said.trim().split('\n');
  expect(taken.filter((line) => !/ (created|configured) \(server dry run\)$/.test(line))).toEqual([]);
  expect(taken.length).toBe(count);
}

const cases: readonly (readonly [variant: string, namespace: string])[] = [
  ...Object.keys(VARIANTS).map((variant) => [variant, 'turnpike-system'] as const),
  ['all', 'elsewhere'],
];

describe('what kustomize makes', () => {
  test.each(cases)('of %s in %s is taken by the API server, every field of it', async (variant, namespace) =>
    expectTaken(await render(variant, namespace)),
  );

  test('is shown with each component', async () => {
    const components = (await readdir(join(KUSTOMIZE, 'components'))).filter(
      (name) => !ELSEWHERE.includes(name),
    );
    expect(components.filter((name) => !VARIANTS.all?.includes(name))).toEqual([]);
  });

  const pages: [page: string, folder: string, repository: string][] = [
    ['docs/installation.md', 'turnpike', '.'],
    ['docs/admission.md', '.', 'turnpike'],
    ['kustomize/components/namespaced/README.md', 'team-a', '.'],
  ];
  test.each(pages)('of the files in %s is taken by the API server', async (page, folder, repository) => {
    const root = join(lab.directory, page.replaceAll('/', '-'));
    const file = join(root, 'rendered.yaml');
    const examples = await writeExamples(page, root, repository);
    await writeFile(file, await lab.kubectl(['kustomize', join(examples, folder)]));
    await expectTaken(file);
  });

  test.each(['default', 'all'])('of %s goes to another namespace as a whole', async (variant) => {
    const text = await Bun.file(await render(variant, 'elsewhere')).text();
    expect(text).toContain('namespace: elsewhere');
    expect(text).not.toContain('turnpike-system');
    expect(text).not.toContain('watched');
  });

  test('has a Pod that the restricted standard for Pods allows', async () => {
    const { spec } = find(await manifests('all'), 'Deployment');
    await lab.kubectl(['create', 'serviceaccount', 'turnpike', '-n', 'turnpike-system']);
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    await lab.kubectl(['label', 'namespace', 'turnpike-system', label]);
    const metadata = { name: 'turnpike', namespace: 'turnpike-system' };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: spec.template.spec };
    const apply = ['apply', '--dry-run=server', '--validate=strict', '-f', '-'];
    expect(await lab.kubectl(apply, { input: JSON.stringify(pod) })).toContain('pod/turnpike created');
    const wrong = { ...pod, spec: { ...pod.spec, hostNetwork: true } };
    expect((await lab.tryKubectl(apply, { input: JSON.stringify(wrong) })).stderr).toContain('PodSecurity');
  });
});

describe('kustomize/components/namespaced', () => {
  test('leaves no Secret and no Pipeline to a right in the whole cluster', async () => {
    const all = await manifests('namespaced');
    const cluster = all.filter(({ kind }) => kind === 'ClusterRoleBinding');
    expect(cluster.map(({ metadata }) => metadata.name)).toEqual(['turnpike-reviews:turnpike-system']);
    expect(find(all, 'ClusterRole', 'turnpike-reviews').rules).toEqual([
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ]);
    const role = find(all, 'Role', 'turnpike-controller');
    expect(role.metadata.namespace).toBe('podinfo');
    expect(find(all, 'RoleBinding', 'turnpike-controller').metadata.namespace).toBe('podinfo');
    expect(find(all, 'RoleBinding', 'turnpike-applications').metadata.namespace).toBe('podinfo');
  });

  test('grants in the namespace what the installation grants in all, and reviews in the cluster', async () => {
    const [wide, narrow] = [await manifests('default'), await manifests('namespaced')];
    const isReview = ({ apiGroups }: Manifest) => apiGroups[0] === 'authorization.k8s.io';
    const rules: Manifest[] = find(wide, 'ClusterRole', 'turnpike-controller').rules;
    expect(find(narrow, 'Role', 'turnpike-controller').rules).toEqual(rules.filter((one) => !isReview(one)));
    expect(find(narrow, 'ClusterRole', 'turnpike-reviews').rules).toEqual(
      expect.arrayContaining(rules.filter(isReview)),
    );
  });

  test('has the webhook asked about that namespace alone, under a name of its own', async () => {
    const { webhooks } = find(
      await manifests('namespaced'),
      'ValidatingWebhookConfiguration',
      'turnpike-podinfo',
    );
    const key = 'kubernetes.io/metadata.name';
    expect(webhooks[0].namespaceSelector.matchExpressions).toEqual([
      { key, operator: 'NotIn', values: ['kube-system', 'turnpike-system'] },
      { key, operator: 'In', values: ['podinfo'] },
    ]);
  });

  test('has an installation and a target in one overlay, each with rights in its own namespace', async () => {
    const page = 'kustomize/components/namespaced/README.md';
    const root = await writeExamples(page, join(lab.directory, 'one-overlay'));
    const all = manifestsIn(await lab.kubectl(['kustomize', join(root, 'team-a')]));
    const bindings = all.filter(({ kind }) => kind === 'RoleBinding');
    const rights = bindings.map(({ metadata, roleRef, subjects }) => [
      metadata.namespace,
      roleRef.name,
      ...subjects.map(({ namespace }: { namespace: string }) => namespace),
    ]);
    expect(rights.sort()).toEqual([
      ['team-a', 'turnpike-applications', 'turnpike-team-a'],
      ['team-a', 'turnpike-controller', 'turnpike-team-a'],
      ['team-a-staging', 'turnpike-applications', 'turnpike-team-a'],
      ['team-a-staging', 'turnpike-target', 'turnpike-team-a'],
      ['turnpike-team-a', 'turnpike', 'turnpike-team-a'],
    ]);
  });

  test('has a Role for a GitopsCluster elsewhere that the API server takes', async () => {
    const page = 'kustomize/components/namespaced/README.md';
    const root = await writeExamples(page, join(lab.directory, 'fleet'));
    await expectTaken(join(root, 'team-a/fleet.yaml'));
  });

  test('grants in a target namespace the applications and what the namespace hides', async () => {
    const root = join(await realpath(lab.directory), 'target');
    const resources = [relative(root, join(KUSTOMIZE, 'components/namespaced/target'))];
    await kustomization(root, { namespace: 'podinfo', resources });
    const said = await lab.kubectl(['apply', '--dry-run=server', '--validate=strict', '-k', root]);
    expect(said.trim().split('\n').length).toBe(3);
    const text = await lab.kubectl(['kustomize', root]);
    const role = manifestsIn(text);
    expect(find(role, 'Role', 'turnpike-target').rules.map(({ resources }: Manifest) => resources)).toEqual([
      ['helmreleases'],
      ['kustomizations'],
      ['ocirepositories'],
      ['namespaces'],
    ]);
  });
});

describe('kustomize/components/metrics-authentication', () => {
  test('has the PodMonitor send the token of an account that may do nothing else', async () => {
    const all = await manifests('monitoring with authentication');
    expect(find(all, 'PodMonitor').spec.podMetricsEndpoints).toEqual([
      { port: 'metrics', authorization: { credentials: { name: 'turnpike-metrics-reader', key: 'token' } } },
    ]);
    const account = all.filter(({ subjects }) =>
      subjects?.some(({ name }: { name: string }) => name === 'turnpike-metrics-reader'),
    );
    expect(account.map(({ kind, roleRef }) => [kind, roleRef.name])).toEqual([
      ['ClusterRoleBinding', 'turnpike-metrics-reader'],
    ]);
    expect(find(all, 'ClusterRole', 'turnpike-metrics-reader').rules).toEqual([
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ]);
    expect(find(all, 'Deployment').spec.template.spec.containers[0].args).toContain(
      '--metrics-authentication',
    );
  });
});
