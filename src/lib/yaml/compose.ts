import { Composer, type Document, Parser } from 'yaml';

export interface ComposeLimits {
  readonly depth: number;
  readonly tokens: number;
}

/** The documents of a text whose lexemes are handed in one by one. */
export interface Composition {
  /** Names the limit that the text exceeds; composing must end then. */
  take(lexeme: string): keyof ComposeLimits | undefined;
  /** All documents, once there is no more. */
  end(): readonly Document[];
  readonly parser: Parser;
}

/**
 * Composes YAML within limits. Depth and length are checked while the text is cut into tokens, before anything recursive
 * runs. The failsafe schema reads every scalar as text and keys are not compared with each other, so that nothing but
 * syntax can be wrong.
 */
export function createComposition(limits: ComposeLimits): Composition {
  const parser = new Parser();
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false });
  const documents: Document[] = [];
  let tokens = 0;
  return {
    parser,
    take(lexeme) {
      for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
      tokens += 1;
      if (parser.stack.length > limits.depth) return 'depth';
      return tokens > limits.tokens ? 'tokens' : undefined;
    },
    end() {
      for (const token of parser.end()) documents.push(...composer.next(token));
      documents.push(...composer.end());
      return documents;
    },
  };
}
