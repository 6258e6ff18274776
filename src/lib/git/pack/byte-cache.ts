/** Keeps values up to so many bytes in all; what was used longest ago goes first. */
export interface ByteCache<Key> {
  get(key: Key): Buffer | undefined;
  set(key: Key, value: Buffer): void;
  clear(): void;
}

export function createByteCache<Key>(maxBytes: number): ByteCache<Key> {
  /** Of an entry, whatever is in it. */
  const OVERHEAD = 256;
  const kept = new Map<Key, Buffer>();
  let bytes = 0;
  function drop(key: Key): void {
    const value = kept.get(key);
    if (value) bytes -= value.length + OVERHEAD;
    kept.delete(key);
  }
  return {
    get(key) {
      const value = kept.get(key);
      if (value === undefined) return undefined;
      kept.delete(key);
      kept.set(key, value);
      return value;
    },
    set(key, value) {
      if (value.length > maxBytes) return;
      drop(key);
      kept.set(key, value);
      bytes += value.length + OVERHEAD;
      for (const oldest of kept.keys()) {
        if (bytes <= maxBytes) return;
        drop(oldest);
      }
    },
    clear() {
      kept.clear();
      bytes = 0;
    },
  };
}
