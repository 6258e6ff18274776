import { type Backoff, backoffDelay, wait } from '../../async/index.ts';
import { errorMessage, hasCode } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { KubeClient } from '../client/transport.ts';
import type { KubeObject, ObjectCache } from './cache.ts';
import { listAll } from './list.ts';
import { createStore } from './store.ts';
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
  backoff: { initialMs: 800, maxMs: 10_000 },
};

/** A watch that ends sooner and without a word was a failure in disguise. */
const SHORT_WATCH_MS = 1000;
/** How soon it is noticed that the API server answers again. */
const LOOK_EVERY_MS = 250;

export interface ReflectorOptions<T> {
  readonly path: string;
  /** Such as `metadata.name=turnpike`, for which the right to that one object is enough. */
  readonly fieldSelector?: string;
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

/** Keeps a cache equal to a collection: list, watch, resume; list again when the server forgot where we were. */
export function createReflector<T extends KubeObject>(
  client: KubeClient,
  options: ReflectorOptions<T>,
): Reflector {
  const { log, path, fieldSelector, signal } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const random = options.random ?? Math.random;
  const store = createStore({ cache: options.cache, parse: options.parse, log });
  const watched = { path, fieldSelector, silenceMs: timings.silenceMs, signal };
  let listedAt: number | undefined;
  let synced = false;

  async function relist(): Promise<void> {
    const list = store.beginList();
    await listAll(client, { path, fieldSelector, signal, onPage: list.page });
    list.end();
    listedAt = performance.now();
    synced = true;
  }

  /** One list, if one is due, and one watch. */
  async function round(): Promise<Round> {
    const started = performance.now();
    let heard = false;
    const onEvent = (event: WatchEvent) => {
      heard = true;
      store.apply(event);
    };
    try {
      if (listedAt === undefined || started - listedAt > timings.relistMs) await relist();
      const timeoutSeconds = timings.watchSeconds * (1 + random() / 10);
      await followWatch(client, { ...watched, resourceVersion: store.version(), timeoutSeconds, onEvent });
      return { heard, failed: !heard && performance.now() - started < SHORT_WATCH_MS };
    } catch (error) {
      if (!signal.aborted) note(error);
      // A server that has forgotten where we were is there.
      return { heard: heard || hasCode(error, 'ApiGone'), failed: true };
    }
  }

  function note(error: unknown): void {
    if (!hasCode(error, 'ApiGone')) {
      log.warn({ error: errorMessage(error) }, 'watch interrupted');
      return;
    }
    log.info({ version: store.version() }, 'resource version expired: listing again');
    listedAt = undefined;
  }

  const run = () => repeat(round, { client, backoff: timings.backoff, random, signal });
  return { run, synced: () => synced, version: store.version };
}

interface Round {
  /** The server had something to say. */
  readonly heard: boolean;
  readonly failed: boolean;
}

interface Repetition extends Required<Pick<ReflectorOptions<unknown>, 'random' | 'signal'>> {
  readonly client: KubeClient;
  readonly backoff: Backoff;
}

async function repeat(round: () => Promise<Round>, { client, backoff, random, signal }: Repetition) {
  let failures = 0;
  while (!signal.aborted) {
    const { heard, failed } = await round();
    if (heard || !failed) failures = 0;
    if (!failed) continue;
    await pause(client, backoffDelay(backoff, failures, random), signal);
    failures += 1;
  }
}

/** An API server that was away and answers somebody again is asked by all at once. */
async function pause(client: KubeClient, ms: number, signal: AbortSignal): Promise<void> {
  const away = !client.available();
  const until = performance.now() + ms;
  for (let left = ms; left > 0 && !signal.aborted; left = until - performance.now()) {
    await wait(Math.min(left, LOOK_EVERY_MS), signal);
    if (away && client.available()) return;
  }
}
