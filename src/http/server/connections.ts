/** The connections of a listener, within what one source address and all together may hold open. */
export interface Connections {
  /**
   * Undefined: there are too many, close it at once. `end` is called when it is over its time, or when a source
   * with fewer connections, or none, needs its place.
   */
  open(source: string, end: () => void): Connection | undefined;
  /** Ends those that are over their time. */
  sweep(): void;
}

export interface Connection {
  /** Bytes of a request have come. */
  asked(): void;
  /** Bytes of the answer have gone out. */
  answered(): void;
  /** The caller has to read what was written before more goes out, or before it is over. */
  unread(): void;
  /** It is closed. */
  close(): void;
}

export interface ConnectionLimits {
  readonly total: number;
  /** Connections of one source address. */
  readonly source: number;
  /** From the connection to its first byte. */
  readonly firstSeconds: number;
  /** From the first byte of a request to the first one of its answer. */
  readonly answerSeconds: number;
  /** In which a caller reads what is written. */
  readonly readSeconds: number;
}

/**
 * A body gets ten seconds, and `Prefer: wait` 25. For the first headers and a TLS handshake Bun has twelve seconds of its
 * own, and between an answer and the next request its idle timeout holds.
 */
export const CONNECTIONS: ConnectionLimits = {
  total: 4_096,
  source: 1_024,
  firstSeconds: 10,
  answerSeconds: 60,
  readSeconds: 10,
};

/** For listeners that only few have to reach, and whose answers are large. */
export const FEW_CONNECTIONS: ConnectionLimits = { ...CONNECTIONS, total: 64, source: 16 };

export interface ConnectionsOptions {
  /** In milliseconds. */
  readonly now: () => number;
  readonly limits?: ConnectionLimits;
  /** Sources that speak for many, and are held to the total alone. */
  readonly isProxy?: (source: string) => boolean;
}

interface Entry {
  readonly source: string;
  readonly end: () => void;
  /** Milliseconds at which the time of each is over. */
  first: number | undefined;
  answer: number | undefined;
  read: number | undefined;
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { now, limits = CONNECTIONS, isProxy = () => false } = options;
  const entries = createEntries();
  const after = (seconds: number) => now() + seconds * 1000;

  function open(source: string, end: () => void): Connection | undefined {
    const count = entries.of(source);
    if (count >= limits.source && !isProxy(source)) return undefined;
    if (entries.all.size >= limits.total && !makePlace(count)) return undefined;
    const first = after(limits.firstSeconds);
    const entry: Entry = { source, end, first, answer: undefined, read: undefined };
    entries.add(entry);
    return connection(entry);
  }

  function connection(entry: Entry): Connection {
    return {
      asked() {
        entry.first = undefined;
        entry.answer ??= after(limits.answerSeconds);
      },
      answered() {
        entry.answer = undefined;
        entry.read = undefined;
      },
      unread() {
        entry.answer = undefined;
        entry.read ??= after(limits.readSeconds);
      },
      close: () => entries.remove(entry),
    };
  }

  /**
   * Ends the oldest connection of the source that has most, where that is more than a new one would have. Where each has
   * one, the oldest of all: nobody with many addresses can keep out those who have a single one.
   */
  function makePlace(count: number): boolean {
    const most = entries.most();
    const from = most.size > count + 1 ? most : entries.all;
    if (from === entries.all && count > 0) return false;
    const [oldest] = from;
    // Nobody waits for an answer on one that is idle.
    endOne(from.values().find((entry) => entry.answer === undefined) ?? oldest);
    return true;
  }

  function endOne(entry: Entry | undefined): void {
    if (!entry) return;
    entries.remove(entry);
    entry.end();
  }

  function sweep(): void {
    const at = now();
    for (const entry of entries.all) if (isOver(entry, at)) endOne(entry);
  }

  return { open, sweep };
}

function isOver({ first, answer, read }: Entry, at: number): boolean {
  return [first, answer, read].some((by) => by && by <= at);
}

/** Open connections, all together and by their source, the oldest first. */
function createEntries() {
  const sources = new Map<string, Set<Entry>>();
  const all = new Set<Entry>();

  function add(entry: Entry): void {
    const own = sources.get(entry.source) ?? new Set();
    own.add(entry);
    sources.set(entry.source, own);
    all.add(entry);
  }

  function remove(entry: Entry): void {
    const own = sources.get(entry.source);
    if (!own?.delete(entry)) return;
    all.delete(entry);
    if (own.size === 0) sources.delete(entry.source);
  }

  /** The connections of the source that has most. */
  function most(): ReadonlySet<Entry> {
    let largest: ReadonlySet<Entry> = new Set();
    for (const own of sources.values()) if (own.size > largest.size) largest = own;
    return largest;
  }

  return { all, of: (source: string) => sources.get(source)?.size ?? 0, add, remove, most };
}
