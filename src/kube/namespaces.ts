import * as v from 'valibot';
import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import { type Disclosure, disclosureOf } from '../decide/foreign.ts';
import { resourcePath } from './path.ts';
import { createShortMemory } from './short-memory.ts';
import type { KubeClient } from './transport.ts';

/** What the namespaces of this cluster let Pipelines of others show. */
export interface Namespaces {
  /** Fails closed: what cannot be read hides its messages. Asks the API server for each at most twice a minute. */
  disclosure(namespace: string): Promise<Disclosure>;
}

const KEPT_MS = 30_000;
const MAX_KNOWN = 5000;
const TIMEOUT_MS = 2000;
const MAX_WHY = 200;

const Namespace = v.object({
  metadata: v.object({ annotations: v.nullish(v.record(v.string(), v.string())) }),
});

export function createNamespaces(client: KubeClient, deps: { readonly now: () => Date }): Namespaces {
  const known = createShortMemory<Disclosure>({ keptMs: () => KEPT_MS, maxKnown: MAX_KNOWN, ...deps });

  async function ask(name: string): Promise<Disclosure> {
    const path = resourcePath({ apiVersion: 'v1', plural: 'namespaces', name });
    try {
      const answer = await client.request({ method: 'GET', path, timeoutMs: TIMEOUT_MS });
      return disclosureOf(v.parse(Namespace, answer).metadata.annotations);
    } catch (error) {
      if (hasCode(error, 'ApiNotFound')) return { kind: 'hidden', why: 'the namespace is not there' };
      if (!(error instanceof TurnpikeError)) throw error;
      const said = errorMessage(error).slice(0, MAX_WHY).replace(/\.$/, '');
      return { kind: 'hidden', why: `the namespace could not be read (${said})` };
    }
  }

  return { disclosure: (namespace) => known.get(namespace, () => ask(namespace)) };
}
