import type { AppRef } from '../../api/pipeline.ts';
import { groupOf } from '../../lib/kube/pure.ts';

/** The kinds of objects that may be a Pipeline's application. */

type Kind = Pick<AppRef, 'apiVersion' | 'kind'>;

/** The kinds that every installation allows, by API group. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'helm.toolkit.fluxcd.io': ['HelmRelease'],
  'kustomize.toolkit.fluxcd.io': ['Kustomization'],
  apps: ['Deployment', 'StatefulSet', 'DaemonSet'],
};

/**
 * API groups whose objects Turnpike reads for its own work, or that grant permissions: RBAC would let it read some of
 * them for everybody who can write a Pipeline. test/unit/decide/application-kind.test.ts holds this list against the
 * roles in manifests/rbac and kustomize.
 */
const NEVER: readonly string[] = [
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'events.k8s.io',
  'gitops.weave.works',
  'pipelines.weave.works',
  'rbac.authorization.k8s.io',
  'source.toolkit.fluxcd.io',
];

/** True for the kinds that are applications wherever Turnpike may read them. */
export function isKnownApplication({ apiVersion, kind }: Kind): boolean {
  const kinds = Object.hasOwn(KNOWN, groupOf(apiVersion)) ? KNOWN[groupOf(apiVersion)] : undefined;
  return kinds?.includes(kind) ?? false;
}

/** The sentence for a kind whose objects are never read as applications; undefined: RBAC decides. */
export function applicationKindProblem({ apiVersion }: Pick<Kind, 'apiVersion'>): string | undefined {
  const group = groupOf(apiVersion);
  if (!NEVER.includes(group)) return undefined;
  const named = group === '' ? 'the core API group' : `the API group ${group}`;
  return `Objects of ${named} are not read as applications: name a HelmRelease, a Kustomization, a Deployment, StatefulSet or DaemonSet of apps/v1, or a kind that the ClusterRole turnpike-applications grants.`;
}
