const WIDTH = 0.4;

/** The largest factor. */
export const MAX_JITTER: number = 1 + WIDTH / 2;

/** A factor from 0.8 up to 1.2, always the same for a key: what many would do at the same time is spread. */
export function jitterFor(key: string): number {
  return 1 - WIDTH / 2 + (WIDTH * Bun.hash.xxHash32(key)) / 2 ** 32;
}
