/** Messages of others, bounded to what the status holds. */
export function cut(text: string, length = 1000): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
