import type { Logger } from '../../logger.ts';
import type { KubeClient } from '../client/transport.ts';
import { createObjectCache, type KubeObject, type Listener, objectKey } from './cache.ts';
import { createReflector, type ReflectorTimings } from './reflector.ts';
import { isNewer } from './version.ts';

/** A local copy of one resource, kept up to date by the API server. Nobody changes the objects in it. */
export interface Informer<T> {
  /** By `namespace/name`, or the name alone of what is not namespaced. */
  get(key: string): T | undefined;
  list(): T[];
  /** True from the first complete list on. */
  synced(): boolean;
  start(): void;
  /** Ends the watch; a stopped informer does not start again. */
  stop(): Promise<void>;
  /** The answer to a write or read of one's own: into the cache at once, if it is newer. */
  accept(object: T): void;
  /** Hears of changes from now on, own writes included; what is there already `list` tells. */
  subscribe(listener: Listener<T>): () => void;
}

export interface InformerOptions<T> {
  /** Path of the collection, such as `/api/v1/namespaces/dev/configmaps`. */
  readonly path: string;
  /** Throws for an object that is of no use; it is logged and left out. */
  readonly parse: (raw: unknown) => T;
  readonly log: Logger;
  readonly timings?: Partial<ReflectorTimings>;
  /** Between 0 and 1, for jitter. */
  readonly random?: () => number;
}

export function createInformer<T extends KubeObject>(
  client: KubeClient,
  options: InformerOptions<T>,
): Informer<T> {
  const log = options.log.child({ path: options.path });
  const cache = createObjectCache<T>(log);
  const stopping = new AbortController();
  const reflector = createReflector(client, { ...options, log, cache, signal: stopping.signal });
  let running: Promise<void> | undefined;

  function accept(object: T): void {
    if (cache.get(objectKey(object.metadata)) !== undefined || mayBeNew(object)) cache.put(object);
  }

  /** An object that is not in the cache, and older than what was watched, was deleted meanwhile. */
  function mayBeNew(object: T): boolean {
    return isNewer(object.metadata.resourceVersion ?? '', reflector.version());
  }

  return {
    get: cache.get,
    list: cache.list,
    synced: reflector.synced,
    start: () => {
      running ??= reflector.run();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
    accept,
    subscribe: cache.subscribe,
  };
}
