import * as v from 'valibot';
import { type Disclosure, disclosureOf } from '../decide/observation/foreign.ts';
import { createCache, createSlots } from '../lib/async/index.ts';
import { errorMessage, hasCode } from '../lib/errors.ts';
import { parseFirst } from '../lib/first-fault.ts';
import { type KubeClient, resourcePath } from '../lib/kube/index.ts';
import { cut, oneLine } from '../lib/text/index.ts';

/** The fields that namespaces of this cluster let Pipelines of others show. */
export interface Namespaces {
  /** Never rejects: a namespace that cannot be read in two seconds hides its messages. */
  disclosure(namespace: string): Promise<Disclosure>;
}

interface KnownDisclosure {
  readonly disclosure: Disclosure;
  readonly keptMs: number;
}

const KEPT_MS = 30_000;
const FAILURE_KEPT_MS = 5000;
const MAX_KNOWN = 5000;
/** A Pipeline may have hundreds of targets, each in a namespace of its own. */
const AT_ONCE = 8;
const TIMEOUT_MS = 2000;
const MAX_WHY = 200;

const Namespace = v.object({
  metadata: v.object({ annotations: v.nullish(v.record(v.string(), v.string())) }),
});

export function createNamespaces(client: KubeClient, deps: { readonly now: () => Date }): Namespaces {
  const slots = createSlots(AT_ONCE);
  const now = () => deps.now().getTime();
  const known = createCache<KnownDisclosure>({ max: MAX_KNOWN, ttlMs: (one) => one.keptMs, now });

  async function read(name: string): Promise<Disclosure> {
    const path = resourcePath({ apiVersion: 'v1', plural: 'namespaces', name });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const giveBack = await slots.take(signal);
    try {
      const answer = await client.request({ method: 'GET', path, timeoutMs: TIMEOUT_MS, signal });
      return disclosureOf(parseFirst(Namespace, answer).metadata.annotations);
    } finally {
      giveBack();
    }
  }

  async function ask(name: string): Promise<KnownDisclosure> {
    try {
      return { disclosure: await read(name), keptMs: KEPT_MS };
    } catch (error) {
      return { disclosure: { kind: 'hidden', why: failure(error) }, keptMs: FAILURE_KEPT_MS };
    }
  }

  return {
    disclosure: async (namespace) => (await known.get(namespace, () => ask(namespace))).disclosure,
  };
}

function failure(error: unknown): string {
  if (hasCode(error, 'ApiNotFound')) return 'the namespace does not exist';
  return `the namespace could not be read (${cut(oneLine(errorMessage(error)), MAX_WHY).replace(/\.$/, '')})`;
}
