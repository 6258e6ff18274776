/** Where in a YAML document a value stands, such as `images[name=app].newTag`. */
export type FieldPart =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'item'; readonly index: number }
  | { readonly kind: 'every-item' }
  /** Every item whose member is a scalar with this text. */
  | { readonly kind: 'items-with'; readonly member: string; readonly value: string };

export interface FieldPath {
  /** As it was written, for messages. */
  readonly text: string;
  /** At least one. */
  readonly parts: readonly FieldPart[];
}

const MAX_LENGTH = 512;
const MAX_PARTS = 32;

/** A name, its dot in front, or brackets around an index, a star, a quoted name or `member=value`. */
const PART =
  /(\.?)([^\s.[\]"'=*]+)|\[(?:(\d{1,6})|(\*)|("[^"]+"|'[^']+')|([^\s.[\]"'=*]+|"[^"]+"|'[^']+')=([^\s[\]"'=*]+|"[^"]+"|'[^']+'))\]/gy;

/** Reads a path, or says in a sentence what is wrong with it. */
export function parseFieldPath(text: string): FieldPath | { readonly problem: string } {
  if (text.length > MAX_LENGTH) return { problem: `A field path has at most ${MAX_LENGTH} characters.` };
  if (/\p{Cc}/u.test(text)) return { problem: 'A field path holds no control characters.' };
  const matches = [...text.matchAll(PART)];
  const wrongDot = matches.find(
    ([, dot, name], index) => name !== undefined && (dot === '') !== (index === 0),
  );
  const last = matches.at(-1);
  const end = wrongDot?.index ?? (last ? last.index + last[0].length : 0);
  if (end < text.length || last === undefined) {
    return {
      problem: `${JSON.stringify(text)} is no field path (character ${end + 1}): write names with dots between them, and [0], [*], [name=app] or ["a.b"] behind them, as in spec.containers[name=app].image.`,
    };
  }
  if (matches.length > MAX_PARTS) return { problem: `A field path has at most ${MAX_PARTS} parts.` };
  const parts = matches.map(partOf);
  if (parts.some((part) => part.kind === 'member' && part.name === '<<')) {
    return {
      problem: `${JSON.stringify(text)} leads through a merge key: name the field where it is written.`,
    };
  }
  return { text, parts };
}

/** What is wrong with a field path, in a sentence; undefined: nothing. */
export function fieldPathProblem(text: string): string | undefined {
  const parsed = parseFieldPath(text);
  return 'problem' in parsed ? parsed.problem : undefined;
}

function partOf([, , name, index, star, quoted, member, value]: RegExpExecArray): FieldPart {
  if (name !== undefined) return { kind: 'member', name };
  if (index !== undefined) return { kind: 'item', index: Number(index) };
  if (star !== undefined) return { kind: 'every-item' };
  if (quoted !== undefined) return { kind: 'member', name: unquoted(quoted) };
  return { kind: 'items-with', member: unquoted(member ?? ''), value: unquoted(value ?? '') };
}

function unquoted(text: string): string {
  return /^["']/.test(text) ? text.slice(1, -1) : text;
}
