const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The change of depth by each byte outside a text: 1 for { and [, -1 for } and ]. */
const STEPS = Int8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x7b || byte === 0x5b) return 1;
  return byte === 0x7d || byte === 0x5d ? -1 : 0;
});

/**
 * True for JSON that nests deeper than `limit` levels. Callers ask before they parse: code that walks a value which is
 * nested without end overflows the stack.
 */
export function isDeeperThan(json: Uint8Array, limit: number): boolean {
  let depth = 0;
  for (let position = 0; position < json.length; position += 1) {
    const byte = json[position] ?? 0;
    if (byte === QUOTE) position = endOfText(json, position + 1);
    else depth += STEPS[byte] ?? 0;
    if (depth > limit) return true;
  }
  return false;
}

/** The position of the quote that ends a text. */
function endOfText(json: Uint8Array, start: number): number {
  let position = start;
  while (position < json.length && json[position] !== QUOTE) {
    position += json[position] === BACKSLASH ? 2 : 1;
  }
  return position;
}
