/** The entries of a pack, each by its place in it: arrays, since there may be 300,000 of them. */
export interface PackEntries {
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly crcs: Uint32Array;
  /** 20 bytes an entry. */
  readonly oids: Buffer;
  /**
   * The order in which the entries were named, from 1 on. 0: the entry is too large to be read, or builds on one that
   * is.
   */
  readonly order: Uint32Array;
  /** The types of the objects, as packs number them. */
  readonly types: Uint8Array;
  /** The cost of making each object. */
  readonly costs: Float64Array;
  /** The places of the deltas' bases; `NONE` for other entries. */
  readonly bases: Int32Array;
  /** The names of bases that are not in the pack. */
  readonly outside: Map<number, string>;
  /** Some entry gets no name. */
  isLacking: boolean;
}

export const OID_BYTES = 20;
export const NONE: number = -1;

export function createEntries(count: number): PackEntries {
  return {
    count,
    offsets: new Uint32Array(count),
    crcs: new Uint32Array(count),
    oids: Buffer.alloc(count * OID_BYTES),
    order: new Uint32Array(count),
    types: new Uint8Array(count),
    costs: new Float64Array(count),
    bases: new Int32Array(count).fill(NONE),
    outside: new Map(),
    isLacking: false,
  };
}

export function isNamed({ order }: PackEntries, place: number): boolean {
  return order[place] !== 0;
}

/** The name of an entry that has one. */
export function oidAt({ oids }: Pick<PackEntries, 'oids'>, place: number): Buffer {
  return oids.subarray(place * OID_BYTES, (place + 1) * OID_BYTES);
}

/** Finds the entry before `end` that is at an offset. Throws when none is. */
export function placeOf({ offsets }: PackEntries, end: number, offset: number): number {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  if (low === end || offsets[low] !== offset) throw new Error('a delta builds on no object of its pack');
  return low;
}
