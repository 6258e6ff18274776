/**
 * Second checks of requests whose signature fits no key that is known. A key may have been changed a moment ago, so the
 * Secret is read once more before such a request is refused. Of a Pipeline that does not exist there is no Secret to
 * read; its refusal comes as late as that of one that exists, so that time does not tell which Pipelines there are.
 */
export interface Rechecks<T> {
  /** In milliseconds, for `due`. */
  now(): number;
  /**
   * To be asked before anything is waited for: what is decided then hangs on nothing that a Pipeline has.
   * `refresh` reads the Secrets once more; undefined: there are none to read.
   */
  open(caller: Caller, refresh: (() => Promise<T>) | undefined): Recheck<T>;
}

export interface Caller {
  /** The path that is asked for, whether anything is there or not. */
  readonly path: string;
  /** Address of the sender. */
  readonly source: string;
  /** True: a Secret is being read for it for the first time. */
  readonly isReading: boolean;
}

/** Done when a refusal is due of a request that began then, had its signature taken no time. */
export type Due = (since: number) => Promise<void>;

export type Recheck<T> =
  | {
      readonly kind: 'running';
      /** The result of `refresh`, for the first request and those that came meanwhile. */
      readonly read: Promise<T | undefined>;
      readonly due: Due;
      /** The request was right at the first check: it counts no more. Does nothing for those who came meanwhile. */
      readonly withdraw: () => void;
    }
  /** The same was checked a second time less than a second ago: nothing is read, and `since` is when a refusal is due. */
  | { readonly kind: 'recent'; readonly due: Due }
  /** There are too many, from this source or in all: nobody can say whether the request is right. */
  | { readonly kind: 'busy'; readonly due: Due };

export interface RecheckLimits {
  /** The time in which one path is rechecked once. */
  readonly intervalMs: number;
  /** Rechecks of one source in each interval. */
  readonly source: number;
  /** Rechecks of all sources in each interval. */
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

export function createRechecks<T>(deps: RecheckDeps): Rechecks<T> {
  const { now, limits = RECHECKS } = deps;
  const { idle, wait, sleepUntil } = createDelays(deps);
  /** By path, the oldest first; no more than `limits.total`. */
  const entries = new Map<string, Entry<T>>();
  const recent: Recheck<T> = { kind: 'recent', due: sleepUntil };

  function open(caller: Caller, refresh: (() => Promise<T>) | undefined): Recheck<T> {
    const at = now();
    forget(at - limits.intervalMs);
    const known = entries.get(caller.path);
    if (known) return known.isOver ? recent : known.recheck;
    if (entries.size >= limits.total || countOf(caller.source) >= limits.source)
      return { kind: 'busy', due: idle(caller) };
    const read = Promise.resolve(refresh?.());
    const { over, due } = wait(at, read, refresh === undefined);
    const recheck = { kind: 'running', read, due, withdraw: () => undefined } as const;
    const entry: Entry<T> = { at, source: caller.source, recheck, isOver: false };
    entries.set(caller.path, entry);
    void over.then(() => {
      entry.isOver = true;
    });
    return { ...recheck, withdraw: () => drop(caller.path, entry) };
  }

  function forget(before: number): void {
    for (const [path, entry] of entries) {
      if (entry.at > before) return;
      if (entry.isOver) drop(path, entry);
    }
  }

  function drop(path: string, entry: Entry<T>): void {
    if (entries.get(path) === entry) entries.delete(path);
  }

  function countOf(source: string): number {
    return entries
      .values()
      .filter((entry) => entry.source === source)
      .reduce((count) => count + 1, 0);
  }

  return { now, open };
}

/** Times refusals as long as reads of Secrets take. */
function createDelays({ now, sleep, random, reads }: RecheckDeps) {
  /** Waits where nothing is read once more: without any read as long as with one. */
  function idle({ isReading }: Caller): Due {
    const { usual, fraction, like } = timing();
    return (since) => sleepUntil(since + Math.max(usual, isReading ? 0 : like) + fraction);
  }

  /**
   * Waits until nearly all reads would be over. With nothing to read, or a read a moment ago, some waits are as much
   * longer as some reads are.
   */
  function wait(at: number, read: Promise<unknown>, isNothing: boolean): { over: Promise<void>; due: Due } {
    const { usual, fraction, like, fastest } = timing();
    async function untilOver(): Promise<void> {
      // The caller handles a failed read: only the time that it took counts here.
      await read.catch(() => undefined);
      const isRead = !isNothing && now() - at >= fastest;
      await sleepUntil(at + Math.max(usual, isRead ? 0 : like) + fraction);
    }
    const over = untilOver();
    return { over, due: (since) => over.then(() => sleepUntil(since + usual + fraction)) };
  }

  /** Timers take whole milliseconds, counted from when the read is over: a random part of one hides that. */
  function timing() {
    const sorted = reads().toSorted((a, b) => a - b);
    const usual = sorted[Math.floor(sorted.length * 0.95)] ?? FIRST_READ_MS;
    const like = sorted[Math.floor(sorted.length * random())] ?? 0;
    return { usual, like, fastest: sorted[0] ?? 0, fraction: random() };
  }

  async function sleepUntil(at: number): Promise<void> {
    const left = at - now();
    if (left > 0) await sleep(Math.ceil(left));
  }

  return { idle, wait, sleepUntil };
}
