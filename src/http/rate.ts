/**
 * A limit per source address and pipeline in constant memory. Names come from strangers, so counts are
 * kept in a fixed table (a count-min sketch with two rows) instead of a map that they could grow.
 */
export interface RateLimit {
  /** Requests that a key may make in each interval. */
  readonly limit: number;
  readonly intervalSeconds: number;
}

export interface RateLimiter {
  /** Undefined: go ahead. Otherwise the whole seconds to wait. */
  check(key: string): number | undefined;
}

const ROW = 1 << 16;

export function createRateLimiter({ limit, intervalSeconds }: RateLimit, now: () => number): RateLimiter {
  const rows = [new Uint32Array(ROW), new Uint32Array(ROW)] as const;
  // Unknown to outsiders, so that nobody can aim at another's place in the table.
  const seeds = crypto.getRandomValues(new Uint32Array(2));
  let started = now();

  function check(key: string): number | undefined {
    const at = now();
    if (at - started >= intervalSeconds * 1000) {
      for (const row of rows) row.fill(0);
      started = at;
    }
    const count = Math.min(increment(rows[0], seeds[0] ?? 0, key), increment(rows[1], seeds[1] ?? 0, key));
    if (count <= limit) return undefined;
    return Math.max(1, Math.ceil(intervalSeconds - (at - started) / 1000));
  }

  return { check };
}

function increment(row: Uint32Array, seed: number, key: string): number {
  const place = Bun.hash.xxHash32(key, seed) & (ROW - 1);
  const count = (row[place] ?? 0) + 1;
  row[place] = count;
  return count;
}
