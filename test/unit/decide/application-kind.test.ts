import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { applicationKindProblem, isKnownApplication } from '../../../src/decide/model/application-kind.ts';

const ROOT = join(import.meta.dir, '../../..');

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly { readonly apiGroups?: readonly string[]; readonly resources?: string[] }[];
}

/** The roles for Turnpike itself: all but those for people. */
async function ownRoles(): Promise<Role[]> {
  const files = ['manifests', 'kustomize'].flatMap((folder) => [
    ...new Bun.Glob(`${folder}/**/*.yaml`).scanSync(ROOT),
  ]);
  const texts = await Promise.all(files.map((file) => Bun.file(join(ROOT, file)).text()));
  const all = texts.flatMap((text) => parseAllDocuments(text).map((one) => one.toJS() as Role | null));
  return all.filter((one): one is Role => {
    if (one?.kind !== 'Role' && one?.kind !== 'ClusterRole') return false;
    return !['turnpike-view', 'turnpike-edit'].includes(one.metadata.name);
  });
}

/** Groups of which our roles name applications. */
const APPLICATIONS = ['helm.toolkit.fluxcd.io', 'kustomize.toolkit.fluxcd.io', 'apps'];

describe('the kinds that may be applications', () => {
  test('are none that our own roles let us read for something else', async () => {
    const roles = await ownRoles();
    expect(roles.map(({ metadata }) => metadata.name)).toContain('turnpike-controller');
    const groups = roles.flatMap(({ rules = [] }) => rules.flatMap(({ apiGroups = [] }) => apiGroups));
    const others = [...new Set(groups)].filter((group) => !APPLICATIONS.includes(group));
    expect(others).toContain('');
    const readable = others.filter((group) => {
      const apiVersion = group === '' ? 'v1' : `${group}/v1`;
      return applicationKindProblem({ apiVersion }) === undefined;
    });
    expect(readable).toEqual([]);
  });

  test.each([
    ['helm.toolkit.fluxcd.io/v2', 'HelmRelease'],
    ['helm.toolkit.fluxcd.io/v2beta1', 'HelmRelease'],
    ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization'],
    ['apps/v1', 'Deployment'],
    ['apps/v1', 'StatefulSet'],
    ['apps/v1', 'DaemonSet'],
  ])('are %s %s, on every cluster', (apiVersion, kind) => {
    expect(isKnownApplication({ apiVersion, kind })).toBe(true);
    expect(applicationKindProblem({ apiVersion })).toBeUndefined();
  });

  test.each([
    ['serving.knative.dev/v1', 'Service'],
    ['apps/v1', 'ReplicaSet'],
    ['app.k8s.io/v1beta1', 'Application'],
    ['constructor/v1', 'HelmRelease'],
  ])('are %s %s where the operator grants it', (apiVersion, kind) => {
    expect(isKnownApplication({ apiVersion, kind })).toBe(false);
    expect(applicationKindProblem({ apiVersion })).toBeUndefined();
  });

  test.each(['v1', 'v2', 'pipelines.weave.works/v1alpha1', 'coordination.k8s.io/v1', 'events.k8s.io/v1'])(
    'are none of %s, whatever RBAC says',
    (apiVersion) => {
      expect(applicationKindProblem({ apiVersion })).toContain('are not read as applications');
    },
  );
});
