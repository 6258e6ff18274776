import * as v from 'valibot';
import { errorMessage } from '../../errors.ts';
import { parseFirst } from '../../first-fault.ts';
import type { Logger } from '../../logger.ts';
import { cut, MAX_QUOTED, oneLine } from '../../text/index.ts';
import { type KubeObject, type ObjectCache, objectKey } from './cache.ts';
import { isNewer } from './version.ts';
import type { WatchEvent } from './watch.ts';

/** Brings what lists and watches say into a cache, and knows up to which version that is. */
export interface Store {
  /** Empty before the first list. */
  version(): string;
  beginList(): ListInProgress;
  apply(event: WatchEvent): void;
}

export interface ListInProgress {
  page(objects: readonly unknown[], version: string): void;
  /** All pages were there: what was in none of them is gone. */
  end(): void;
}

export interface StoreOptions<T> {
  readonly cache: ObjectCache<T>;
  readonly parse: (raw: unknown) => T;
  readonly log: Logger;
}

const REPORT_EVERY_MS = 1000;

const RawMetadata = v.object({
  name: v.optional(v.string(), ''),
  namespace: v.optional(v.string(), ''),
  resourceVersion: v.optional(v.string(), ''),
});
const RawObject = v.object({ metadata: RawMetadata });
type RawMetadata = v.InferOutput<typeof RawMetadata>;

export function createStore<T extends KubeObject>({ cache, parse, log }: StoreOptions<T>): Store {
  const report = createReporter(log);
  let version = '';

  function put(raw: unknown, metadata: RawMetadata): void {
    try {
      cache.put(parse(raw));
    } catch (error) {
      report(objectKey(metadata), errorMessage(error));
    }
  }

  function checkSetBack(listed: string): void {
    if (version === '' || !isNewer(version, listed)) return;
    log.warn(
      { version, listed },
      'the API server was restored to an earlier state: all objects are replaced',
    );
    cache.forgetVersions();
    version = '';
  }

  function beginList(): ListInProgress {
    const present = new Set<string>();
    let listed = '';

    function page(objects: readonly unknown[], pageVersion: string): void {
      listed = pageVersion;
      checkSetBack(listed);
      for (const raw of objects) {
        const { metadata } = parseFirst(RawObject, raw);
        present.add(objectKey(metadata));
        put(raw, metadata);
      }
    }

    function end(): void {
      cache.retain(present, listed);
      version = listed;
    }

    return { page, end };
  }

  function apply({ type, object }: WatchEvent): void {
    const { metadata } = parseFirst(RawObject, object);
    if (type === 'DELETED') cache.remove(objectKey(metadata), metadata.resourceVersion);
    else if (type !== 'BOOKMARK') put(object, metadata);
    version = metadata.resourceVersion;
  }

  return { version: () => version, beginList, apply };
}

/** Another cluster may have any number of objects that cannot be read, and call them as it likes. */
function createReporter(log: Logger) {
  let leftOut = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (key: string, error: string): void => {
    leftOut += 1;
    const now = performance.now();
    if (now - reportedAt < REPORT_EVERY_MS) return;
    log.warn({ key: cut(oneLine(key), MAX_QUOTED), error, leftOut }, 'object left out: it cannot be read');
    leftOut = 0;
    reportedAt = now;
  };
}
