import * as v from 'valibot';
import { createCache } from '../async/index.ts';
import { hasCode, TurnpikeError } from '../errors.ts';
import { parseFirst } from '../first-fault.ts';
import type { KubeClient } from './client/transport.ts';
import { groupOf } from './group.ts';
import { resourcePath } from './path.ts';

/** The resource that serves objects of a kind. */
export interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
}

export interface Discovery {
  /**
   * The resource of a kind, in the version that its group prefers, whichever is asked for: of objects that are the same by
   * any version nobody can have more watches by spelling it in another way.
   * @throws TurnpikeError ApiNotFound when the cluster does not serve the kind
   */
  resource(apiVersion: string, kind: string): Promise<Resource>;
  forget(apiVersion: string, kind: string): void;
}

/** How long a kind stays unknown, or in its version, before the API server is asked again. */
const UNKNOWN_MS = 10_000;
const KNOWN_MS = 300_000;
const MAX_KINDS = 1000;
/** More than a thousand kinds of one version; a namespace may have 32 answers under way. */
const MAX_BYTES = 512 * 1024;

const ResourceList = v.object({
  resources: v.nullish(
    v.array(v.object({ name: v.string(), kind: v.string(), namespaced: v.boolean() })),
    [],
  ),
});
const Version = v.object({ version: v.string() });
const Group = v.object({ preferredVersion: v.nullish(Version), versions: v.array(Version) });
/** Which serve a kind is looked for in so many, the preferred one first. */
const MAX_VERSIONS = 10;
/** As versions are called (RFC 1123). */
const LABEL = /^[a-z0-9-]{1,63}$/;

/** The API server's answer about a kind, and for how long it serves. */
interface Answer {
  readonly resource: Resource | undefined;
  readonly ttlMs: number;
}

export function createDiscovery(client: KubeClient, deps: { readonly now: () => Date }): Discovery {
  const answers = createCache<Answer>({
    max: MAX_KINDS,
    ttlMs: ({ ttlMs }) => ttlMs,
    now: () => deps.now().getTime(),
  });

  /** Asks the API server; without an answer the last one stays. */
  async function ask(apiVersion: string, kind: string, last: Answer | undefined): Promise<Answer> {
    try {
      const resource = await findResource(client, apiVersion, kind);
      return { resource, ttlMs: resource ? KNOWN_MS : UNKNOWN_MS };
    } catch (error) {
      if (!last?.resource) throw error;
      return { resource: last.resource, ttlMs: UNKNOWN_MS };
    }
  }

  async function resource(apiVersion: string, kind: string): Promise<Resource> {
    const answer = await answers.get(keyOf(apiVersion, kind), (last) => ask(apiVersion, kind, last));
    if (answer.resource) return answer.resource;
    throw new TurnpikeError(
      'ApiNotFound',
      `The cluster has no kind ${kind} in ${apiVersion}: install its CustomResourceDefinition, or correct spec.appRef.`,
    );
  }

  return {
    resource,
    forget: (apiVersion, kind) => answers.delete(keyOf(apiVersion, kind)),
  };
}

function keyOf(apiVersion: string, kind: string): string {
  return `${groupOf(apiVersion)}, ${kind}`;
}

async function findResource(client: KubeClient, asked: string, kind: string): Promise<Resource | undefined> {
  for (const apiVersion of await servedVersions(client, asked)) {
    const found = await findInVersion(client, apiVersion, kind);
    if (found) return found;
  }
  return undefined;
}

async function findInVersion(
  client: KubeClient,
  apiVersion: string,
  kind: string,
): Promise<Resource | undefined> {
  const answer = await getIfServed(client, resourcePath({ apiVersion }));
  if (answer === undefined) return undefined;
  const resources = parseFirst(ResourceList, answer).resources ?? [];
  const found = resources.find((one) => one.kind === kind && one.namespaced && !one.name.includes('/'));
  return found && { apiVersion, plural: found.name };
}

/** Versions of the group that is asked for. The core group has one. */
async function servedVersions(client: KubeClient, apiVersion: string): Promise<readonly string[]> {
  const group = groupOf(apiVersion);
  if (group === '') return [apiVersion];
  const answer = await getIfServed(client, `/apis/${encodeURIComponent(group)}`);
  if (answer === undefined) return [];
  const { preferredVersion, versions } = parseFirst(Group, answer);
  const preferred = preferredVersion ? [preferredVersion] : [];
  const names = new Set([...preferred, ...versions].map(({ version }) => version));
  return [...names]
    .filter((name) => LABEL.test(name))
    .slice(0, MAX_VERSIONS)
    .map((name) => `${group}/${name}`);
}

async function getIfServed(client: KubeClient, path: string): Promise<unknown> {
  try {
    return await client.request({ method: 'GET', path, maxBytes: MAX_BYTES });
  } catch (error) {
    if (hasCode(error, 'ApiNotFound')) return undefined;
    throw error;
  }
}
