import * as v from 'valibot';
import { ALLOWED_NAMESPACES } from '../../api/group.ts';
import type { ClusterRef } from '../../api/pipeline.ts';
import { shownForeign } from '../../decide/observation/foreign.ts';
import { noGitopsCluster, type ReferencePolicy, refusedReference } from '../../decide/validation.ts';
import { hasCode, TurnpikeError } from '../../lib/errors.ts';
import { FIRST_FAULT } from '../../lib/first-fault.ts';
import { type KubeClient, resourcePath } from '../../lib/kube/index.ts';
import { KUBECONFIG_KEYS } from '../secrets/secret-keys.ts';
import type { Secrets } from '../secrets/secrets.ts';

/** The place where the kubeconfig of a cluster is found: in the Secret of a GitopsCluster, or in a Secret by itself. */

export interface FoundKubeconfig {
  /** The place in messages: `Secret flux-system/leaf`. */
  readonly where: string;
  readonly text: string;
}

export interface SourceDeps {
  readonly client: KubeClient;
  readonly secrets: Secrets;
}

/** A reference with the namespace that it stands for. */
export interface ClusterAddress {
  readonly kind: ClusterRef['kind'];
  readonly namespace: string;
  readonly name: string;
}

const GITOPS_CLUSTERS = { apiVersion: 'gitops.weave.works/v1alpha1', plural: 'gitopsclusters' };

/** The first one that is there, as with KUBECONFIG_KEYS: Cluster API writes `value`. */
const CAPI_KEYS = ['value', 'kubeconfig', 'value.yaml'] as const;

const TIMEOUT_MS = 3000;

const Named = v.nullish(v.object({ name: v.string() }));

/** The fields of `gitops.weave.works/v1alpha1` that are used here; its controller sets Ready, others omit it. */
const GitopsCluster = v.object({
  metadata: v.nullish(v.object({ annotations: v.nullish(v.record(v.string(), v.string())) })),
  spec: v.nullish(v.object({ secretRef: Named, capiClusterRef: Named })),
  status: v.nullish(
    v.object({
      conditions: v.nullish(
        v.array(v.object({ type: v.string(), status: v.string(), message: v.optional(v.string(), '') })),
      ),
    }),
  ),
});

/**
 * Says why a Pipeline of this namespace may not name the cluster. A GitopsCluster is there for the Pipelines of all
 * namespaces, as with the predecessor; a Secret of another namespace may be meant for anything.
 */
export function foreignSecretProblem(ref: ClusterRef, namespace: string): string | undefined {
  if (ref.kind !== 'Secret' || ref.namespace === undefined || ref.namespace === namespace) return undefined;
  return `Secret ${ref.namespace}/${ref.name} is in another namespace than the Pipeline and is not read: copy it to ${namespace}, or name a GitopsCluster.`;
}

/** Says why a reference is not followed, whether its object exists or not; undefined when it is followed. */
export function clusterRefProblem(
  ref: ClusterRef,
  namespace: string,
  policy: ReferencePolicy,
): string | undefined {
  const refused = refusedReference({ namespace, clusterRef: ref }, policy, namespace);
  return refused?.message ?? foreignSecretProblem(ref, namespace);
}

/** A cluster that exists. Its users are known before its kubeconfig is looked for. */
export interface FoundCluster {
  /** The annotation `pipelines.weave.works/allowed-namespaces` of a GitopsCluster. */
  readonly allowedNamespaces?: string;
  /** @throws TurnpikeError with the sentence for the missing object; ApiUnavailable while that is unknown */
  kubeconfig(): Promise<FoundKubeconfig>;
}

/**
 * Finds the cluster that a reference names.
 * @throws TurnpikeError ApiNotFound when the GitopsCluster does not exist; ApiUnavailable while that is unknown
 */
export async function findCluster(deps: SourceDeps, ref: ClusterAddress): Promise<FoundCluster> {
  if (ref.kind === 'Secret') {
    return { kubeconfig: () => fromSecret(deps, ref.namespace, ref.name, KUBECONFIG_KEYS) };
  }
  const found = await readGitopsCluster(deps.client, ref);
  const allowedNamespaces = found.metadata?.annotations?.[ALLOWED_NAMESPACES];
  return {
    kubeconfig: () => kubeconfigOf(deps, ref, found),
    ...(allowedNamespaces !== undefined && { allowedNamespaces }),
  };
}

async function kubeconfigOf(
  deps: SourceDeps,
  ref: ClusterAddress,
  { spec, status }: v.InferOutput<typeof GitopsCluster>,
): Promise<FoundKubeconfig> {
  const where = `GitopsCluster ${ref.namespace}/${ref.name}`;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'False') {
    const said = shownForeign(ready.message) || 'its controller gives no reason';
    throw new TurnpikeError('SecretInvalid', `${where} is not ready: ${said}`, { retry: 'backoff' });
  }
  if (spec?.secretRef) return fromSecret(deps, ref.namespace, spec.secretRef.name, KUBECONFIG_KEYS);
  const capi = spec?.capiClusterRef?.name;
  if (capi) return fromSecret(deps, ref.namespace, `${capi}-kubeconfig`, CAPI_KEYS);
  throw new TurnpikeError('SecretInvalid', `${where} has neither secretRef nor capiClusterRef.`, {
    retry: 'backoff',
  });
}

async function readGitopsCluster(client: KubeClient, { namespace, name }: ClusterAddress) {
  const path = resourcePath({ ...GITOPS_CLUSTERS, namespace, name });
  try {
    const answer = await client.request({ method: 'GET', path, timeoutMs: TIMEOUT_MS });
    const parsed = v.safeParse(GitopsCluster, answer, FIRST_FAULT);
    if (parsed.success) return parsed.output;
  } catch (error) {
    if (!hasCode(error, 'ApiNotFound')) throw error;
    const message = noGitopsCluster({ namespace, name }, namespace);
    throw new TurnpikeError('ApiNotFound', message, { cause: error });
  }
  throw new TurnpikeError('SecretInvalid', `GitopsCluster ${namespace}/${name} is not understood.`, {
    retry: 'backoff',
  });
}

async function fromSecret(
  { secrets }: SourceDeps,
  namespace: string,
  name: string,
  keys: readonly string[],
): Promise<FoundKubeconfig> {
  const where = `Secret ${namespace}/${name}`;
  const secret = await secrets.read(namespace, name);
  if (!secret) {
    throw new TurnpikeError('SecretNotFound', `${where} does not exist: create it with the key kubeconfig.`, {
      retry: 'backoff',
    });
  }
  const key = keys.find((one) => secret.values.has(one));
  const bytes = key === undefined ? undefined : secret.values.get(key);
  if (bytes) return { where, text: new TextDecoder().decode(bytes) };
  throw new TurnpikeError('SecretInvalid', noKubeconfigIn(where), { retry: 'backoff' });
}

export function noKubeconfigIn(where: string): string {
  return `${where} has neither the key kubeconfig nor value: add the cluster's kubeconfig.`;
}
