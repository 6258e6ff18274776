import * as v from 'valibot';
import { hasCode, TurnpikeError } from '../api/errors.ts';
import { resourcePath } from './path.ts';
import type { KubeClient } from './transport.ts';

/** Where objects of a kind are found. */
export interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
}

export interface Discovery {
  /**
   * The resource of a kind: in the version that is asked for, else in the one that its group prefers.
   * @throws TurnpikeError ApiNotFound when the cluster does not serve the kind
   */
  resource(apiVersion: string, kind: string): Promise<Resource>;
  forget(apiVersion: string, kind: string): void;
}

/** How long a kind stays unknown, or in another version than asked for, before the API server is asked again. */
const DOUBTFUL_MS = 10_000;
const MAX_KINDS = 1000;
const MAX_BYTES = 16 * 1024 * 1024;

const ResourceList = v.object({
  resources: v.nullish(
    v.array(v.object({ name: v.string(), kind: v.string(), namespaced: v.boolean() })),
    [],
  ),
});
const Group = v.object({ preferredVersion: v.object({ groupVersion: v.string() }) });

/** What the API server said of a kind, and when, in milliseconds. */
interface Answer {
  readonly resource: Resource | undefined;
  readonly at: number;
}

export function createDiscovery(client: KubeClient, deps: { readonly now: () => Date }): Discovery {
  const answers = new Map<string, Promise<Answer>>();

  async function ask(apiVersion: string, kind: string): Promise<Answer> {
    const resource = await findResource(client, apiVersion, kind);
    return { resource, at: deps.now().getTime() };
  }

  /** One question at a time for each kind; one that failed is asked again by the next who needs it. */
  function askOnce(apiVersion: string, kind: string): Promise<Answer> {
    const key = keyOf(apiVersion, kind);
    const asked = ask(apiVersion, kind);
    if (answers.size >= MAX_KINDS) answers.clear();
    answers.set(key, asked);
    asked.catch(() => answers.delete(key));
    return asked;
  }

  async function resource(apiVersion: string, kind: string): Promise<Resource> {
    const known = await answers.get(keyOf(apiVersion, kind));
    const usable = known?.resource?.apiVersion === apiVersion || isRecent(known);
    const answer = known && usable ? known : await askOnce(apiVersion, kind);
    if (answer.resource) return answer.resource;
    throw new TurnpikeError(
      'ApiNotFound',
      `The cluster knows no kind ${kind} in ${apiVersion}: install its CustomResourceDefinition, or correct spec.appRef.`,
    );
  }

  function isRecent(answer: Answer | undefined): boolean {
    return answer !== undefined && deps.now().getTime() - answer.at < DOUBTFUL_MS;
  }

  return {
    resource,
    forget: (apiVersion, kind) => {
      answers.delete(keyOf(apiVersion, kind));
    },
  };
}

function keyOf(apiVersion: string, kind: string): string {
  return `${apiVersion}, ${kind}`;
}

async function findResource(
  client: KubeClient,
  apiVersion: string,
  kind: string,
): Promise<Resource | undefined> {
  const asked = await findInVersion(client, apiVersion, kind);
  if (asked) return asked;
  const preferred = await preferredVersion(client, apiVersion);
  if (preferred === undefined || preferred === apiVersion) return undefined;
  return findInVersion(client, preferred, kind);
}

async function findInVersion(
  client: KubeClient,
  apiVersion: string,
  kind: string,
): Promise<Resource | undefined> {
  const answer = await getIfServed(client, resourcePath({ apiVersion }));
  if (answer === undefined) return undefined;
  const resources = v.parse(ResourceList, answer).resources ?? [];
  const found = resources.find((one) => one.kind === kind && one.namespaced && !one.name.includes('/'));
  return found && { apiVersion, plural: found.name };
}

/** The core group has one version and no other to fall back to. */
async function preferredVersion(client: KubeClient, apiVersion: string): Promise<string | undefined> {
  const [group = '', version] = apiVersion.split('/');
  if (version === undefined) return undefined;
  const answer = await getIfServed(client, `/apis/${encodeURIComponent(group)}`);
  return answer === undefined ? undefined : v.parse(Group, answer).preferredVersion.groupVersion;
}

async function getIfServed(client: KubeClient, path: string): Promise<unknown> {
  try {
    return await client.request({ method: 'GET', path, maxBytes: MAX_BYTES });
  } catch (error) {
    if (hasCode(error, 'ApiNotFound')) return undefined;
    throw error;
  }
}
