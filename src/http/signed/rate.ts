/**
 * Limits per source address and pipeline in constant memory. Names come from callers that are not authenticated, so
 * counts are kept in a fixed table (a count-min sketch with two rows) instead of a map that they could grow.
 *
 * Requests that prove to know a key are counted apart from those that are refused: where all callers share an address,
 * behind a proxy that is not named, nobody without a key uses up what those with one may send.
 */
export interface RateLimit {
  /** Requests in each interval. */
  readonly limit: number;
  readonly intervalSeconds: number;
}

export interface Caller {
  readonly source: string;
  /** `namespace/name`, which the caller may have invented. */
  readonly pipeline: string;
}

/** Each answers with the whole seconds to wait, or undefined: go ahead. */
export interface RateLimiter {
  /** Counts a request that proved to know a key. */
  taken(caller: Caller): number | undefined;
  /** Counts one that did not. */
  rejected(caller: Caller): number | undefined;
  /** Counts nothing: whether this pipeline got too many from the source that were taken. */
  wait(caller: Caller): number | undefined;
  /** The same, or that too many of the source were refused, whatever pipelines they were for. */
  waitWithLargeBody(caller: Caller): number | undefined;
}

const ROW = 1 << 16;

export function createRateLimiter(limit: RateLimit, now: () => number): RateLimiter {
  const taken = createSketch(limit, now);
  const rejected = createSketch(limit, now);
  const both = ({ source, pipeline }: Caller) => `${source} ${pipeline}`;
  return {
    taken: (caller) => taken(both(caller), 1),
    rejected(caller) {
      rejected(caller.source, 1);
      return rejected(both(caller), 1);
    },
    wait: (caller) => taken(both(caller), 0),
    waitWithLargeBody: (caller) => taken(both(caller), 0) ?? rejected(caller.source, 0),
  };
}

/** Adds to a key's count; a count of 0 only asks, whether one more would be too many. */
type Sketch = (key: string, count: 0 | 1) => number | undefined;

function createSketch({ limit, intervalSeconds }: RateLimit, now: () => number): Sketch {
  const rows = [new Uint32Array(ROW), new Uint32Array(ROW)] as const;
  // Unknown to outsiders, so that nobody can aim at another's place in the table.
  const seeds = crypto.getRandomValues(new Uint32Array(2));
  let started = now();

  return (key, count) => {
    const at = now();
    if (at - started >= intervalSeconds * 1000) {
      for (const row of rows) row.fill(0);
      started = at;
    }
    const first = add(rows[0], placeOf(key, seeds[0] ?? 0), count);
    const second = add(rows[1], placeOf(key, seeds[1] ?? 0), count);
    const counted = Math.min(first, second);
    if (counted + (1 - count) <= limit) return undefined;
    return Math.max(1, Math.ceil(intervalSeconds - (at - started) / 1000));
  };
}

function placeOf(key: string, seed: number): number {
  return Bun.hash.xxHash32(key, seed) & (ROW - 1);
}

function add(row: Uint32Array, place: number, count: number): number {
  const sum = (row[place] ?? 0) + count;
  row[place] = sum;
  return sum;
}
