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
import { kubeconfigWarning } from '../clusters/kubeconfig-warning.ts';
import { findCluster, foreignSecretProblem } from '../clusters/source.ts';
import type { StoredSecret } from '../secrets/secrets.ts';
import type { AuthorAccess } from './author-access.ts';
import {
  eachInTurn,
  type Lookup,
  type LookupOptions,
  mayGet,
  type ReferenceLookupDeps,
} from './lookup-context.ts';
import { managedByWarnings } from './managed-by.ts';

/**
 * Looks up what a spec names in the cluster. It asks the API server alone, one question at a time, for two seconds in
 * all: what is not answered by then is unknown, or not warned of.
 *
 * @throws any error that is not a TurnpikeError: that is a fault of our own
 */
export type LookUpReferences = (
  references: References,
  options?: LookupOptions,
) => Promise<ReferencedObjects>;

/** Each namespace is a question to the API server; so many show whether the applications can be read. */
const MAX_NAMESPACES = 5;

export function createReferenceLookup(deps: ReferenceLookupDeps): LookUpReferences {
  return async (references, { fresh = false, author, viewer, lookups } = {}) => {
    if (lookups) return gather({ deps, lookups, fresh, author, viewer }, references);
    const own = createLookupBudget();
    try {
      return await gather({ deps, lookups: own, fresh, author, viewer }, references);
    } finally {
      own.end();
    }
  };
}

async function gather(lookup: Lookup, references: References): Promise<ReferencedObjects> {
  const { deps, lookups, author } = lookup;
  const { names, appRef } = references;
  return {
    secrets: await eachInTurn(secretNames(references), { key: String, lookups }, (name) => {
      return secretState(lookup, names.namespace, name);
    }),
    clusters: await eachInTurn(references.clusters, { key: keyOf, lookups }, ({ ref }) => {
      return clusterWarning(lookup, names, ref);
    }),
    applications: await eachInTurn(
      references.applications.slice(0, MAX_NAMESPACES).map((target) => target.namespace),
      { key: String, lookups },
      (namespace) => applicationWarning(deps.access, appRef, namespace),
    ),
    authors: await eachInTurn(
      author ? foreignNamespaces(references) : [],
      { key: String, lookups },
      (one) => {
        return author && authorWarning(deps.authors, { author, appRef, namespace: one });
      },
    ),
    managers: await managedByWarnings(lookup, references),
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

/** A viewer who may not get a Secret learns nothing of it: an answer would show which Secrets exist. */
function secretState(lookup: Lookup, namespace: string, name: string): Soon<SecretState> {
  const allowed = mayGet(lookup, { group: '', resource: 'secrets', namespace, name });
  if (allowed === true) return readSecret(lookup, namespace, name);
  if (allowed === false) return HIDDEN;
  return allowed.then((may) => (may ? readSecret(lookup, namespace, name) : HIDDEN), unknownState);
}

const HIDDEN: SecretState = {
  kind: 'unknown',
  why: "you may not get it. The Pipeline's conditions will say what it lacks.",
};

function readSecret({ deps, fresh }: Lookup, namespace: string, name: string): Soon<SecretState> {
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

/** Secrets of other namespaces are not read: an answer would show users without rights there which ones exist. */
async function clusterWarning(
  lookup: Lookup,
  { namespace }: PipelineNames,
  ref: ClusterRef,
): Promise<string | undefined> {
  const { deps } = lookup;
  const where = `${ref.namespace ?? namespace}/${ref.name}`;
  if (ref.kind === 'GitopsCluster')
    return gitopsClusterWarning(deps, { namespace: ref.namespace ?? namespace, name: ref.name }, namespace);
  const foreign = foreignSecretProblem(ref, namespace);
  if (foreign) return foreign;
  const state = await secretState({ ...lookup, fresh: false }, namespace, ref.name);
  return kubeconfigWarning(state, { where: `Secret ${where}`, hosts: deps.hosts });
}

/** A GitopsCluster of another namespace that this one may not use gets the answer of one that does not exist. */
async function gitopsClusterWarning(
  deps: ReferenceLookupDeps,
  address: { readonly namespace: string; readonly name: string },
  user: string,
): Promise<string | undefined> {
  const none = noGitopsCluster(address, user);
  return sentenceOf(async () => {
    const { allowedNamespaces } = await findCluster(deps, { kind: 'GitopsCluster', ...address });
    return allowsNamespace(allowedNamespaces, { own: address.namespace, user }) ? undefined : none;
  }, none);
}

function applicationWarning(access: Access, appRef: AppRef, namespace: string): Soon<string | undefined> {
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

/** An API server that does not answer causes no warning. */
async function authorWarning(authors: AuthorAccess, of: AuthorQuestion): Promise<string | undefined> {
  try {
    const { allowed, plural } = await authors.mayGet(of.author, of.appRef, of.namespace);
    if (allowed) return undefined;
    return `You may not get ${plural} ${of.appRef.name} there, and the Pipeline would show you its revision and state: ask an administrator of ${of.namespace} for the right to get it.`;
  } catch (error) {
    if (error instanceof TurnpikeError) return undefined;
    throw error;
  }
}

/** The sentence that `ask` gives or fails with; an unavailable API server causes no warning. */
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
