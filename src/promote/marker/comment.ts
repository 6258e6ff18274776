/** What a comment says about the marker `key`: it is this marker, it was meant to be, or neither. */
export type CommentMeaning = 'marker' | 'malformed' | 'other';

const MARKER = '$promotion';

/** A cheap screen: could `text` hold a marker at all, and one for this key? */
export function mentionsKey(text: string, key: string): boolean {
  return text.includes(MARKER) && (text.includes(key) || text.includes(escaped(key)));
}

/** A cheap screen for any marker, on bytes or text. */
export function hasMarker(bytes: Uint8Array | string): boolean {
  return typeof bytes === 'string'
    ? bytes.includes(MARKER)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(MARKER);
}

/**
 * A marker is a comment that is one JSON object of strings with the member `$promotion`, whose value is
 * exactly the key; other members do not matter. Anything else that names both is malformed.
 */
export function commentMeaning(comment: string, key: string): CommentMeaning {
  if (!mentionsKey(comment, key)) return 'other';
  const body = comment.replace(/^#+/, '').trim();
  const value = markerValue(body);
  if (value !== undefined) return value === key ? 'marker' : 'other';
  return namesExactly(body, key) && !isCommentedOut(body) ? 'malformed' : 'other';
}

/** `# version: 1.0.0 # {…}`: a whole line that someone took out on purpose, its marker included. */
function isCommentedOut(body: string): boolean {
  return /\s#+\s*\{/.test(body);
}

function markerValue(json: string): string | undefined {
  const parsed = parseJson(json);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const members = Object.entries(parsed);
  if (members.some(([, value]) => typeof value !== 'string')) return undefined;
  return members.find(([name]) => name === MARKER)?.[1];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the caller decides whether it was meant to be.
  }
}

/** True when the key does not merely begin or end a longer one: `ns:app:prod` in `ns:app:prod-eu`. */
function namesExactly(comment: string, key: string): boolean {
  const partOfName = /[\w.:/-]/;
  return [key, escaped(key)].some((text) => {
    const at = comment.indexOf(text);
    if (at < 0) return false;
    const neighbours = [comment[at - 1] ?? '', comment[at + text.length] ?? ''];
    return !neighbours.some((neighbour) => partOfName.test(neighbour));
  });
}

function escaped(key: string): string {
  return JSON.stringify(key).slice(1, -1);
}
