import { valuesAt } from '../../lib/text/index.ts';
import { type ImageReference, imageRevision, OCI_TAG, parseImage, parseRevision } from '../model/revision.ts';
import { type RevisionPath, specPath } from '../model/revision-path.ts';

/**
 * Reads the value at a path of an application object as a revision. No other field is shown, and a value that does not
 * fit is not quoted.
 */

/** The reason for which there is no revision. */
export type PathFault =
  | 'absent'
  | 'number'
  | 'no-scalar'
  | 'differs'
  | 'unfit'
  | 'untagged'
  /** Another field or object sets the value. */
  | 'overridden';

export type PathValue = { readonly value: string } | { readonly fault: PathFault };

const MAX_REVISION = 512;
const IMAGE_FIELD = /(^|[_-])(image|IMAGE)$|[iI]mage$/;

export function pathValue(object: unknown, path: RevisionPath): PathValue {
  if (isOverridden(object, path)) return { fault: 'overridden' };
  const read = valuesAt(object, path).map((found) => revisionIn(found, path));
  const [first = { fault: 'absent' } as const, ...others] = read;
  if (others.some((other) => !Bun.deepEquals(other, first))) return { fault: 'differs' };
  return withDigest(object, path, first);
}

function revisionIn(found: unknown, path: RevisionPath): PathValue {
  if (typeof found === 'number') return { fault: 'number' };
  if (typeof found !== 'string') return { fault: 'no-scalar' };
  if (found === '') return { fault: 'absent' };
  const last = path.parts.at(-1);
  const isImage = last?.kind === 'member' && IMAGE_FIELD.test(last.name);
  return isImage ? imageIn(found) : fitting(found);
}

/** The tag and digest of an image; a tag or a digest alone is accepted too. */
export function imageIn(text: string): PathValue {
  const image = parseImage(text);
  if (!image || !isReference(image)) return fitting(text);
  const value = imageRevision(image);
  return value === undefined ? { fault: 'untagged' } : { value };
}

/** A tag alone, or a version with its digest, is not a reference to an image. */
function isReference({ repository, tag, digest }: ImageReference): boolean {
  if (tag !== undefined || repository.includes('/')) return true;
  return digest !== undefined && parseRevision(repository).version === undefined;
}

/** A version, a tag, a digest or a commit. */
export function fitting(text: string): PathValue {
  return isFitting(text) ? { value: text } : { fault: 'unfit' };
}

const HASH = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const GIT_NAME = /^[\w][\w./-]{0,250}$/;

function isFitting(text: string): boolean {
  if (text.length > MAX_REVISION) return false;
  if (HASH.test(text) || OCI_TAG.test(text)) return true;
  const { name, version, digest, commit } = parseRevision(text);
  if (name === undefined) return digest !== undefined || commit !== undefined;
  if (version !== undefined && /^[\w.+-]+$/.test(name)) return true;
  if (digest !== undefined) return OCI_TAG.test(name);
  return commit !== undefined && GIT_NAME.test(name);
}

/** An image of a Kustomization has its digest beside its tag. */
function withDigest(object: unknown, path: RevisionPath, found: PathValue): PathValue {
  const last = path.parts.at(-1);
  if (!('value' in found) || last?.kind !== 'member' || last.name !== 'newTag') return found;
  const beside = { ...path, parts: [...path.parts.slice(0, -1), { ...last, name: 'digest' }] };
  const digests = valuesAt(object, beside);
  const [digest] = digests;
  if (digest === undefined || digest === '') return found;
  const isOne = digests.length === valuesAt(object, path).length && digests.every((one) => one === digest);
  if (!isOne) return { fault: 'differs' };
  return typeof digest === 'string' ? fitting(`${found.value}@${digest}`) : { fault: 'no-scalar' };
}

/**
 * A HelmRelease may take values for the field, or for a field in or around it, from other objects, which are not read
 * here.
 */
function isOverridden(object: unknown, path: RevisionPath): boolean {
  const [first, second, ...rest] = path.parts.map((part) => (part.kind === 'member' ? part.name : undefined));
  if (first !== 'spec' || second !== 'values') return false;
  const references = valuesAt(object, VALUES_FROM)[0];
  if (!Array.isArray(references)) return false;
  return references.some((reference: unknown) => {
    const [target] = valuesAt(reference, TARGET_PATH);
    return typeof target === 'string' && target !== '' && overlaps(target, rest);
  });
}

const VALUES_FROM = specPath('.spec.valuesFrom');
const TARGET_PATH = specPath('.targetPath');

/**
 * Helm's notation: names with dots between, `[0]` for an entry of a list, and a backslash before a dot that is part of
 * a name.
 */
function overlaps(target: string, steps: readonly (string | undefined)[]): boolean {
  const names = target.replaceAll(/\[\d+\]/g, '').split(/(?<!\\)\./);
  const length = Math.min(names.length, steps.filter((step) => step !== undefined).length);
  const fields = steps.filter((step) => step !== undefined);
  return names.slice(0, length).every((name, index) => name.replaceAll('\\.', '.') === fields[index]);
}

/** The sentence with the remedy; `field` is the one of the Pipeline that names the path. */
export function faultSentence(
  fault: PathFault,
  { kind, path, field }: { readonly kind: string; readonly path: string; readonly field: string },
): string {
  const at = `The ${kind} has`;
  switch (fault) {
    case 'absent':
      return `${at} nothing at ${path}: write it there, or correct ${field}.path.`;
    case 'number':
      return `${at} a number at ${path}, and 1.10 would be 1.1: put it in quotes.`;
    case 'no-scalar':
      return `${at} no single string at ${path}: point ${field}.path to one.`;
    case 'differs':
      return `${at} several values at ${path}, and they differ: point ${field}.path to one of them.`;
    case 'unfit':
      return `${at} something at ${path} that is not a version, tag, digest, commit or image: point ${field}.path to one.`;
    case 'untagged':
      return `${at} an image without tag and digest at ${path}: write one after it.`;
    case 'overridden':
      return `${at} a targetPath in spec.valuesFrom that sets ${path}, or something around it, which cannot be seen here: write it in spec.values alone.`;
  }
}
