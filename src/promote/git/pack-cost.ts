import type { EntryHeader } from './pack-file.ts';

/** Instructions of a delta take longer than the bytes that they copy. */
const DELTA_COST = 4;

/**
 * What an object may cost that is made of a chain of deltas, all at once: the bytes of what is whole and of all that is
 * made on the way, and those of the deltas several times. A tenth of a second or two.
 */
export const MAX_CHAIN_COST: number = 64 * 1024 * 1024;

/** Of an entry itself, without what its delta makes. */
export function costOf({ size, base }: Pick<EntryHeader, 'size' | 'base'>): number {
  return base === undefined ? size : size * DELTA_COST;
}
