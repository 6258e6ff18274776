import type { Author } from '../../api/admission.ts';
import type { AppRef, ClusterRef } from '../../api/pipeline.ts';
import {
  allowsNamespace,
  noGitopsCluster,
  type PipelineNames,
  type ReferencedObjects,
  type References,
  type SecretState,
} from '../../decide/validation.ts';
import { createLookupBudget, type Soon } from '../../lib/async/index.ts';
import { errorMessage, hasCode, TurnpikeError } from '../../lib/errors.ts';
import type { Access, Readability } from '../../lib/kube/index.ts';
import { kubeconfigDoubt } from '../clusters/doubt.ts';
import { findCluster, foreignSecretProblem } from '../clusters/source.ts';
import type { StoredSecret } from '../secrets/secrets.ts';
import type { AuthorAccess } from './author-access.ts';
import { eachInTurn, type FactsDeps, type Gathering, type GatherOptions, mayGet } from './gathering.ts';
import { governorDoubts } from './managed-by.ts';

/**
 * Looks at what a spec names in the cluster. Nobody but the API server is asked, for one thing at a time, and
 * two seconds in all: what it does not give by then is unknown, or not doubted.
 *
 * @throws what is no TurnpikeError: that is a fault of our own
 */
export type GatherFacts = (needs: References, options?: GatherOptions) => Promise<ReferencedObjects>;

/** So many namespaces show whether an application can be read; each is a question to the API server. */
const MAX_NAMESPACES = 5;

export function createFacts(deps: FactsDeps): GatherFacts {
  return async (needs, { fresh = false, author, viewer, lookups } = {}) => {
    if (lookups) return gather({ deps, lookups, fresh, author, viewer }, needs);
    const own = createLookupBudget();
    try {
      return await gather({ deps, lookups: own, fresh, author, viewer }, needs);
    } finally {
      own.end();
    }
  };
}

async function gather(gathering: Gathering, needs: References): Promise<ReferencedObjects> {
  const { deps, lookups, author } = gathering;
  const { names, appRef } = needs;
  return {
    secrets: await eachInTurn(secretNames(needs), { key: String, lookups }, (name) => {
      return secretState(gathering, names.namespace, name);
    }),
    clusters: await eachInTurn(needs.clusters, { key: keyOf, lookups }, ({ ref }) => {
      return clusterDoubt(gathering, names, ref);
    }),
    applications: await eachInTurn(
      needs.applications.slice(0, MAX_NAMESPACES).map((target) => target.namespace),
      { key: String, lookups },
      (namespace) => applicationDoubt(deps.access, appRef, namespace),
    ),
    authors: await eachInTurn(author ? foreignNamespaces(needs) : [], { key: String, lookups }, (one) => {
      return author && authorDoubt(deps.authors, { author, appRef, namespace: one });
    }),
    managers: await governorDoubts(gathering, needs),
    ...(deps.now && { now: deps.now() }),
  };
}

function keyOf({ key }: { key: string }): string {
  return key;
}

function foreignNamespaces({ applications, names }: References): string[] {
  const all = applications.map(({ namespace }) => namespace).filter((one) => one !== names.namespace);
  return all.slice(0, MAX_NAMESPACES);
}

function secretNames({ secrets }: References): string[] {
  return [...new Set(secrets.map(({ name }) => name))];
}

/** Secrets are looked at for those who may look themselves: else an answer would tell which there are. */
function secretState(gathering: Gathering, namespace: string, name: string): Soon<SecretState> {
  const allowed = mayGet(gathering, { group: '', resource: 'secrets', namespace, name });
  if (allowed === true) return readSecret(gathering, namespace, name);
  if (allowed === false) return HIDDEN;
  return allowed.then((may) => (may ? readSecret(gathering, namespace, name) : HIDDEN), unknownState);
}

const HIDDEN: SecretState = {
  kind: 'unknown',
  why: "you may not get it. The Pipeline's conditions will say what it lacks.",
};

function readSecret({ deps, fresh }: Gathering, namespace: string, name: string): Soon<SecretState> {
  const read = (fresh ? deps.secrets : deps.secretCache).read(namespace, name);
  return read instanceof Promise ? read.then(stateOf, unknownState) : stateOf(read);
}

function stateOf(secret: StoredSecret | undefined): SecretState {
  return secret ? { kind: 'found', secret } : { kind: 'absent' };
}

function unknownState(error: unknown): SecretState {
  if (error instanceof TurnpikeError) return { kind: 'unknown', why: errorMessage(error) };
  throw error;
}

/** Secrets of other namespaces are not looked at: an answer would tell strangers which there are. */
async function clusterDoubt(
  gathering: Gathering,
  { namespace }: PipelineNames,
  ref: ClusterRef,
): Promise<string | undefined> {
  const { deps } = gathering;
  const where = `${ref.namespace ?? namespace}/${ref.name}`;
  if (ref.kind === 'GitopsCluster')
    return gitopsClusterDoubt(deps, { namespace: ref.namespace ?? namespace, name: ref.name }, namespace);
  const foreign = foreignSecretProblem(ref, namespace);
  if (foreign) return foreign;
  const state = await secretState({ ...gathering, fresh: false }, namespace, ref.name);
  return kubeconfigDoubt(state, { where: `Secret ${where}`, hosts: deps.hosts });
}

/** One of another namespace that this one may not use is as good as none. */
async function gitopsClusterDoubt(
  deps: FactsDeps,
  address: { readonly namespace: string; readonly name: string },
  user: string,
): Promise<string | undefined> {
  const none = noGitopsCluster(address, user);
  return sentenceOf(async () => {
    const { allowedNamespaces } = await findCluster(deps, { kind: 'GitopsCluster', ...address });
    return allowsNamespace(allowedNamespaces, { own: address.namespace, user }) ? undefined : none;
  }, none);
}

function applicationDoubt(access: Access, appRef: AppRef, namespace: string): Soon<string | undefined> {
  const answer = access.mayGet(appRef, namespace);
  if (!(answer instanceof Promise)) return unreadable(answer, namespace);
  return sentenceOf(async () => unreadable(await answer, namespace));
}

function unreadable({ allowed, plural }: Readability, namespace: string): string | undefined {
  if (allowed) return undefined;
  return `Turnpike may not read ${plural} in namespace ${namespace}: give its ServiceAccount the right to get them.`;
}

interface AuthorQuestion {
  readonly author: Author;
  readonly appRef: AppRef;
  readonly namespace: string;
}

/** Nothing is said where it cannot be asked. */
async function authorDoubt(authors: AuthorAccess, of: AuthorQuestion): Promise<string | undefined> {
  try {
    const { allowed, plural } = await authors.mayGet(of.author, of.appRef, of.namespace);
    if (allowed) return undefined;
    return `You may not get ${plural} ${of.appRef.name} there, and the Pipeline would show you its revision and state: ask whoever manages ${of.namespace} for the right to get it.`;
  } catch (error) {
    if (error instanceof TurnpikeError) return undefined;
    throw error;
  }
}

/** The sentence that `ask` gives or fails with; nothing is said while the API server is away. */
async function sentenceOf(
  ask: () => Promise<string | undefined>,
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
