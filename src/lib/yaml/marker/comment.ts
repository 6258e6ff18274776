/** The part of the revision that a marker asks for; `revision` is the whole. */
export type MarkerPart = 'revision' | 'tag' | 'digest' | 'commit' | 'version';

/** The relation of a comment to the key: it is its marker, it was meant to be, or neither. */
export type CommentMeaning =
  | { readonly kind: 'marker'; readonly artifact?: string; readonly part: MarkerPart }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'other' };

export const MARKER = '$promotion';
const PARTS: ReadonlyMap<string, MarkerPart> = new Map([
  ['tag', 'tag'],
  ['digest', 'digest'],
  ['commit', 'commit'],
  ['version', 'version'],
]);
const ARTIFACT = /^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/;
const OTHER: CommentMeaning = { kind: 'other' };
const NO_JSON =
  'the comment must be a JSON object of strings and nothing else: put other text on a line of its own';
const TWICE = 'its comment names the environment twice: keep one of them';
/** Bound of comments that are read as several markers. */
const MAX_SEVERAL = 2_048;
const NO_SUFFIX =
  'only the name of an artifact and :tag, :digest, :commit or :version may follow the environment';

/** A cheap screen: could `text` hold a marker at all, and one for this key? */
export function mentionsKey(text: string, key: string): boolean {
  return text.includes(MARKER) && namesKey(text, key);
}

/** A cheap screen for any marker, on bytes or text. */
export function hasMarker(bytes: Uint8Array | string): boolean {
  return typeof bytes === 'string'
    ? bytes.includes(MARKER)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(MARKER);
}

/** The place of a comment: behind something else on its line, or alone on it. */
export type CommentPlace = 'line-end' | 'own-line';

/**
 * A marker is a comment that is one JSON object of strings with the member `$promotion`, whose value is
 * exactly the key, or the key with a suffix; other members do not matter. Markers of other programs may stand
 * beside it, each behind a `#`. Anything else that names both is malformed, but for a line that is commented out.
 */
export function commentMeaning(comment: string, key: string, place: CommentPlace): CommentMeaning {
  if (!mentionsKey(comment, key)) return OTHER;
  const body = comment.replace(/^#+/, '').trim();
  const value = markerValue(body);
  if (value !== undefined) return classify(value, key);
  const several = severalMeaning(comment, key);
  if (several) return several;
  return place === 'own-line' && isCommentedOut(body) ? OTHER : { kind: 'malformed', reason: NO_JSON };
}

function classify(value: string, key: string): CommentMeaning {
  return value.startsWith(key) ? suffixMeaning(value.slice(key.length)) : OTHER;
}

/** `# {"$imagepolicy": …} # {"$promotion": …}`, in any order; undefined where one of them is no marker. */
function severalMeaning(comment: string, key: string): CommentMeaning | undefined {
  const objects = objectsIn(comment);
  if (objects === undefined || !objects.every(isMarker)) return undefined;
  const meanings = objects.flatMap((one) => {
    const value = markerValue(one);
    return value === undefined ? [] : [classify(value, key)];
  });
  const [ours = OTHER, second] = meanings.filter(({ kind }) => kind !== 'other');
  return second === undefined ? ours : { kind: 'malformed', reason: TWICE };
}

const COMMENTED_OBJECT = /^#+\s*(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})\s*/;

function objectsIn(comment: string): string[] | undefined {
  if (comment.length > MAX_SEVERAL) return undefined;
  const objects: string[] = [];
  let rest = comment;
  while (rest !== '') {
    const match = COMMENTED_OBJECT.exec(rest);
    if (match === null) return undefined;
    const [whole, object = ''] = match;
    objects.push(object);
    rest = rest.slice(whole.length);
  }
  return objects;
}

/** Programs that keep notes in comments begin a member's name with `$`: `$imagepolicy`, `$openapi`. */
function isMarker(json: string): boolean {
  const names = membersOf(json).map(([name]) => name);
  return names.includes(MARKER)
    ? markerValue(json) !== undefined
    : names.some((name) => name.startsWith('$'));
}

/** Names hold no colon, so what comes behind one belongs to no other environment. */
function suffixMeaning(suffix: string): CommentMeaning {
  if (suffix === '') return { kind: 'marker', part: 'revision' };
  if (!suffix.startsWith(':')) return OTHER;
  const [first = '', second, ...more] = suffix.slice(1).split(':');
  const malformed: CommentMeaning = { kind: 'malformed', reason: NO_SUFFIX };
  const alone = PARTS.get(first);
  if (alone !== undefined) return second === undefined ? { kind: 'marker', part: alone } : malformed;
  const part = second === undefined ? 'revision' : PARTS.get(second);
  if (part === undefined || more.length > 0 || !ARTIFACT.test(first)) return malformed;
  return { kind: 'marker', artifact: first, part };
}

/** `# version: 1.0.0 # {…}`: a whole line that someone took out on purpose, its marker included. */
function isCommentedOut(body: string): boolean {
  return !/^\{\s*"\$/.test(body) && /#\s*\{/.test(body);
}

function markerValue(json: string): string | undefined {
  const members = membersOf(json);
  if (!members.every(isText)) return undefined;
  return members.find(([name]) => name === MARKER)?.[1];
}

type Member<Value = unknown> = readonly [name: string, value: Value];

function isText(member: Member): member is Member<string> {
  return typeof member[1] === 'string';
}

/** The members of a JSON object; none has the name of a marker where the text is no object. */
function membersOf(json: string): readonly Member[] {
  try {
    return Object.entries(JSON.parse(json) ?? {});
  } catch {
    return []; // Not JSON: the caller decides whether it was meant to be.
  }
}

/**
 * True when the key does not merely begin or end a longer one: `ns:app:prod` in `ns:app:prod-eu`. A colon
 * behind it begins a suffix.
 */
function namesKey(text: string, key: string): boolean {
  if (standsAlone(text, key)) return true;
  const escaped = JSON.stringify(key).slice(1, -1);
  return escaped !== key && standsAlone(text, escaped);
}

/** The keys for which `namesKey` holds: three names with colons between, and perhaps a suffix. */
export function keysNamed(text: string): string[] {
  const words = text.match(/[\w.:/-]+/g) ?? [];
  return words.flatMap((word) => {
    const [namespace, name, environment] = word.split(':', 3);
    return environment === undefined ? [] : [`${namespace}:${name}:${environment}`];
  });
}

function standsAlone(text: string, key: string): boolean {
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
    const [before = '', behind = ''] = [text[at - 1], text[at + key.length]];
    if (!/[\w.:/-]/.test(before) && !/[\w./-]/.test(behind)) return true;
  }
  return false;
}
