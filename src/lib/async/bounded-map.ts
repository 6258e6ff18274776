/** Puts an entry into a map of at most `max` entries: the one that was put longest ago gives way. */
export function putBounded<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

/** A map of values that may be large: of so many bytes in all. */
export interface SizedMap<K, V> {
  get(key: K): V | undefined;
  /** The oldest values give way. One that is larger than all together may be is not kept. */
  set(key: K, value: V): void;
  delete(key: K): void;
  clear(): void;
  entries(): Iterable<[K, V]>;
  size(): number;
}

export interface SizedMapOptions<V> {
  readonly maxBytes: number;
  readonly bytesOf: (value: V) => number;
  /** Bound of the entries. Default: as many as fit. */
  readonly max?: number;
  /** The oldest is what was used longest ago. Default: what was put longest ago. */
  readonly byUse?: boolean;
}

export function createSizedMap<K, V>(options: SizedMapOptions<V>): SizedMap<K, V> {
  const { maxBytes, bytesOf, max = Number.POSITIVE_INFINITY, byUse = false } = options;
  const kept = new Map<K, V>();
  let bytes = 0;

  function drop(key: K): void {
    const value = kept.get(key);
    if (value === undefined) return;
    bytes -= bytesOf(value);
    kept.delete(key);
  }

  return {
    get(key) {
      const value = kept.get(key);
      if (byUse && value !== undefined) {
        kept.delete(key);
        kept.set(key, value);
      }
      return value;
    },
    set(key, value) {
      drop(key);
      const own = bytesOf(value);
      if (own > maxBytes) return;
      kept.set(key, value);
      bytes += own;
      for (const oldest of kept.keys()) {
        if (bytes <= maxBytes && kept.size <= max) return;
        drop(oldest);
      }
    },
    delete: drop,
    clear() {
      kept.clear();
      bytes = 0;
    },
    entries: () => kept.entries(),
    size: () => kept.size,
  };
}
