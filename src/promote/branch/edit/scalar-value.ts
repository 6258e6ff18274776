import {
  type Asked,
  type ImageReference,
  imageText,
  memberRevision,
  parseImage,
  parseRevision,
  type Written,
  writtenAs,
} from '../../../decide/model/revision.ts';
import { isEncrypted, type Standing } from '../../../lib/yaml/index.ts';

/** Gives what a scalar becomes: the revision as a whole, but of an image the tag and digest alone. */

export function valueFor(standing: Standing, revision: string, asked: Asked): Written {
  const { text, key = '' } = standing;
  const obstacle = obstacleOf(standing, revision);
  if (obstacle !== undefined) return { reason: obstacle };
  const written = writtenAs(revision, asked);
  if ('reason' in written || written.value === text) return written;
  const image = parseImage(text);
  if (image && isImage(image, key)) return imageValue(image, revision, { ...asked, ...written });
  return onlyContains(text) && !isOfOneShape(text, written.value) ? { reason: ONLY_CONTAINS } : written;
}

/** Says what is in the way, whatever part of the revision is asked for. */
function obstacleOf({ text, tag = '' }: Standing, revision: string): string | undefined {
  if (isEncrypted(text)) return ENCRYPTED;
  if (!revision.isWellFormed()) return 'the revision is not valid Unicode';
  const [, type] = YAML_TYPE.exec(tag) ?? [];
  return type === undefined
    ? undefined
    : `a value with the tag !!${type} is not a string, as a revision is; take the tag out`;
}

const ENCRYPTED =
  'the value is encrypted by SOPS, and cannot be set without its key; keep the version in a value that is not encrypted';

/** The types of YAML 1.1 and 1.2 whose values are no strings. */
const YAML_TYPE = /^tag:yaml\.org,2002:(int|float|bool|null|timestamp|binary|merge|value|yaml)$/;

const ONLY_CONTAINS =
  'the value contains a version among other things, and only a whole value or the tag of an image is set';

/** `shop:1.9.0`, `ghcr.io/acme/shop@sha256:…`; a tag with a digest behind it is none. Where one belongs, `nginx` too. */
function isImage({ repository, tag, digest }: ImageReference, key: string): boolean {
  if (tag !== undefined || (digest !== undefined && repository.includes('/'))) return true;
  if (HOST.test(repository)) return true;
  return /image$/i.test(key) && parseRevision(repository).version === undefined;
}

/** The host that a name in a registry begins with; the name of a file has a dot too. */
const HOST = /^(localhost|[\w-]+(\.[\w-]+)+|[\w.-]+:\d+)\/(?!.*\.(ya?ml|tgz)$)/;

function imageValue(
  image: ImageReference,
  revision: string,
  asked: Asked & { readonly value: string },
): Written {
  const isPinned = image.tag === undefined;
  if (isPinned && image.digest === undefined) return { reason: UNTAGGED };
  const names = namesIn(memberRevision(revision, asked.artifact), asked);
  const takesDigest = asked.part === 'revision' || asked.part === 'digest' || image.digest !== undefined;
  const tag = isPinned ? undefined : names.tag;
  const digest = takesDigest ? names.digest : undefined;
  if (digest === undefined && isPinned) return { reason: PINNED };
  if (tag === undefined && digest === undefined) return { reason: NO_NAME };
  return { value: imageText({ ...image, tag, digest }) };
}

/** The parts of the revision that an image can have: a commit is not a digest of it, nor is a chart's digest. */
function namesIn(own: string, { part, value }: Asked & { readonly value: string }) {
  const { tag, digest, name, commit } = parseRevision(own);
  const isChart = digest !== undefined && name?.includes('+') === true;
  if (part !== 'revision' && part !== 'digest') {
    return { tag: value, digest: isChart ? undefined : digest };
  }
  if (commit !== undefined) return {};
  return isChart ? { tag: parseRevision(value).tag } : { tag, digest };
}

const PINNED = 'the image is pinned to a digest, but the revision has no image digest';
const NO_NAME = 'the revision has neither a tag nor a digest of an image';
const UNTAGGED = 'the image has neither tag nor digest; write one after it, such as :1.0.0';

/** `shop/1.2.0` becomes `shop/1.3.0`, as tags of one repository for several things do. */
function isOfOneShape(text: string, value: string): boolean {
  return beforeVersion(text) === beforeVersion(value) && !text.includes('://');
}

function beforeVersion(text: string): string {
  return /^[^\d]*/.exec(text)?.[0] ?? '';
}

/** A URL, a path or a sentence with a version in it; a range of versions has no words. */
function onlyContains(text: string): boolean {
  if (text.includes('://')) return true;
  if (!/\d\.\d/.test(text)) return false;
  return text.includes('/') || (/\s/.test(text) && /[A-Za-z]{2}/.test(text));
}
