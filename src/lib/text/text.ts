/**
 * Truncates to `length` UTF-16 units, by default what the status holds of a message. The result is well formed, and no
 * character is cut in two.
 */
export function cut(text: string, length = 1000): string {
  if (text.length <= length) return text;
  const start = text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '');
  return `${start.toWellFormed()}…`;
}

/** Truncates to a number of characters, a pair of surrogates counted as one. */
export function cutCharacters(text: string, count: number): string {
  if (text.length <= count) return text;
  const characters = [...text];
  return characters.length <= count ? text : `${characters.slice(0, count - 1).join('')}…`;
}

/** Truncates to a number of bytes in UTF-8; no character is cut in two. */
export function cutBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const start = Buffer.from(text).subarray(0, bytes - Buffer.byteLength('…'));
  // The decoder holds back the bytes of a character that has not ended.
  return `${new TextDecoder().decode(start, { stream: true })}…`;
}

/**
 * Puts others' words on one line that is fit for terminals, logs and statuses: without control characters, and without
 * those that are not seen or turn the direction of writing.
 */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cf}+/gu, '')
    .replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

/** The longest quotation of another server's answer. */
export const MAX_QUOTED = 500;
