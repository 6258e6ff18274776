const MAX_VALUE = 256;

/**
 * Text from outside as a code span: forges look for no mentions, references, links or HTML in it. The two
 * characters that could end the span or a table's cell are shown by others that look alike; escapes for them
 * differ from renderer to renderer.
 */
export function code(text: string): string {
  const shown = cut(oneLine(text), MAX_VALUE).replaceAll('`', 'ˋ').replaceAll('|', '¦');
  return shown === '' ? '–' : `\`${shown}\``;
}

/** Without line ends, control characters, and characters that are not seen or that turn the text around. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
}

export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/**
 * Text from outside where no code span can stand, such as in a title. Forges read titles and commits too: what
 * could close an issue or call a user there is shown with underscores.
 */
export function harmless(text: string): string {
  return oneLine(text)
    .replace(/[^A-Za-z0-9._+\-@:/~^=]/g, '_')
    .replace(/(?<![A-Za-z0-9])@/g, '_');
}
