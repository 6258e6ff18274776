import * as v from 'valibot';
import { errorMessage, hasCode } from '../api/errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { type KubeObject, type ObjectCache, objectKey } from './cache.ts';
import { listAll } from './list.ts';
import type { KubeClient } from './transport.ts';
import { isNewer } from './version.ts';
import { type Backoff, backoffDelay, wait } from './wait.ts';
import { followWatch, type WatchEvent } from './watch.ts';

export interface ReflectorTimings {
  /** For how long a watch is asked for, in seconds; up to a tenth more is added at random. */
  readonly watchSeconds: number;
  /** After this much silence a watch is taken for dead. Bookmarks come about once a minute. */
  readonly silenceMs: number;
  /** How often everything is listed again, whatever the watches said, in milliseconds. */
  readonly relistMs: number;
  readonly backoff: Backoff;
}

const TIMINGS: ReflectorTimings = {
  watchSeconds: 275,
  silenceMs: 150_000,
  relistMs: 3_600_000,
  backoff: { initialMs: 800, maxMs: 30_000 },
};

/** A watch that ends sooner and without a word was a failure in disguise. */
const SHORT_WATCH_MS = 1000;

export interface ReflectorOptions<T> {
  readonly path: string;
  readonly labelSelector?: string;
  readonly parse: (raw: unknown) => T;
  readonly cache: ObjectCache<T>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly timings?: Partial<ReflectorTimings>;
  readonly random?: () => number;
}

export interface Reflector {
  /** Resolves when the signal has fired. */
  run(): Promise<void>;
  synced(): boolean;
  /** Up to where the collection is known; empty before the first list. */
  version(): string;
}

const RawMetadata = v.object({
  name: v.optional(v.string(), ''),
  namespace: v.optional(v.string(), ''),
  resourceVersion: v.optional(v.string(), ''),
});
const RawObject = v.object({ metadata: RawMetadata });
type RawMetadata = v.InferOutput<typeof RawMetadata>;

/** Keeps a cache equal to a collection: list, watch, resume; list again when the server forgot where we were. */
export function createReflector<T extends KubeObject>(
  client: KubeClient,
  options: ReflectorOptions<T>,
): Reflector {
  const { cache, log, path, labelSelector, signal } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const random = options.random ?? Math.random;
  let version = '';
  let listedAt: number | undefined;
  let synced = false;

  function put(raw: unknown, metadata: RawMetadata): void {
    try {
      cache.put(options.parse(raw));
    } catch (error) {
      log.warn(
        { key: objectKey(metadata), error: errorMessage(error) },
        'object left out: it cannot be read',
      );
    }
  }

  function checkSetBack(listed: string): void {
    if (version === '' || !isNewer(version, listed)) return;
    log.warn({ version, listed }, 'the API server was set back: everything is taken anew');
    cache.forgetVersions();
    version = '';
  }

  async function relist(): Promise<void> {
    const present = new Set<string>();
    let listed = '';
    const onPage = (objects: readonly unknown[], pageVersion: string) => {
      listed = pageVersion;
      checkSetBack(listed);
      for (const raw of objects) {
        const { metadata } = v.parse(RawObject, raw);
        present.add(objectKey(metadata));
        put(raw, metadata);
      }
    };
    await listAll(client, { path, labelSelector, signal, onPage });
    cache.retain(present, listed);
    version = listed;
    listedAt = performance.now();
    synced = true;
  }

  function take({ type, object }: WatchEvent): void {
    const { metadata } = v.parse(RawObject, object);
    if (type === 'DELETED') cache.remove(objectKey(metadata), metadata.resourceVersion);
    else if (type !== 'BOOKMARK') put(object, metadata);
    version = metadata.resourceVersion;
  }

  /** One list, if one is due, and one watch. `heard`: the watch brought something. */
  async function round(): Promise<{ heard: boolean; failed: boolean }> {
    const started = performance.now();
    let heard = false;
    try {
      if (listedAt === undefined || started - listedAt > timings.relistMs) await relist();
      await followWatch(client, {
        path,
        labelSelector,
        resourceVersion: version,
        timeoutSeconds: timings.watchSeconds * (1 + random() / 10),
        silenceMs: timings.silenceMs,
        signal,
        onEvent: (event) => {
          heard = true;
          take(event);
        },
      });
      return { heard, failed: !heard && performance.now() - started < SHORT_WATCH_MS };
    } catch (error) {
      if (!signal.aborted) note(error);
      return { heard, failed: true };
    }
  }

  function note(error: unknown): void {
    if (!hasCode(error, 'ApiGone')) {
      log.warn({ error: errorMessage(error) }, 'watch interrupted');
      return;
    }
    log.info({ version }, 'the API server forgot this version: listing again');
    listedAt = undefined;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const { heard, failed } = await round();
      if (heard || !failed) failures = 0;
      if (!failed) continue;
      await wait(backoffDelay(timings.backoff, failures, random), signal);
      failures += 1;
    }
  }

  return { run, synced: () => synced, version: () => version };
}
