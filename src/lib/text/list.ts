/** The parts of a comma-separated text, without blanks around them and without empty ones. */
export function commaSeparated(text: string): string[] {
  return text.split(',').flatMap((part) => part.trim() || []);
}
