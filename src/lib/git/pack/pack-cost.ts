import type { EntryHeader } from './pack-file.ts';

/** Instructions of a delta take longer than the bytes that they copy. */
const DELTA_COST = 4;
/** The cost of looking up and unpacking a delta at all. */
const LINK_COST = 16 * 1024;

/**
 * The most that an object may cost that is made of a chain of deltas, all at once: the bytes of the whole base and of
 * all results on the way, those of the deltas several times, and something for each of them. A tenth of a second or
 * two.
 */
export const MAX_CHAIN_COST: number = 64 * 1024 * 1024;

/** The cost of an entry itself, without its delta's result. */
export function costOf({ size, base }: Pick<EntryHeader, 'size' | 'base'>): number {
  return base === undefined ? size : LINK_COST + size * DELTA_COST;
}
