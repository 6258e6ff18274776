import * as v from 'valibot';
import { createCache, type Soon } from '../../async/index.ts';
import { parseFirst } from '../../first-fault.ts';
import type { KubeClient } from '../client/transport.ts';
import type { Discovery } from '../discovery.ts';
import { groupOf } from '../group.ts';

/** Rights of our own account, as the API server says (SelfSubjectAccessReview, open to every account). */
export interface Access {
  /**
   * Tells whether the application's object may be read in the namespace; at once where that was asked lately.
   * @throws TurnpikeError as a rejection: ApiNotFound when the cluster does not serve the kind
   */
  mayGet(appRef: KindRef, namespace: string): Soon<Readability>;
}

export interface Readability {
  readonly allowed: boolean;
  /** Plural of the kind, as rights name it. */
  readonly plural: string;
}

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const KEPT_MS = 10_000;
const MAX_KNOWN = 10_000;
const TIMEOUT_MS = 2000;

const Answer = v.object({ status: v.object({ allowed: v.boolean() }) });

interface KnownReadability extends Readability {
  /** Time of the question, in milliseconds. */
  readonly at: number;
}

export interface AccessDeps {
  readonly discovery: Discovery;
  readonly now: () => Date;
}

/** A kind of object, as its objects name it. */
export interface KindRef {
  readonly apiVersion: string;
  readonly kind: string;
}

/** An answer is believed for ten seconds, and while the next one is on its way. */
export function createAccess(client: KubeClient, { discovery, now }: AccessDeps): Access {
  const at = () => now().getTime();
  const answers = createCache<KnownReadability>({
    max: MAX_KNOWN,
    ttlMs: (answer) => KEPT_MS - (at() - answer.at),
    now: at,
    staleWhileLoading: true,
  });

  async function ask({ apiVersion, kind }: KindRef, namespace: string): Promise<KnownReadability> {
    const asked = at();
    const resource = await discovery.resource(apiVersion, kind);
    const group = groupOf(resource.apiVersion);
    const attributes = { verb: 'get', group, resource: resource.plural, namespace };
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: attributes },
    };
    const answer = await client.request({ method: 'POST', path: PATH, body, timeoutMs: TIMEOUT_MS });
    return { allowed: parseFirst(Answer, answer).status.allowed, plural: resource.plural, at: asked };
  }

  return {
    mayGet: (appRef, namespace) =>
      answers.get(`${appRef.apiVersion}/${appRef.kind}/${namespace}`, () => ask(appRef, namespace)),
  };
}
