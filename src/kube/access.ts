import * as v from 'valibot';
import type { Resource } from './discovery.ts';
import type { KubeClient } from './transport.ts';

/** What our own account may do, by the API server's word (SelfSubjectAccessReview, open to every account). */
export interface Access {
  /** Whether objects of this resource may be read in the namespace. */
  mayGet(resource: Resource, namespace: string): Promise<boolean>;
}

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const KEPT_MS = 10_000;
const MAX_KEPT = 10_000;
const TIMEOUT_MS = 2000;

const Answer = v.object({ status: v.object({ allowed: v.boolean() }) });

interface Known {
  readonly allowed: boolean;
  /** When it was asked, in milliseconds. */
  readonly at: number;
}

/** An answer is believed for ten seconds, and while the next one is on its way. */
export function createAccess(client: KubeClient, deps: { readonly now: () => Date }): Access {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<Known>>();

  async function mayGet(resource: Resource, namespace: string): Promise<boolean> {
    const key = `${resource.apiVersion}/${resource.plural}/${namespace}`;
    const last = known.get(key);
    const isRecent = last && deps.now().getTime() - last.at < KEPT_MS;
    if (last && (isRecent || asking.has(key))) return last.allowed;
    const asked = asking.get(key) ?? ask(resource, namespace);
    asking.set(key, asked);
    try {
      const answer = await asked;
      if (known.size >= MAX_KEPT) known.clear();
      known.set(key, answer);
      return answer.allowed;
    } finally {
      asking.delete(key);
    }
  }

  async function ask({ apiVersion, plural }: Resource, namespace: string): Promise<Known> {
    const at = deps.now().getTime();
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'get', group, resource: plural, namespace } },
    };
    const answer = await client.request({ method: 'POST', path: PATH, body, timeoutMs: TIMEOUT_MS });
    return { allowed: v.parse(Answer, answer).status.allowed, at };
  }

  return { mayGet };
}
