import * as v from 'valibot';
import type { Author } from '../../api/admission.ts';
import type { AppRef } from '../../api/pipeline.ts';
import { createCache } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { parseFirst } from '../../lib/first-fault.ts';
import type { Discovery, KubeClient } from '../../lib/kube/index.ts';
import { groupOf } from '../../lib/kube/pure.ts';

/** The rights of the author of a change, as the API server reports them (SubjectAccessReview). */
export interface AuthorAccess {
  /**
   * Reports whether the author may get the application in the namespace.
   * @throws TurnpikeError as a rejection
   */
  mayGet(author: Author, appRef: AppRef, namespace: string): Promise<AuthorAnswer>;
}

export interface AuthorAnswer {
  readonly allowed: boolean;
  /** The resource of the kind, as rights name it. */
  readonly plural: string;
}

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
/** A user applies many Pipelines in one go. */
const KEPT_MS = 10_000;
const MAX_KNOWN = 5000;
const TIMEOUT_MS = 2000;
/** The bound of all that describes an author, in characters: it goes to the API server with each question. */
const MAX_AUTHOR = 64 * 1024;

const Answer = v.object({ status: v.object({ allowed: v.boolean() }) });

export interface AuthorAccessDeps {
  readonly discovery: Discovery;
  readonly now: () => Date;
}

export function createAuthorAccess(client: KubeClient, { discovery, now }: AuthorAccessDeps): AuthorAccess {
  const known = createCache<AuthorAnswer>({
    max: MAX_KNOWN,
    ttlMs: KEPT_MS,
    now: () => now().getTime(),
  });

  async function ask(author: Author, appRef: AppRef, namespace: string): Promise<AuthorAnswer> {
    const { apiVersion, plural } = await discovery.resource(appRef.apiVersion, appRef.kind);
    const { username, groups, uid, extra } = author;
    const group = groupOf(apiVersion);
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: username,
        groups,
        uid,
        extra,
        resourceAttributes: { verb: 'get', group, resource: plural, namespace, name: appRef.name },
      },
    };
    const answer = await client.request({ method: 'POST', path: PATH, body, timeoutMs: TIMEOUT_MS });
    return { allowed: parseFirst(Answer, answer).status.allowed, plural };
  }

  return {
    async mayGet(author, appRef, namespace) {
      const text = JSON.stringify(author);
      if (text.length > MAX_AUTHOR) {
        throw new TurnpikeError('ApiRefused', 'The author has too many groups to be checked.', {
          retry: 'backoff',
        });
      }
      const key = keyOf(text, appRef, namespace);
      return known.get(key, () => ask(author, appRef, namespace));
    },
  };
}

/** The key is short, however long the description of the author is. */
function keyOf(author: string, { apiVersion, kind, name }: AppRef, namespace: string): string {
  const text = JSON.stringify([author, apiVersion, kind, name, namespace]);
  return new Bun.CryptoHasher('sha256').update(text).digest('hex');
}
