import { isValue, type Token, tokensOf } from './tokens.ts';

/** Places in a source file where one small change makes another program: what a test of it should notice. */

export interface Mutant {
  /** Of the text that is replaced. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly replacement: string;
}

/** Operators stand between blanks, as the formatter leaves them; angle brackets of types do not. */
const OPERATORS: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
};
const WORDS: Readonly<Record<string, string>> = { true: 'false', false: 'true' };

/** All mutants of a TypeScript file; one whose types alone differ is none. */
export function mutantsOf(source: string): Mutant[] {
  const tokens = tokensOf(source);
  const found = tokens.flatMap((token, index) => mutationsOf(source, token, tokens[index - 1]));
  const original = javaScriptOf(source);
  return found.filter((mutant) => {
    const changed = javaScriptOf(applied(source, mutant));
    return changed !== undefined && changed !== original;
  });
}

export function applied(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

function mutationsOf(source: string, { kind, text, start }: Token, before: Token | undefined): Mutant[] {
  const replaced = (replacement: string) => [{ start, end: start + text.length, text, replacement }];
  switch (kind) {
    case 'operator': {
      if (text === '!' && !isValue(before)) return replaced('');
      const isBetween = source[start - 1] === ' ' && source[start + text.length] === ' ';
      const replacement = isBetween ? OPERATORS[text] : undefined;
      return replacement === undefined ? [] : replaced(replacement);
    }
    case 'word': {
      const replacement = before?.text === '.' ? undefined : WORDS[text];
      return replacement === undefined ? [] : replaced(replacement);
    }
    case 'text':
      return [];
  }
}

/** Types are taken away by the same transpiler that runs the program. */
function javaScriptOf(source: string): string | undefined {
  try {
    return new Bun.Transpiler({ loader: 'ts' }).transformSync(source);
  } catch {
    return undefined;
  }
}
