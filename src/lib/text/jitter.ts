const WIDTH = 0.4;

/** No spread is more. */
export const MAX_SPREAD: number = 1 + WIDTH / 2;

/** From 0.8 up to 1.2, always the same for a name: what many would do at the same time, they do at different ones. */
export function spreadOf(name: string): number {
  return 1 - WIDTH / 2 + WIDTH * fraction(name);
}

/** FNV-1a in 32 bits, mixed once more as its upper bits hardly change with the last letter; from 0 up to 1. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
