import {
  type Asked,
  type ImageReference,
  imageText,
  memberRevision,
  parseImage,
  revisionPart,
  type Written,
  writtenAs,
} from '../decide/revision.ts';
import type { ValueScalar } from './marker/scan.ts';

/** What a scalar becomes: the whole of it is the revision, but for an image, of which tag and digest alone are. */

/** A scalar of a text, read. */
export function standing(text: string, { node, key }: ValueScalar): Standing {
  return { text: String(node.value ?? ''), key: key && text.slice(key.start, key.end) };
}

/** A scalar as it stands in a file. */
export interface Standing {
  readonly text: string;
  /** The key that it is the value of. */
  readonly key: string | undefined;
}

export function valueFor({ text, key = '' }: Standing, revision: string, asked: Asked): Written {
  const image = parseImage(text);
  const isImage = image !== undefined && (hasPlace(image) || (isImageKey(key) && text.includes('/')));
  if (image && isImage) return imageValue(image, revision, asked);
  if (onlyContains(text)) return { reason: ONLY_CONTAINS };
  return writtenAs(revision, asked);
}

const ONLY_CONTAINS =
  'the value contains a version among other things, and only a whole value or the tag of an image is set';

/** `shop:1.9.0`, `ghcr.io/acme/shop@sha256:…`; a tag with a digest behind it is no image. */
function hasPlace({ repository, tag, digest }: ImageReference): boolean {
  return tag !== undefined || (digest !== undefined && repository.includes('/'));
}

function isImageKey(key: string): boolean {
  return /image$/i.test(key);
}

function imageValue(image: ImageReference, revision: string, asked: Asked): Written {
  const written = writtenAs(revision, asked);
  if ('reason' in written) return written;
  const own = memberRevision(revision, asked.artifact);
  const named =
    asked.part === 'version' || asked.part === 'commit' ? written.value : revisionPart(own, 'tag');
  const isPinned = image.tag === undefined && image.digest !== undefined;
  const takesDigest = asked.part === 'revision' || asked.part === 'digest' || image.digest !== undefined;
  const digest = takesDigest ? revisionPart(own, 'digest') : undefined;
  const tag = isPinned ? undefined : named;
  if (image.tag === undefined && image.digest === undefined) return { reason: UNTAGGED };
  if (digest === undefined && isPinned)
    return { reason: 'the image is pinned to a digest, and the revision has none' };
  if (tag === undefined && digest === undefined)
    return { reason: 'the revision has neither a tag nor a digest' };
  return { value: imageText({ ...image, tag, digest }) };
}

const UNTAGGED = 'the image has neither tag nor digest; write one behind it, such as :1.0.0';

/** A URL, a path or a sentence with a version in it; a range of versions has no words. */
function onlyContains(text: string): boolean {
  if (text.includes('://')) return true;
  if (!/\d\.\d/.test(text)) return false;
  return text.includes('/') || (/\s/.test(text) && /[A-Za-z]{2}/.test(text));
}
