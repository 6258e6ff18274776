import { untilAborted, wait } from '../../lib/async/index.ts';
import { hasCode, TurnpikeError } from '../../lib/errors.ts';
import {
  createReflector,
  type Discovery,
  type KubeClient,
  type ObjectCache,
  type Resource,
  resourcePath,
} from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import type { WatchBudget } from './watch-budget.ts';
import type { KeptApplication } from './watch-cache.ts';

export interface FollowOptions {
  readonly apiVersion: string;
  readonly kind: string;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly discovery: Discovery;
  readonly budget: WatchBudget;
  readonly cache: ObjectCache<KeptApplication>;
  readonly parse: (raw: unknown) => KeptApplication;
  /** The interval in which the follower checks whether the group prefers another version by now. */
  readonly recheckMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Makes a function that keeps the cache up to date until it is refused, which is an error, or the group prefers another
 * version of the kind. It takes room only while it watches.
 */
export function createFollow(client: KubeClient, options: FollowOptions): () => Promise<void> {
  const { apiVersion, kind, discovery, budget } = options;
  return async () => {
    const resource = await discovery.resource(apiVersion, kind);
    const ended = new AbortController();
    let isLost = false;
    const giveBack = budget.take(() => {
      isLost = true;
      ended.abort();
    });
    if (!giveBack) throw noRoom();
    try {
      await follow(client, resource, { ...options, ended });
    } finally {
      giveBack();
    }
    if (isLost) throw noRoom();
  };
}

function noRoom(): TurnpikeError {
  const message = 'Too many kinds and namespaces are watched: there is no room for more.';
  return new TurnpikeError('ApiRefused', message, { retry: 'backoff' });
}

interface Following extends FollowOptions {
  /** Ends this watch alone. */
  readonly ended: AbortController;
}

async function follow(client: KubeClient, resource: Resource, options: Following): Promise<void> {
  const { apiVersion, kind, namespace, discovery, cache, parse, log, ended } = options;
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const refusable = createRefusable(client, () => ended.abort());
  const path = resourcePath({ ...resource, ...(namespace !== undefined && { namespace }) });
  // A server that was restored from a backup while nothing watched it has lower versions than those known here.
  cache.forgetVersions();
  const running = createReflector(refusable.client, { path, parse, cache, log, signal }).run();
  await untilAnotherVersion(resource, signal, options);
  ended.abort();
  await running;
  if (refusable.refusal() === undefined) return;
  discovery.forget(apiVersion, kind);
  throw refusable.refusal();
}

async function untilAnotherVersion(resource: Resource, signal: AbortSignal, options: FollowOptions) {
  const { apiVersion, kind, discovery, recheckMs } = options;
  while (!signal.aborted) {
    await wait(recheckMs, signal);
    // The cached version is stale as soon as the watch has ended, so the wait ends with it, whatever discovery waits
    // for.
    const now = await untilAborted(discovery.resource(apiVersion, kind), signal).catch(() => resource);
    if (now.apiVersion !== resource.apiVersion) return;
  }
}

/** A client that notes the first answer after which trying again soon does not help. */
function createRefusable(client: KubeClient, onRefusal: () => void) {
  let refusal: unknown;
  const note = (error: unknown) => {
    if (hasCode(error, 'ApiForbidden', 'ApiNotFound', 'ApiRefused')) {
      refusal ??= error;
      onRefusal();
    }
    throw error;
  };
  const refusable: KubeClient = {
    ...client,
    request: (request) => client.request(request).catch(note),
    stream: (request) => client.stream(request).catch(note),
  };
  return { client: refusable, refusal: () => refusal };
}
