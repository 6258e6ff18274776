/**
 * Second checks of requests whose signature fits no key that is known. A key may have been changed a moment ago, so the
 * Secret is read once more before such a request is refused. Of a Pipeline that does not exist there is no Secret to
 * read; its refusal comes as late as that of one that exists, so that time does not tell which Pipelines there are.
 */
export interface Rechecks<T> {
  /** In milliseconds, for `since`. */
  now(): number;
  /** `refresh` reads the Secrets once more; undefined: there are none to read. */
  open(caller: Caller, refresh: (() => Promise<T>) | undefined): Recheck<T>;
}

export interface Caller {
  /** What is asked for: a path, whether anything is there or not. */
  readonly path: string;
  /** Address of the sender. */
  readonly source: string;
  /** When the request began, by `now`. */
  readonly since: number;
}

export type Recheck<T> =
  | {
      readonly kind: 'running';
      /** What `refresh` brought, to the first one or to whoever came meanwhile. */
      readonly read: Promise<T | undefined>;
      /** Done when a refusal is due. */
      readonly due: Promise<void>;
    }
  /** The same was checked a second time less than a second ago. */
  | { readonly kind: 'recent' }
  /** There are too many, from this source or in all: nobody can say whether the request is right. */
  | { readonly kind: 'busy' };

export interface RecheckLimits {
  /** Of one path. */
  readonly intervalMs: number;
  /** Of one source in each interval. */
  readonly source: number;
  /** Of all in each interval. */
  readonly total: number;
}

export const RECHECKS: RecheckLimits = { intervalMs: 1_000, source: 50, total: 200 };

export interface RecheckDeps {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 to 1, as Math.random does. */
  readonly random: () => number;
  /** How many milliseconds the last reads of Secrets took. */
  readonly reads: () => readonly number[];
  readonly limits?: RecheckLimits;
}

/** Before anything was read. */
const FIRST_READ_MS = 10;

interface Entry<T> {
  readonly at: number;
  readonly source: string;
  readonly recheck: Recheck<T>;
  isOver: boolean;
}

const RECENT: Recheck<never> = { kind: 'recent' };
const BUSY: Recheck<never> = { kind: 'busy' };

export function createRechecks<T>(deps: RecheckDeps): Rechecks<T> {
  const { now, sleep, random, reads, limits = RECHECKS } = deps;
  /** By path, the oldest first; no more than `limits.total`. */
  const entries = new Map<string, Entry<T>>();
  const bySource = new Map<string, number>();

  function open(caller: Caller, refresh: (() => Promise<T>) | undefined): Recheck<T> {
    const at = now();
    forget(at - limits.intervalMs);
    const known = entries.get(caller.path);
    if (known) return known.isOver ? RECENT : known.recheck;
    const ofSource = bySource.get(caller.source) ?? 0;
    if (entries.size >= limits.total || ofSource >= limits.source) return BUSY;
    const read = Promise.resolve(refresh?.());
    const due = waitUntilDue(caller.since, read, refresh === undefined);
    const recheck: Recheck<T> = { kind: 'running', read, due };
    const entry: Entry<T> = { at, source: caller.source, recheck, isOver: false };
    entries.set(caller.path, entry);
    bySource.set(caller.source, ofSource + 1);
    void due.then(() => {
      entry.isOver = true;
    });
    return recheck;
  }

  function forget(before: number): void {
    for (const [path, { at, source, isOver }] of entries) {
      if (at > before) return;
      if (!isOver) continue;
      entries.delete(path);
      const others = (bySource.get(source) ?? 1) - 1;
      if (others > 0) bySource.set(source, others);
      else bySource.delete(source);
    }
  }

  /**
   * As late as nearly all reads are over. Where there is nothing to read, some are as much later as some reads are.
   * Timers take whole milliseconds, counted from when the read is over: a random part of one hides that.
   */
  async function waitUntilDue(since: number, read: Promise<unknown>, isNothingRead: boolean): Promise<void> {
    const sorted = reads().toSorted((a, b) => a - b);
    const usual = sorted[Math.floor(sorted.length * 0.95)] ?? FIRST_READ_MS;
    const like = isNothingRead ? (sorted[Math.floor(sorted.length * random())] ?? 0) : 0;
    // Whoever asked hears why nothing could be read.
    await read.catch(() => undefined);
    const left = since + Math.max(usual, like) + random() - now();
    if (left > 0) await sleep(Math.ceil(left));
  }

  return { now, open };
}
