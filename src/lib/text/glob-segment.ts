/** A piece of a pattern for one name: text, one character, any number of them, or one of several pieces. */
export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' }
  | { readonly kind: 'choice'; readonly choices: readonly (readonly Token[])[] };

const TOKEN = /[^*?{}]+|[*?]|\{[^{}]*\}/g;

/** Braces must be closed and not nested. */
export function parseSegment(pattern: string): readonly Token[] {
  return [...pattern.matchAll(TOKEN)].map(([text]) => tokenOf(text));
}

function tokenOf(text: string): Token {
  if (text === '?') return { kind: 'one' };
  if (text === '*') return { kind: 'many' };
  if (!text.startsWith('{')) return { kind: 'text', text };
  return { kind: 'choice', choices: text.slice(1, -1).split(',').map(parseSegment) };
}

/** Matches the whole name. As in a shell, only a dot in the pattern matches one that a name starts with. */
export function matchesSegment(tokens: readonly Token[], name: string): boolean {
  return endsOf(tokens, name, new Set([0])).has(name.length);
}

/** Offsets in the name where tokens that begin at one of `starts` may end: all ways at once, so none is gone twice. */
function endsOf(tokens: readonly Token[], name: string, starts: ReadonlySet<number>): ReadonlySet<number> {
  let at = starts;
  for (const token of tokens) {
    if (at.size === 0) return at;
    at = endsOfOne(token, name, at);
  }
  return at;
}

function endsOfOne(token: Token, name: string, starts: ReadonlySet<number>): ReadonlySet<number> {
  const positions = [...starts];
  switch (token.kind) {
    case 'text':
      return new Set(
        positions.filter((at) => name.startsWith(token.text, at)).map((at) => at + token.text.length),
      );
    case 'one':
      return new Set(positions.filter((at) => isFree(name, at)).flatMap((at) => behindCharacter(name, at)));
    case 'many':
      return from(name, Math.min(...positions.filter((at) => isFree(name, at))));
    case 'choice':
      return new Set(token.choices.flatMap((choice) => [...endsOf(choice, name, starts)]));
  }
}

function isFree(name: string, at: number): boolean {
  return at > 0 || !name.startsWith('.');
}

function behindCharacter(name: string, at: number): number[] {
  const character = name.codePointAt(at);
  if (character === undefined) return [];
  return [at + (character > 0xffff ? 2 : 1)];
}

function from(name: string, first: number): ReadonlySet<number> {
  const ends = new Set<number>();
  for (let end = first; end <= name.length; end += 1) ends.add(end);
  return ends;
}
