import type { Author } from '../api/admission.ts';
import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import { type AppRef, type ClusterRef, type PipelineKey, pipelineKey } from '../api/pipeline.ts';
import { allowsNamespace, noGitopsCluster } from '../decide/allowed-namespaces.ts';
import type { ClusterHosts } from '../decide/cluster-hosts.ts';
import {
  type Facts,
  foreignGovernorDoubt,
  governorDoubt,
  type Needs,
  type PipelineNames,
  type SecretState,
} from '../decide/validate.ts';
import type { Access, Readability } from './access.ts';
import type { AuthorAccess } from './author-access.ts';
import { kubeconfigDoubt } from './clusters-doubt.ts';
import { findCluster, foreignSecretProblem } from './clusters-source.ts';
import type { Governors } from './governors.ts';
import type { SecretCache } from './secret-cache.ts';
import type { Secrets, StoredSecret } from './secrets.ts';
import type { KubeClient } from './transport.ts';

/**
 * Looks at what a spec names in the cluster. Nobody but the API server is asked, for one thing at a time, and
 * two seconds in all: what it does not give by then is unknown, or not doubted.
 * `fresh`: Secrets as they are from now on, not as they were a moment ago. `author`: who must be able to get the
 * applications in other namespaces; without, nobody must.
 *
 * @throws what is no TurnpikeError: that is a fault of our own
 */
export type GatherFacts = (needs: Needs, options?: GatherOptions) => Promise<Facts>;

export interface GatherOptions {
  readonly fresh?: boolean;
  readonly author?: Author;
}

export interface FactsDeps {
  readonly client: KubeClient;
  readonly secrets: Secrets;
  /** A short memory, so that many reviews at once do not read one Secret many times. */
  readonly secretCache: SecretCache;
  readonly access: Access;
  readonly authors: AuthorAccess;
  readonly governors: Governors;
  readonly hosts: ClusterHosts;
}

/** The API server itself waits five seconds for the admission webhook. */
const DEADLINE_MS = 2000;
/** So many namespaces show whether an application can be read; each is a question to the API server. */
const MAX_NAMESPACES = 5;

export function createFacts(deps: FactsDeps): GatherFacts {
  return async (needs, { fresh = false, author } = {}) => {
    const { names, appRef } = needs;
    const deadline = createDeadline();
    try {
      return {
        secrets: await eachInTurn(secretNames(needs), { key: String, deadline }, (name) => {
          return secretState(deps, names.namespace, name, fresh);
        }),
        clusters: await eachInTurn(needs.clusters, { key: keyOf, deadline }, ({ ref }) => {
          return clusterDoubt(deps, names, ref);
        }),
        applications: await eachInTurn(
          needs.applications.slice(0, MAX_NAMESPACES).map((target) => target.namespace),
          { key: String, deadline },
          (namespace) => applicationDoubt(deps.access, appRef, namespace),
        ),
        authors: await eachInTurn(
          author ? foreignNamespaces(needs) : [],
          { key: String, deadline },
          (one) => {
            return author && authorDoubt(deps.authors, { author, appRef, namespace: one });
          },
        ),
        governors: governorDoubts(deps.governors, needs),
      };
    } finally {
      deadline.end();
    }
  };
}

function keyOf({ key }: { key: string }): string {
  return key;
}

function foreignNamespaces({ applications, names }: Needs): string[] {
  const all = applications.map(({ namespace }) => namespace).filter((one) => one !== names.namespace);
  return all.slice(0, MAX_NAMESPACES);
}

function secretNames({ secrets }: Needs): string[] {
  return [...new Set(secrets.map(({ name }) => name))];
}

/** What is known is had at once: no promise and no timer is made for each of many reviews. */
type Soon<T> = T | Promise<T>;

interface Deadline {
  inTime<T>(work: Promise<T>): Promise<T | undefined>;
  end(): void;
}

/** Its time begins with the first work that has to be waited for. */
function createDeadline(): Deadline {
  const late = Promise.withResolvers<undefined>();
  let timer: Timer | undefined;
  return {
    inTime(work) {
      timer ??= setTimeout(() => late.resolve(undefined), DEADLINE_MS);
      return Promise.race([work, late.promise]);
    },
    end: () => clearTimeout(timer),
  };
}

interface Question<T> {
  readonly key: (one: T) => string;
  readonly deadline: Deadline;
}

/** The answers by key; what has none is left out. */
async function eachInTurn<T, R>(
  all: readonly T[],
  { key, deadline }: Question<T>,
  ask: (one: T) => Soon<R | undefined>,
): Promise<Map<string, R>> {
  const answers = new Map<string, R>();
  for (const one of all) {
    const asked = ask(one);
    const answer = asked instanceof Promise ? await deadline.inTime(asked) : asked;
    if (answer !== undefined) answers.set(key(one), answer);
  }
  return answers;
}

function secretState(
  { secrets, secretCache }: FactsDeps,
  namespace: string,
  name: string,
  fresh: boolean,
): Soon<SecretState> {
  const read = (fresh ? secrets : secretCache).read(namespace, name);
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
  deps: FactsDeps,
  { namespace }: PipelineNames,
  ref: ClusterRef,
): Promise<string | undefined> {
  const where = `${ref.namespace ?? namespace}/${ref.name}`;
  if (ref.kind === 'GitopsCluster')
    return gitopsClusterDoubt(deps, { namespace: ref.namespace ?? namespace, name: ref.name }, namespace);
  const foreign = foreignSecretProblem(ref, namespace);
  if (foreign) return foreign;
  const state = await secretState(deps, namespace, ref.name, false);
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

function governorDoubts(governors: Governors, { names, appRef, targets }: Needs): Map<string, string> {
  const own = pipelineKey(names.namespace, names.name);
  const doubts = new Map<string, string>();
  for (const { key } of targets) {
    const other = governors.of(appRef, key).find((one) => one !== own);
    if (other) doubts.set(key, governorSentence(other, names.namespace));
  }
  return doubts;
}

function governorSentence(key: PipelineKey, namespace: string): string {
  const [inNamespace = '', name = ''] = key.split('/');
  return inNamespace === namespace ? governorDoubt(inNamespace, name) : foreignGovernorDoubt();
}
