/** Path to a value in a YAML document or an object, such as `images[name=app].newTag`; a dot may be in front. */
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
  /(\.?)([^\s.[\]"'=*]+)|\[(?:(\d{1,6})|(\*)|("[^"]+"|'[^']+')|([^\s.[\]"'=*]+|"[^"]+"|'[^']+')=("[^"]+"|'[^']+'|(?!\*\])[^\s[\]="'](?:[^[\]=]*[^\s[\]=])?))\]/gy;

/** The parts of a path, or which character is wrong, counted from 1. */
export function parseParts(text: string): readonly FieldPart[] | { readonly wrong: number } {
  const matches = [...text.matchAll(PART)];
  const wrongDot = matches.find(([, dot, name], index) => name !== undefined && dot === '' && index > 0);
  const last = matches.at(-1);
  const end = wrongDot?.index ?? (last ? last.index + last[0].length : 0);
  return end < text.length || last === undefined ? { wrong: end + 1 } : matches.map(partOf);
}

/** Parses the path of a field in a file, or says in a sentence what is wrong with it. */
export function parseFieldPath(text: string): FieldPath | { readonly problem: string } {
  if (text.length > MAX_LENGTH) return { problem: `A field path has at most ${MAX_LENGTH} characters.` };
  if (/\p{Cc}/u.test(text)) return { problem: 'A field path holds no control characters.' };
  const parts = parseParts(text);
  if ('wrong' in parts) {
    return {
      problem: `${JSON.stringify(text)} is not a field path (character ${parts.wrong}): write names with dots between them, and [0], [*], [name=app] or ["a.b"] after them, as in spec.containers[name=app].image.`,
    };
  }
  if (parts.length > MAX_PARTS) return { problem: `A field path has at most ${MAX_PARTS} parts.` };
  if (parts.some((part) => part.kind === 'member' && part.name === '<<')) {
    return {
      problem: `${JSON.stringify(text)} leads through a merge key: name the field where it is written.`,
    };
  }
  return { text, parts };
}

/** The sentence that says what is wrong with a field path, or undefined. */
export function fieldPathProblem(text: string): string | undefined {
  const parsed = parseFieldPath(text);
  return 'problem' in parsed ? parsed.problem : undefined;
}

/** The values of a plain object there, in their order; none where there is nothing, or null, and for a path without parts. */
export function valuesAt(object: unknown, { parts }: Pick<FieldPath, 'parts'>): unknown[] {
  let values: readonly unknown[] = parts.length === 0 ? [] : [object];
  for (const part of parts) values = values.flatMap((value) => follow(value, part));
  return values.filter((value) => value !== undefined && value !== null);
}

function follow(value: unknown, part: FieldPart): readonly unknown[] {
  if (part.kind === 'member') return [own(value, part.name)];
  if (!Array.isArray(value)) return [];
  switch (part.kind) {
    case 'item':
      return [value[part.index]];
    case 'every-item':
      return value;
    case 'items-with':
      return value.filter((one: unknown) => own(one, part.member) === part.value);
  }
}

/** Own properties alone: an object comes from outside and may lack what its prototype has. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
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
