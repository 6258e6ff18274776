import {
  createSingleFlight,
  createSizedMap,
  inBackground,
  type Schedule,
  type Soon,
} from '../../lib/async/index.ts';
import { hasCode } from '../../lib/errors.ts';
import { type Selection, selected, sizeOf } from './secret-keys.ts';
import type { Secrets, StoredSecret } from './secrets.ts';

export interface SecretCacheOptions {
  /** The part of a Secret that is kept, and given. */
  readonly keep: Selection;
  /** A value is used this long before it is read again. */
  readonly ttlSeconds: number;
  /** The shortest time between two reads of one Secret. A Secret that does not exist is not read for twice as long. */
  readonly minRefreshSeconds: number;
  /** The additional age at which a value still serves while it is being read again. */
  readonly staleSeconds?: number;
  /**
   * The age at which a value is no longer given, be the API server available or not; by twice that it is out of memory,
   * also without a read. Default: ten minutes.
   */
  readonly keepSeconds?: number;
  readonly now: () => Date;
  /** The oldest give way. Default: 10,000. */
  readonly maxEntries?: number;
  /** The bound of all values. The oldest are dropped. Default: 8 MiB. */
  readonly maxBytes?: number;
  /** Default: a timer that keeps no process from its end. */
  readonly schedule?: Schedule;
}

export interface SecretReadOptions {
  readonly fresh?: boolean;
  readonly strict?: boolean;
}

export interface SecretCache {
  /**
   * Reads a Secret. While the API server is unavailable the last known one serves on for a while. `fresh`: reads it
   * again, unless it was read less than `minRefreshSeconds` ago. `strict`: rejects where the last known one would serve
   * on, because the API server could not be asked.
   */
  read(namespace: string, name: string, options?: SecretReadOptions): Soon<StoredSecret | undefined>;
}

/** The result of the last read; `failure` beside a value when that was kept because the API server is unavailable. */
interface Entry {
  readonly secret: StoredSecret | undefined;
  readonly failure?: { readonly error: unknown };
  /** The time of the last read, in milliseconds. */
  readonly readAt: number;
  /** The time when the value was read, in milliseconds. */
  readonly valueAt: number;
  readonly bytes: number;
}

const DEFAULT_MAX_ENTRIES = 10_000;
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
const DEFAULT_KEEP_SECONDS = 600;

/** Creates the cache for Secrets that every request asks for: one read at a time for each Secret, and few of them. */
export function createSecretCache(secrets: Secrets, options: SecretCacheOptions): SecretCache {
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES, schedule = inBackground } = options;
  const keepSeconds = options.keepSeconds ?? DEFAULT_KEEP_SECONDS;
  const entries = createSizedMap<string, Entry>({ max: maxEntries, maxBytes, bytesOf: ({ bytes }) => bytes });
  const reading = createSingleFlight<Entry>();
  let isSweeping = false;

  function isUsable(entry: Entry, fresh: boolean, key: string): boolean {
    const seconds = fresh || entry.failure ? options.minRefreshSeconds : validSeconds(entry, key);
    return options.now().getTime() - entry.readAt < seconds * 1000;
  }

  /**
   * A Secret that does not exist stays so for twice as long as none is read once more: in that time it is not read for
   * the first time either, which would show that some Pipeline names it.
   */
  function validSeconds({ secret }: Entry, key: string): number {
    if (!secret) return options.minRefreshSeconds * 2;
    return options.ttlSeconds + (reading.has(key) ? (options.staleSeconds ?? 0) : 0);
  }

  function sweepLater(): void {
    if (isSweeping || entries.size() === 0) return;
    isSweeping = true;
    schedule(() => {
      isSweeping = false;
      for (const [key, entry] of entries.entries()) if (isOver(entry)) entries.delete(key);
      sweepLater();
    }, keepSeconds);
  }

  function isOver({ valueAt }: Entry): boolean {
    return options.now().getTime() - valueAt >= keepSeconds * 1000;
  }

  async function refresh(key: string, namespace: string, name: string): Promise<Entry> {
    const readAt = options.now().getTime();
    const entry = await secrets.read(namespace, name).then(
      (read) => entryOf(read && selected(read, options.keep), readAt),
      (error: unknown) => ({ ...lastKnown(key, error, readAt), failure: { error }, readAt }),
    );
    entries.set(key, entry);
    sweepLater();
    return entry;
  }

  /** Only an unavailable API server leaves the old values standing: a right that was taken away does not. */
  function lastKnown(key: string, error: unknown, at: number): Entry {
    const last = hasCode(error, 'ApiUnavailable') ? entries.get(key) : undefined;
    return last && !isOver(last) ? last : entryOf(undefined, at);
  }

  /** Known values are answered at once: no promise is made for each of many requests. */
  function read(
    namespace: string,
    name: string,
    options: SecretReadOptions = {},
  ): Soon<StoredSecret | undefined> {
    const key = `${namespace}/${name}`;
    const known = entries.get(key);
    const usable = known && isUsable(known, options.fresh ?? false, key) ? known : undefined;
    if (usable && !usable.failure) return usable.secret;
    return readNow(usable ?? reading.run(key, () => refresh(key, namespace, name)), options);
  }

  async function readNow(entry: Entry | Promise<Entry>, { strict = false }: SecretReadOptions) {
    return secretOf(await entry, strict);
  }

  return { read };
}

function secretOf({ secret, failure }: Entry, strict: boolean): StoredSecret | undefined {
  if (failure && (strict || secret === undefined)) throw failure.error;
  return secret;
}

function entryOf(secret: StoredSecret | undefined, at: number): Entry {
  return { secret, readAt: at, valueAt: at, bytes: secret ? sizeOf(secret) : 0 };
}
