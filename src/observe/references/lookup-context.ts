import type { Author } from '../../api/admission.ts';
import type { LookupBudget, Soon } from '../../lib/async/index.ts';
import type { Access, KubeClient, ObjectAttributes, SubjectAccess } from '../../lib/kube/index.ts';
import type { ClusterHosts } from '../../lib/net/index.ts';
import type { PipelinesByApplication } from '../pipelines-by-application.ts';
import type { SecretCache } from '../secrets/secret-cache.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { AuthorAccess } from './author-access.ts';

export interface LookupOptions {
  /** Reads Secrets again instead of taking them from the cache. */
  readonly fresh?: boolean;
  /** The user that must be able to get the applications in other namespaces; without it no right is asked for. */
  readonly author?: Author;
  /** The user who gets the warnings. */
  readonly viewer?: Author;
  /** The questions that the API server may be asked. Default: two seconds, and as many as one review has. */
  readonly lookups?: LookupBudget;
}

export interface ReferenceLookupDeps {
  readonly client: KubeClient;
  readonly secrets: Secrets;
  /** Caches Secrets for a moment: many reviews at once must not read one Secret many times. */
  readonly secretCache: SecretCache;
  readonly access: Access;
  readonly authors: AuthorAccess;
  readonly byApplication: PipelinesByApplication;
  readonly hosts: ClusterHosts;
  readonly now?: () => Date;
  /** Limits warnings to what the viewer may see; without it they have all, as in the Pipeline's status. */
  readonly subjects?: SubjectAccess;
}

/** The options of one lookup, with their defaults. */
export interface Lookup {
  readonly deps: ReferenceLookupDeps;
  readonly lookups: LookupBudget;
  readonly fresh: boolean;
  readonly author: Author | undefined;
  readonly viewer: Author | undefined;
}

interface Question<T> {
  readonly key: (one: T) => string;
  readonly lookups: LookupBudget;
}

/** The answers by key; a question without an answer is left out. */
export async function eachInTurn<T, R>(
  all: readonly T[],
  { key, lookups }: Question<T>,
  question: (one: T) => Soon<R | undefined>,
): Promise<Map<string, R>> {
  const answers = new Map<string, R>();
  for (const one of all) {
    const asked = lookups.ask(() => question(one));
    const answer = asked instanceof Promise ? await asked : asked;
    if (answer !== undefined) answers.set(key(one), answer);
  }
  return answers;
}

/** An unknown viewer may see nothing. */
export function mayGet({ deps, viewer }: Lookup, object: ObjectAttributes): Soon<boolean> {
  if (!deps.subjects) return true;
  return viewer !== undefined && deps.subjects.mayGet(viewer, object);
}
