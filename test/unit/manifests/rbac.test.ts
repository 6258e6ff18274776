import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** What the program may do on the cluster that it runs in, and which line of it needs each right. */

const ROOT = join(import.meta.dir, '../../..');
const ACCOUNT = 'turnpike';

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
}

async function manifestsIn(...globs: string[]): Promise<Manifest[]> {
  const files = globs.flatMap((glob) => [...new Bun.Glob(glob).scanSync(ROOT)]).sort();
  const texts = await Promise.all(files.map((file) => Bun.file(join(ROOT, file)).text()));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
}

/** The rules of all roles that are bound to the program's account. */
function boundRules(manifests: readonly Manifest[]): Rule[] {
  const bound = manifests.filter(({ subjects }) => subjects?.some(({ name }) => name === ACCOUNT));
  return bound.flatMap(({ roleRef }) => {
    const role = manifests.find(
      ({ kind, metadata }) => kind === roleRef?.kind && metadata.name === roleRef.name,
    );
    if (!role) throw new Error(`nobody wrote ${roleRef?.kind} ${roleRef?.name}`);
    return role.rules ?? [];
  });
}

/** One text for each verb on each resource, such as `get /secrets [turnpike-admission-certificate]`. */
function rightsOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ apiGroups = [], resources = [], resourceNames, verbs }) => {
    const names = resourceNames ? ` [${resourceNames.join(', ')}]` : '';
    return apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}${names}`)),
    );
  });
}

/** The file of `src` that needs the right, and what shows it there. */
const USES: Readonly<Record<string, readonly [file: string, shows: RegExp]>> = {
  'get pipelines.weave.works/pipelines': ['observe/pipelines/pipelines.ts', /method: 'GET', path: pathOf/],
  'list pipelines.weave.works/pipelines': ['observe/pipelines/pipelines.ts', /createInformer/],
  'watch pipelines.weave.works/pipelines': ['observe/pipelines/pipelines.ts', /createInformer/],
  'patch pipelines.weave.works/pipelines/status': [
    'observe/pipelines/pipelines.ts',
    /method: 'PATCH'[^}]*'status'/,
  ],
  'get helm.toolkit.fluxcd.io/helmreleases': ['observe/applications/object-reader.ts', /method: 'GET'/],
  'list helm.toolkit.fluxcd.io/helmreleases': ['observe/applications/follow.ts', /createReflector/],
  'watch helm.toolkit.fluxcd.io/helmreleases': ['observe/applications/follow.ts', /createReflector/],
  'get kustomize.toolkit.fluxcd.io/kustomizations': [
    'observe/applications/object-reader.ts',
    /method: 'GET'/,
  ],
  'list kustomize.toolkit.fluxcd.io/kustomizations': ['observe/applications/follow.ts', /createReflector/],
  'watch kustomize.toolkit.fluxcd.io/kustomizations': ['observe/applications/follow.ts', /createReflector/],
  'get source.toolkit.fluxcd.io/ocirepositories': ['observe/applications/chart-tags.ts', /method: 'GET'/],
  'get gitops.weave.works/gitopsclusters': ['observe/clusters/source.ts', /GITOPS_CLUSTERS, namespace, name/],
  'get /namespaces': ['observe/namespaces.ts', /method: 'GET'/],
  'create authorization.k8s.io/subjectaccessreviews': [
    'observe/references/author-access.ts',
    /SubjectAccessReview/,
  ],
  'get /secrets': ['observe/secrets/secrets.ts', /method: 'GET'/],
  'create /events': ['lib/kube/events.ts', /method: 'POST'/],
  'get coordination.k8s.io/leases [turnpike-leader]': ['lib/kube/election/lease-record.ts', /method: 'GET'/],
  'update coordination.k8s.io/leases [turnpike-leader]': [
    'lib/kube/election/lease-record.ts',
    /method: 'PUT'/,
  ],
  'create coordination.k8s.io/leases': ['lib/kube/election/lease-record.ts', /method: 'POST'/],
  'get /secrets [turnpike-admission-certificate]': ['lib/kube/certificates/secret.ts', /method: 'GET'/],
  'update /secrets [turnpike-admission-certificate]': ['lib/kube/certificates/secret.ts', /method: 'PUT'/],
  'get admissionregistration.k8s.io/validatingwebhookconfigurations [turnpike]': [
    'lib/kube/certificates/webhook-configuration.ts',
    /method: 'GET'/,
  ],
  'patch admissionregistration.k8s.io/validatingwebhookconfigurations [turnpike]': [
    'lib/kube/certificates/webhook-configuration.ts',
    /method: 'PATCH'/,
  ],
  'list admissionregistration.k8s.io/validatingwebhookconfigurations [turnpike]': [
    'lib/kube/certificates/webhook-configuration-watch.ts',
    /fieldSelector: `metadata\.name=/,
  ],
  'watch admissionregistration.k8s.io/validatingwebhookconfigurations [turnpike]': [
    'lib/kube/certificates/webhook-configuration-watch.ts',
    /createReflector/,
  ],
};

describe('the rights of the program', () => {
  test('are those that its source uses, and no others', async () => {
    const rights = rightsOf(boundRules(await manifestsIn('manifests/rbac/*.yaml')));
    expect(rights.toSorted()).toEqual(Object.keys(USES).toSorted());
  });

  test.each(Object.entries(USES))('%s is used', async (_, [file, shows]) => {
    expect(await Bun.file(join(ROOT, 'src', file)).text()).toMatch(shows);
  });

  test('hold no wildcard, no list of Secrets, and no way to more rights, in all that is shipped', async () => {
    const all = await manifestsIn('manifests/**/*.yaml', 'kustomize/**/*.yaml');
    const roles = all.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
    expect(roles.length).toBeGreaterThan(5);
    for (const { metadata, rules = [] } of roles) {
      expect([metadata.name, JSON.stringify(rules).includes('*')]).toEqual([metadata.name, false]);
      const rights = rightsOf(rules);
      const wrong =
        /^(list|watch|create|delete|patch|deletecollection) \/secrets|^(bind|escalate|impersonate) /;
      expect([metadata.name, rights.filter((right) => wrong.test(right))]).toEqual([metadata.name, []]);
      const unnamed = rights.filter((right) => /^update \/secrets$/.test(right));
      expect([metadata.name, unnamed]).toEqual([metadata.name, []]);
    }
  });
});
