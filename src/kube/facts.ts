import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import {
  type AppRef,
  type ClusterRef,
  type PipelineKey,
  type PipelineSpec,
  pipelineKey,
} from '../api/pipeline.ts';
import {
  type Facts,
  foreignGovernorDoubt,
  governorDoubt,
  type Needs,
  needsOf,
  type PipelineNames,
  type SecretState,
} from '../decide/validate.ts';
import type { Access } from './access.ts';
import { isLaboratory, remoteKubeConfig } from './clusters-kubeconfig.ts';
import { foreignSecretProblem, GITOPS_CLUSTERS, KUBECONFIG_KEYS } from './clusters-source.ts';
import type { Discovery } from './discovery.ts';
import type { Governors } from './governors.ts';
import { resourcePath } from './path.ts';
import type { SecretCache } from './secret-cache.ts';
import type { Secrets } from './secrets.ts';
import type { KubeClient } from './transport.ts';

/**
 * Looks at what a spec names in the cluster. Nobody but the API server is asked, for one thing at a time, and
 * two seconds in all: what it does not give by then is unknown, or not doubted.
 * `fresh`: Secrets as they are from now on, not as they were a moment ago.
 *
 * @throws what is no TurnpikeError: that is a fault of our own
 */
export type GatherFacts = (
  spec: PipelineSpec,
  names: PipelineNames,
  options?: { readonly fresh?: boolean },
) => Promise<Facts>;

export interface FactsDeps {
  readonly client: KubeClient;
  readonly secrets: Secrets;
  /** A short memory, so that many reviews at once do not read one Secret many times. */
  readonly secretCache: SecretCache;
  readonly discovery: Discovery;
  readonly access: Access;
  readonly governors: Governors;
}

/** The API server itself waits five seconds for the admission webhook. */
const DEADLINE_MS = 2000;
/** So many namespaces show whether an application can be read; each is a question to the API server. */
const MAX_NAMESPACES = 5;

export function createFacts(deps: FactsDeps): GatherFacts {
  return async (spec, names, { fresh = false } = {}) => {
    const needs = needsOf(spec, names.namespace);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), DEADLINE_MS);
    const inTime = <T>(work: Promise<T>) => Promise.race([work, late.promise]);
    try {
      return {
        secrets: await eachInTurn(namesOf(needs), (name) => {
          return inTime(secretState(deps, names.namespace, name, fresh));
        }),
        clusters: await eachInTurn(
          needs.clusters,
          ({ ref }) => inTime(clusterDoubt(deps, names, ref)),
          keyOf,
        ),
        applications: await eachInTurn(
          needs.applications.slice(0, MAX_NAMESPACES),
          ({ namespace }) => inTime(applicationDoubt(deps, spec.appRef, namespace)),
          ({ namespace }) => namespace,
        ),
        governors: governorDoubts(deps.governors, spec, names, needs),
      };
    } finally {
      clearTimeout(timer);
    }
  };
}

function namesOf({ secrets }: Needs): string[] {
  return [...new Set(secrets.map(({ name }) => name))];
}

function keyOf({ key }: { key: string }): string {
  return key;
}

/** The answers by key; what has none is left out. */
async function eachInTurn<T, R>(
  all: readonly T[],
  ask: (one: T) => Promise<R | undefined>,
  key: (one: T) => string = String,
): Promise<Map<string, R>> {
  const answers = new Map<string, R>();
  for (const one of all) {
    const answer = await ask(one);
    if (answer !== undefined) answers.set(key(one), answer);
  }
  return answers;
}

async function secretState(
  { secrets, secretCache }: FactsDeps,
  namespace: string,
  name: string,
  fresh: boolean,
): Promise<SecretState> {
  try {
    const secret = await (fresh ? secrets : secretCache).read(namespace, name);
    return secret ? { kind: 'found', secret } : { kind: 'absent' };
  } catch (error) {
    if (error instanceof TurnpikeError) return { kind: 'unknown', why: errorMessage(error) };
    throw error;
  }
}

/** Secrets of other namespaces are not looked at: an answer would tell strangers which there are. */
async function clusterDoubt(
  deps: FactsDeps,
  { namespace }: PipelineNames,
  ref: ClusterRef,
): Promise<string | undefined> {
  const where = `${ref.namespace ?? namespace}/${ref.name}`;
  if (ref.kind === 'GitopsCluster')
    return gitopsClusterDoubt(deps.client, ref.namespace ?? namespace, ref.name);
  const foreign = foreignSecretProblem(ref, namespace);
  if (foreign) return foreign;
  const state = await secretState(deps, namespace, ref.name, false);
  if (state.kind === 'unknown') return undefined;
  if (state.kind === 'absent') return `There is no Secret ${where}: create it with the key kubeconfig.`;
  const key = KUBECONFIG_KEYS.find((one) => state.secret.values?.has(one));
  const text = key === undefined ? undefined : state.secret.values?.get(key);
  if (text === undefined) {
    return `Secret ${where} has neither the key kubeconfig nor value: put the cluster's kubeconfig there.`;
  }
  return text === 'sealed' ? undefined : kubeconfigDoubt(text, where, deps.client.config.server);
}

function kubeconfigDoubt(text: Uint8Array, where: string, ownServer: string): string | undefined {
  try {
    const laboratory = isLaboratory(ownServer);
    remoteKubeConfig(new TextDecoder().decode(text), { where: `Secret ${where}`, laboratory });
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

async function gitopsClusterDoubt(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<string | undefined> {
  const path = resourcePath({ ...GITOPS_CLUSTERS, namespace, name });
  return sentenceOf(async () => {
    await client.request({ method: 'GET', path });
  }, `There is no GitopsCluster ${namespace}/${name}: create it, or correct the name.`);
}

async function applicationDoubt(
  { discovery, access }: FactsDeps,
  { apiVersion, kind }: AppRef,
  namespace: string,
): Promise<string | undefined> {
  return sentenceOf(async () => {
    const resource = await discovery.resource(apiVersion, kind);
    if (await access.mayGet(resource, namespace)) return undefined;
    return `Turnpike may not read ${resource.plural} in namespace ${namespace}: give its ServiceAccount the right to get them.`;
  });
}

/** The sentence that `ask` gives or fails with; nothing is said while the API server is away. */
async function sentenceOf(
  ask: () => Promise<string | undefined | undefined>,
  notFound?: string,
): Promise<string | undefined> {
  try {
    return (await ask()) ?? undefined;
  } catch (error) {
    if (hasCode(error, 'ApiNotFound')) return notFound ?? errorMessage(error);
    if (hasCode(error, 'ApiForbidden', 'ApiRefused')) return errorMessage(error);
    if (error instanceof TurnpikeError) return undefined;
    throw error;
  }
}

function governorDoubts(
  governors: Governors,
  spec: PipelineSpec,
  names: PipelineNames,
  needs: Needs,
): Map<string, string> {
  const own = pipelineKey(names.namespace, names.name);
  const doubts = needs.targets.flatMap(({ key }) => {
    const other = governors.of(spec.appRef, key).find((one) => one !== own);
    return other ? [[key, governorSentence(other, names.namespace)] as const] : [];
  });
  return new Map(doubts);
}

function governorSentence(key: PipelineKey, namespace: string): string {
  const [inNamespace = '', name = ''] = key.split('/');
  return inNamespace === namespace ? governorDoubt(inNamespace, name) : foreignGovernorDoubt();
}
