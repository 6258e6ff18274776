/** A text that must match, or must have no match of, a pattern that JavaScript and RE2 read alike. */
export type TextRule =
  | { readonly matches: RegExp; readonly message: string }
  | { readonly notMatching: RegExp; readonly message: string };

/** The message of the first rule that a text breaks. */
export function brokenRule(text: string, list: readonly TextRule[]): string | undefined {
  for (const rule of list) if (!isKept(text, rule)) return rule.message;
  return undefined;
}

function isKept(text: string, rule: TextRule): boolean {
  return 'matches' in rule ? rule.matches.test(text) : !rule.notMatching.test(text);
}
