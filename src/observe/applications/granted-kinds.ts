import * as v from 'valibot';
import { createCache } from '../../lib/async/index.ts';
import { errorMessage, TurnpikeError } from '../../lib/errors.ts';
import { parseFirst } from '../../lib/first-fault.ts';
import type { KubeClient } from '../../lib/kube/index.ts';

/** The kinds that the operator has granted, by our rights in the cluster that we run in. */
export interface GrantedKinds {
  /**
   * Reports whether our account may get objects of the kind here, be it served here or not.
   * @throws TurnpikeError ApiRefused while that cannot be asked
   */
  has(group: string, plural: string): Promise<boolean>;
}

export interface GrantedKindsOptions {
  /** The namespace of `--watch-namespace`, where our rights are; undefined: all. */
  readonly namespace?: string;
  readonly now: () => Date;
}

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const KEPT_MS = 30_000;
const MAX_KNOWN = 1000;
const TIMEOUT_MS = 2000;

const Answer = v.object({ status: v.object({ allowed: v.boolean() }) });

export function createGrantedKinds(client: KubeClient, options: GrantedKindsOptions): GrantedKinds {
  const now = () => options.now().getTime();
  const known = createCache<boolean>({ max: MAX_KNOWN, ttlMs: KEPT_MS, now });
  const within = options.namespace === undefined ? {} : { namespace: options.namespace };

  async function ask(group: string, resource: string): Promise<boolean> {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'get', group, resource, ...within } },
    };
    const answer = await client.request({ method: 'POST', path: PATH, body, timeoutMs: TIMEOUT_MS });
    return parseFirst(Answer, answer).status.allowed;
  }

  return {
    async has(group, plural) {
      try {
        return await known.get(`${plural}.${group}`, () => ask(group, plural));
      } catch (error) {
        // Another cluster's breaker must not take our own API server's silence for that cluster's.
        const message = `It is not known whether Turnpike may read ${plural}: ${errorMessage(error)}`;
        throw new TurnpikeError('ApiRefused', message, { retry: 'backoff', cause: error });
      }
    },
  };
}
