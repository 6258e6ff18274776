import * as v from 'valibot';
import type { RevisionPath } from '../../decide/model/revision-path.ts';
import {
  type ParsedApplication,
  parseApplication,
  showsPaths,
} from '../../decide/observation/application-parse.ts';
import { parseFirst } from '../../lib/first-fault.ts';
import { createObjectCache, type KubeObject, type ObjectCache, objectKey } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';

/** An application as it is kept: what `readApplication` needs and no more. */
export interface KeptApplication extends KubeObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly application: ParsedApplication;
}

export interface ApplicationCache {
  /** The cache for a reflector: it keeps wanted objects and drops the others. */
  readonly cache: ObjectCache<KeptApplication>;
  parse(raw: unknown): KeptApplication;
  /**
   * Loads the object and keeps it from then on: a Pipeline became interested after the watch had dropped it. `mayKeep`
   * is asked last. An object that is deleted while it loads is not kept.
   */
  fill(
    key: string,
    load: () => Promise<unknown>,
    options: FillOptions,
  ): Promise<ParsedApplication | undefined>;
}

export interface FillOptions {
  readonly mayKeep: () => boolean;
  /** The parts of its spec that are asked for, also before an interest in them is set. */
  readonly paths: readonly RevisionPath[];
}

export interface ApplicationCacheOptions {
  readonly apiVersion: string;
  readonly kind: string;
  /** The parts of an object's spec that are looked at. */
  readonly pathsOf: (namespace: string, name: string) => readonly RevisionPath[];
  readonly isWanted: (namespace: string, name: string) => boolean;
  readonly revisionPath: RevisionPath | undefined;
  /** After each complete list. */
  readonly onListed: () => void;
  /** Called for an object that was added, was deleted, or has changed in what is kept of it. */
  readonly onChange: (namespace: string, name: string) => void;
  readonly log: Logger;
}

const Metadata = v.object({
  metadata: v.object({ name: v.string(), namespace: v.string(), resourceVersion: v.string() }),
});

export function createApplicationCache(options: ApplicationCacheOptions): ApplicationCache {
  const kept = createObjectCache<KeptApplication>(options.log);
  const loads = new Set<{ readonly key: string; outdated: boolean }>();

  function isWanted({ metadata }: KeptApplication): boolean {
    return options.isWanted(metadata.namespace, metadata.name);
  }

  function outdate(key?: string): void {
    for (const load of loads) if (key === undefined || load.key === key) load.outdated = true;
  }

  /** An object that is no longer wanted stays until it changes: it may be wanted again. */
  function put(object: KeptApplication): void {
    if (isWanted(object)) kept.put(object);
    else kept.remove(objectKey(object.metadata), object.metadata.resourceVersion);
  }

  function remove(key: string, version: string): void {
    outdate(key);
    kept.remove(key, version);
  }

  function retain(present: ReadonlySet<string>, version: string): void {
    outdate();
    kept.retain(present, version);
    options.onListed();
  }

  function applicationIn(raw: unknown, paths: readonly RevisionPath[]): ParsedApplication {
    const { apiVersion, kind, revisionPath: path } = options;
    return parseApplication(raw, { path, kind: { apiVersion, kind }, paths });
  }

  function parse(raw: unknown): KeptApplication {
    const { metadata } = parseFirst(Metadata, raw);
    const { namespace, name } = metadata;
    if (!options.isWanted(namespace, name)) return { metadata, application: null };
    return { metadata, application: applicationIn(raw, options.pathsOf(namespace, name)) };
  }

  async function fill(
    key: string,
    load: () => Promise<unknown>,
    { mayKeep, paths }: FillOptions,
  ): Promise<ParsedApplication | undefined> {
    const loading = { key, outdated: false };
    loads.add(loading);
    try {
      const raw = await load();
      if (raw === undefined) return undefined;
      const object = parse(raw);
      const isComplete = isWanted(object) && showsPaths(object.application, paths);
      if (!isComplete) return applicationIn(raw, paths);
      if (!loading.outdated && mayKeep()) kept.refresh(object);
      return object.application;
    } finally {
      loads.delete(loading);
    }
  }

  kept.subscribe(({ kind, object, old }) => {
    if (kind === 'modified' && Bun.deepEquals(object.application, old?.application)) return;
    options.onChange(object.metadata.namespace, object.metadata.name);
  });

  return { cache: { ...kept, put, remove, retain }, parse, fill };
}
