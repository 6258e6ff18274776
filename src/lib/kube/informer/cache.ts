import { createListeners } from '../../async/index.ts';
import type { Logger } from '../../logger.ts';
import { isNewer } from './version.ts';

/** The part of an object that the cache needs. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
  };
}

export interface Change<T> {
  readonly kind: 'added' | 'modified' | 'deleted';
  /** `namespace/name`, or the name alone of what is not namespaced. */
  readonly key: string;
  /** For `deleted` the last state that was seen. */
  readonly object: T;
  readonly old?: T;
}

export type Listener<T> = (change: Change<T>) => void;

export interface ObjectCache<T> {
  get(key: string): T | undefined;
  list(): T[];
  /** Takes an object that is newer than the one known, and tells the listeners. */
  put(object: T): void;
  /** The same with one that is as new: more is to be seen of it. */
  refresh(object: T): void;
  /** Removes what is not newer than the deletion. */
  remove(key: string, version: string): void;
  /** Removes what is not in `present`, unless it is newer than `version`. */
  retain(present: ReadonlySet<string>, version: string): void;
  /** Forgets all versions, so that the next `put` counts as newer: for a server that was set back. */
  forgetVersions(): void;
  /** Hears of changes from now on; what is there already `list` tells. */
  subscribe(listener: Listener<T>): () => void;
}

export function objectKey(metadata: KubeObject['metadata']): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

interface Entry<T> {
  readonly object: T;
  readonly version: string;
}

/** The objects of one resource by key, each with the version up to which it is known. */
export function createObjectCache<T extends KubeObject>(log: Logger): ObjectCache<T> {
  const entries = new Map<string, Entry<T>>();
  const listeners = createListeners<Listener<T>>(log);

  function notify(change: Change<T>): void {
    listeners.notify(
      (listener) => listener(change),
      () => ({ key: change.key, change: change.kind }),
    );
  }

  function put(object: T): void {
    const known = entries.get(objectKey(object.metadata));
    if (!known || isNewer(object.metadata.resourceVersion ?? '', known.version)) apply(object, known);
  }

  function refresh(object: T): void {
    const known = entries.get(objectKey(object.metadata));
    if (!known || !isNewer(known.version, object.metadata.resourceVersion ?? '')) apply(object, known);
  }

  function apply(object: T, known: Entry<T> | undefined): void {
    const key = objectKey(object.metadata);
    const version = object.metadata.resourceVersion ?? '';
    entries.set(key, { object, version });
    notify(known ? { kind: 'modified', key, object, old: known.object } : { kind: 'added', key, object });
  }

  function remove(key: string, version: string): void {
    const known = entries.get(key);
    if (!known || isNewer(known.version, version)) return;
    entries.delete(key);
    notify({ kind: 'deleted', key, object: known.object });
  }

  function retain(present: ReadonlySet<string>, version: string): void {
    for (const key of [...entries.keys()]) if (!present.has(key)) remove(key, version);
  }

  function forgetVersions(): void {
    for (const [key, { object }] of entries) entries.set(key, { object, version: '' });
  }

  return {
    get: (key) => entries.get(key)?.object,
    list: () => Array.from(entries.values(), (entry) => entry.object),
    put,
    refresh,
    remove,
    retain,
    forgetVersions,
    subscribe: listeners.add,
  };
}
