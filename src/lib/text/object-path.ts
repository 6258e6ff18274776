/** Where objects of a kind say which revision they run, such as `.status.latestReadyRevisionName`. */

/** A field, the element of a list at a position, or the first element with this text in a field. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'position'; readonly index: number }
  | { readonly kind: 'match'; readonly field: string; readonly value: string };

export interface RevisionPath {
  /** As it was written, for messages. */
  readonly text: string;
  readonly steps: readonly Step[];
}

/** By `KIND.GROUP`, or the kind alone for the core group. */
export type RevisionPaths = ReadonlyMap<string, RevisionPath>;

const KIND = /^[A-Z][A-Za-z0-9]{0,62}(\.[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$/;
const STEP = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,4})\]|\[([A-Za-z_][A-Za-z0-9_-]*)=([^[\]=,]{1,253})\]/gy;
const MAX_STEPS = 20;
const EXAMPLE = 'Service.serving.knative.dev=.status.latestReadyRevisionName';

/**
 * Reads `KIND.GROUP=PATH,…`.
 * @throws Error with a sentence that says what to write instead
 */
export function parseRevisionPaths(text: string): RevisionPaths {
  const paths = new Map<string, RevisionPath>();
  for (const entry of text.split(',').flatMap((part) => part.trim() || [])) {
    const [kind, path] = parseEntry(entry);
    if (paths.has(kind)) throw new Error(`${kind} has two paths: keep one of them.`);
    paths.set(kind, path);
  }
  return paths;
}

/** The path of a kind, where it is configured for one. */
export function revisionPathOf(
  paths: RevisionPaths,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): RevisionPath | undefined {
  const [group, version] = apiVersion.split('/');
  return paths.get(version === undefined ? kind : `${kind}.${group}`);
}

/** What an object has there; undefined when there is nothing. */
export function valueAt(object: unknown, path: RevisionPath): unknown {
  return valuesAt(object, path)[0];
}

/** The same of every element of a list that has the text which the path asks for. */
export function valuesAt(object: unknown, path: RevisionPath): unknown[] {
  let values: readonly unknown[] = [object];
  for (const step of path.steps) values = values.flatMap((value) => follow(value, step));
  return values.filter((value) => value !== undefined && value !== null);
}

function parseEntry(entry: string): [kind: string, path: RevisionPath] {
  const at = entry.indexOf('=');
  const kind = at < 0 ? entry : entry.slice(0, at);
  if (at < 0 || !KIND.test(kind)) {
    throw new Error(`${JSON.stringify(entry)} is no KIND.GROUP=PATH: write it as in ${EXAMPLE}.`);
  }
  return [kind, parseRevisionPath(entry.slice(at + 1).trim())];
}

/** @throws Error with a sentence that says what to write instead */
export function parseRevisionPath(text: string, maxSteps = MAX_STEPS): RevisionPath {
  const steps: Step[] = [];
  let end = 0;
  for (const found of text.matchAll(STEP)) {
    if (steps.length === maxSteps) throw badPath(text);
    steps.push(stepOf(found));
    end = found.index + found[0].length;
  }
  if (steps.length === 0 || end < text.length) throw badPath(text);
  return { text, steps };
}

function badPath(text: string): Error {
  return new Error(
    `${JSON.stringify(text)} is no path: write at most ${MAX_STEPS} steps of .field, [0] and [name=app], as in .status.images[name=app].tag.`,
  );
}

function stepOf([, name, index, field, value]: RegExpExecArray): Step {
  if (name !== undefined) return { kind: 'field', name };
  if (index !== undefined) return { kind: 'position', index: Number(index) };
  return { kind: 'match', field: field ?? '', value: value ?? '' };
}

/** Own properties alone: an object comes from outside and may lack what its prototype has. */
function follow(value: unknown, step: Step): unknown[] {
  if (step.kind === 'field') return [own(value, step.name)];
  if (!Array.isArray(value)) return [];
  if (step.kind === 'position') return [value[step.index]];
  return value.filter((one: unknown) => own(one, step.field) === step.value);
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
