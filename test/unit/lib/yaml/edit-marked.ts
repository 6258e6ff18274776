import type { EditedText } from '../../../../src/lib/yaml/edit.ts';
import {
  type BecomesAsked,
  editMarked as edit,
  markerFinder as find,
} from '../../../../src/lib/yaml/marker.ts';
import { valueFor } from '../../../../src/promote/branch/edit/scalar-value.ts';

/** Edits as a promotion does: what is marked becomes the revision, or the part of it that the marker asks for. */

const becomes =
  (revision: string): BecomesAsked =>
  (standing, asked) =>
    valueFor(standing, revision, asked);

export function editMarked(text: string, key: string, revision: string): EditedText {
  return edit(text, key, becomes(revision));
}

export function markerFinder(key: string, revision: string) {
  return find(key, becomes(revision));
}
