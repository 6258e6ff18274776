/**
 * Characters that a terminal acts on instead of showing them, or that reorder what is shown: C0 and C1 controls, DEL,
 * formatting characters such as the bidirectional ones, and separators of lines. Text from others may hold any.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Writes such characters as JSON does, `\u001b`. */
export function escapeControls(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same, but that line ends and tabs stay, for text that has lines. */
export function escapeControlsInLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    /[\n\t]/.test(character) ? character : escaped(character),
  );
}

/** Shows each of them as `?`, as ls does, for names of files and keys. */
export function maskControls(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

export function hasControls(text: string): boolean {
  return text.search(UNPRINTABLE) >= 0;
}

/** Each UTF-16 unit: characters beyond the first plane have two. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
