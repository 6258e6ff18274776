import {
  type EditedText,
  editText,
  type Finder,
  type Findings,
  type SourceText,
  type Target,
} from './edit.ts';
import { type CommentMeaning, type CommentPlace, commentMeaning, mentionsKey } from './marker/comment.ts';
import { type Located, lineBefore, locate } from './marker/locate.ts';
import type { Comment } from './marker/scan.ts';
import { unseenMarkers } from './marker/unseen.ts';
import { type Becomes, type Standing, standing } from './standing.ts';

export { mentionsKey };

const MAX_MARKERS = 1_000;

interface Marker extends Comment {
  readonly meaning: Exclude<CommentMeaning, { readonly kind: 'other' }>;
}

/** The part of the revision, or of one artifact's, that a marker asks for. */
export type MarkerRequest = Extract<CommentMeaning, { readonly kind: 'marker' }>;

/** Gives what a scalar that carries a marker is set to. */
export type BecomesAsked = (standing: Standing, asked: MarkerRequest) => Becomes;

/**
 * Sets every scalar that carries the marker `# {"$promotion": "<key>"}`, or one with a part behind the key such as `:tag`
 * or `:image:tag`, and changes no other byte. `key` is `<namespace>:<name>:<environment>`. Never throws: what cannot be
 * done is a problem.
 */
export function editMarked(text: string, key: string, becomes: BecomesAsked): EditedText {
  if (!mentionsKey(text, key)) return { text, edits: [], marked: 0, problems: [] };
  const { findings: _, ...edited } = editText(text, [markerFinder(key, becomes)]);
  return edited;
}

/** Finds what carries a marker of the key; `becomes` says what each is set to. */
export function markerFinder(key: string, becomes: BecomesAsked): Finder {
  return (source) => {
    const markers = markersIn(source, key);
    if (markers.length > MAX_MARKERS) {
      const problem = `The file has more than ${MAX_MARKERS} markers of one environment; none is used.`;
      return { targets: [], problems: [problem] };
    }
    const { targets, problems } = findTargets(source, markers, becomes);
    return { targets, problems: [...problems, ...unseenMarkers(source, key)] };
  };
}

function markersIn({ text, scanned }: SourceText, key: string): Marker[] {
  const named = scanned.comments.filter(({ source }) => mentionsKey(source, key));
  return named.flatMap((comment) => {
    const meaning = commentMeaning(comment.source, key, placeOf(text, comment));
    return meaning.kind === 'other' ? [] : [{ ...comment, meaning }];
  });
}

function placeOf(text: string, comment: Comment): CommentPlace {
  return lineBefore(text, comment).trim() === '' ? 'own-line' : 'line-end';
}

function findTargets(source: SourceText, markers: readonly Marker[], becomes: BecomesAsked): Findings {
  const targets: Target[] = [];
  const problems: string[] = [];
  for (const marker of markers) {
    const found = findTarget(source, marker, becomes);
    if ('scalar' in found) targets.push(found);
    else {
      problems.push(`Line ${source.lineOf(marker.offset)}: the marker is not used: ${found.reason}.`);
    }
  }
  return { targets, problems };
}

function findTarget(
  source: SourceText,
  { meaning, ...comment }: Marker,
  becomes: BecomesAsked,
): Target | { readonly reason: string } {
  if (meaning.kind === 'malformed') return meaning;
  const located = locateIn(source, comment);
  if ('reason' in located) return located;
  const { scalar } = located;
  const written = becomes(standing(source.text, scalar), meaning);
  return 'reason' in written ? written : { scalar, value: written.value };
}

function locateIn({ text, scanned, lineOf }: SourceText, comment: Comment): Located {
  const located = locate(text, comment, scanned);
  const at = 'scalar' in located ? located.scalar.start : comment.offset;
  const broken = scanned.broken.find(({ start, end }) => start <= at && at < end);
  if (broken === undefined) return located;
  return { reason: `its document is not valid YAML (line ${lineOf(broken.offset)}: ${broken.message})` };
}
