import * as v from 'valibot';
import { parseFirst } from '../first-fault.ts';
import type { Discovery } from './client/discovery.ts';
import type { KubeClient } from './client/transport.ts';
import { groupOf } from './group.ts';

/** What our own account may do, by the API server's word (SelfSubjectAccessReview, open to every account). */
export interface Access {
  /**
   * Whether the application's object may be read in the namespace; at once where that was asked lately.
   * @throws TurnpikeError as a rejection: ApiNotFound when the cluster does not serve the kind
   */
  mayGet(appRef: KindRef, namespace: string): Readability | Promise<Readability>;
}

export interface Readability {
  readonly allowed: boolean;
  /** Of the kind, as rights name it. */
  readonly plural: string;
}

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const KEPT_MS = 10_000;
const MAX_KNOWN = 10_000;
const TIMEOUT_MS = 2000;

const Answer = v.object({ status: v.object({ allowed: v.boolean() }) });

interface Known extends Readability {
  /** When it was asked, in milliseconds. */
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
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<Known>>();

  function mayGet(appRef: KindRef, namespace: string): Known | Promise<Known> {
    const key = `${appRef.apiVersion}/${appRef.kind}/${namespace}`;
    const last = known.get(key);
    const isRecent = last && now().getTime() - last.at < KEPT_MS;
    const running = asking.get(key);
    return last && (isRecent || running) ? last : (running ?? askOnce(key, appRef, namespace));
  }

  function askOnce(key: string, appRef: KindRef, namespace: string): Promise<Known> {
    const asked = ask(appRef, namespace)
      .then((answer) => {
        if (known.size >= MAX_KNOWN) known.clear();
        known.set(key, answer);
        return answer;
      })
      .finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  }

  async function ask({ apiVersion, kind }: KindRef, namespace: string): Promise<Known> {
    const at = now().getTime();
    const resource = await discovery.resource(apiVersion, kind);
    const group = groupOf(resource.apiVersion);
    const attributes = { verb: 'get', group, resource: resource.plural, namespace };
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: attributes },
    };
    const answer = await client.request({ method: 'POST', path: PATH, body, timeoutMs: TIMEOUT_MS });
    return { allowed: parseFirst(Answer, answer).status.allowed, plural: resource.plural, at };
  }

  return { mayGet };
}
