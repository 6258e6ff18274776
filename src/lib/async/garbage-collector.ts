/** Takes back what parsed answers leave behind: by itself the engine lets that grow to hundreds of megabytes. */
export interface GarbageCollector {
  /** An answer of so many bytes is parsed next: what those before it have left is taken back first, if it is much. */
  before(bytes: number): void;
}

const MIB = 1024 * 1024;
/** Bytes of answers after which memory is taken back; parsed they take some five times as much. */
const EVERY_BYTES = 12 * MIB;

export function createGarbageCollector(collect: () => void = () => Bun.gc(true)): GarbageCollector {
  let parsed = 0;
  return {
    before(bytes) {
      if (parsed >= EVERY_BYTES) {
        parsed = 0;
        collect();
      }
      parsed += bytes;
    },
  };
}
