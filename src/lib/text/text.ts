/** At most `length` UTF-16 units of a text, by default what the status holds of a message; no character is cut in two. */
export function cut(text: string, length = 1000): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/**
 * What others say, on one line and fit for terminals, logs and statuses: without control characters, and without
 * those that are not seen or turn the direction of writing.
 */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cf}+/gu, '')
    .replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

/** The most that is quoted of an answer of others. */
export const MAX_QUOTED = 500;
