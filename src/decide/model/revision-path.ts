import { groupOf } from '../../lib/kube/pure.ts';
import { commaSeparated, type FieldPath, parseParts } from '../../lib/text/index.ts';

/** The path at which objects of a kind hold the revision that they run, such as `.status.latestReadyRevisionName`. */
export type RevisionPath = FieldPath;

/** The key is `KIND.GROUP`, or the kind alone for the core group. */
export type RevisionPaths = ReadonlyMap<string, RevisionPath>;

const KIND = /^[A-Z][A-Za-z0-9]{0,62}(\.[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$/;
const MAX_STEPS = 20;
const EXAMPLE = 'Service.serving.knative.dev=.status.latestReadyRevisionName';

/**
 * Reads `KIND.GROUP=PATH,…`.
 * @throws Error with a sentence that says what to write instead
 */
export function parseRevisionPaths(text: string): RevisionPaths {
  const paths = new Map<string, RevisionPath>();
  for (const entry of commaSeparated(text)) {
    const [kind, path] = parseEntry(entry);
    if (paths.has(kind)) throw new Error(`${kind} has two paths: keep one of them.`);
    paths.set(kind, path);
  }
  return paths;
}

/** The configured path of a kind, if there is one. */
export function revisionPathOf(
  paths: RevisionPaths,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): RevisionPath | undefined {
  const group = groupOf(apiVersion);
  return paths.get(group === '' ? kind : `${kind}.${group}`);
}

function parseEntry(entry: string): [kind: string, path: RevisionPath] {
  const [kind = '', ...path] = entry.split('=');
  if (path.length === 0 || !KIND.test(kind)) {
    throw new Error(`${JSON.stringify(entry)} is not KIND.GROUP=PATH: write it as in ${EXAMPLE}.`);
  }
  return [kind, parseRevisionPath(path.join('=').trim())];
}

/**
 * A field path with a dot in front that leads to one place.
 * @throws Error with a sentence that says what to write instead
 */
export function parseRevisionPath(text: string): RevisionPath {
  const parts = text.startsWith('.') ? parseParts(text) : undefined;
  const isFine = parts && !('wrong' in parts) && parts.length <= MAX_STEPS;
  if (isFine && !parts.some(({ kind }) => kind === 'every-item')) return { text, parts };
  throw new Error(
    `${JSON.stringify(text)} is not a path: write at most ${MAX_STEPS} steps of .field, [0] and [name=app], as in .status.images[name=app].tag.`,
  );
}

/**
 * Parses the path of a Pipeline, whose length the schema limits; a path that passes its rules and cannot be parsed
 * finds no value.
 */
export function specPath(text: string): RevisionPath {
  const parts = parseParts(text);
  return { text, parts: 'wrong' in parts ? [] : parts };
}
