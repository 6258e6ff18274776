import { createSizedMap, type SizedMap } from '../../async/index.ts';

/** The bytes of an entry beside its value. */
const OVERHEAD = 256;

/** Keeps values up to so many bytes in all; the least recently used one is dropped first. */
export function createByteCache<Key>(maxBytes: number): SizedMap<Key, Buffer> {
  return createSizedMap({ maxBytes, bytesOf: (value) => value.length + OVERHEAD, byUse: true });
}
