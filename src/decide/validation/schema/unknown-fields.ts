import type { GenericSchema } from 'valibot';
import { PipelineSpec } from '../../../api/pipeline.ts';
import { partsOf } from '../../../api/schema-tools.ts';
import type { FieldProblem } from '../problem.ts';

/** An object with more faults of this kind is not meant to be a Pipeline. */
const MAX_PROBLEMS = 100;
const MAX_KEY_LENGTH = 80;

const OBJECT_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/** ObjectMeta of Kubernetes (meta/v1), including the fields that the API server writes. */
const METADATA_FIELDS = [
  'name',
  'namespace',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
].concat(
  ['generateName', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp'],
  ['deletionGracePeriodSeconds', 'managedFields', 'selfLink'],
);

/** Fields of a `spec` that the schema does not know, by name and never by value; the first hundred of them. */
export function unknownFields(input: unknown): FieldProblem[] {
  const found: FieldProblem[] = [];
  walk(PipelineSpec, input, 'spec', found);
  return found;
}

/** The unknown fields around `spec`: those of the object itself and of its `metadata`. */
export function unknownObjectFields(input: unknown): FieldProblem[] {
  if (!isObject(input)) return [];
  const { metadata } = input;
  return [
    ...unknownKeys(input, OBJECT_FIELDS, ''),
    ...(isObject(metadata) ? unknownKeys(metadata, METADATA_FIELDS, 'metadata') : []),
  ].slice(0, MAX_PROBLEMS);
}

function walk(schema: GenericSchema, value: unknown, field: string, found: FieldProblem[]): void {
  if (found.length >= MAX_PROBLEMS) return;
  const { wrapped, item, entries } = partsOf(schema);
  if (wrapped) walk(wrapped, value, field, found);
  else if (item && Array.isArray(value)) {
    for (const [index, one] of value.entries()) walk(item, one, `${field}[${index}]`, found);
  } else if (entries && isObject(value)) walkFields(entries, value, field, found);
}

function walkFields(
  entries: Readonly<Record<string, GenericSchema>>,
  value: Readonly<Record<string, unknown>>,
  field: string,
  found: FieldProblem[],
): void {
  found.push(...unknownKeys(value, Object.keys(entries), field).slice(0, MAX_PROBLEMS - found.length));
  for (const [key, child] of Object.entries(entries)) {
    if (Object.hasOwn(value, key)) walk(child, value[key], `${field}.${key}`, found);
  }
}

function unknownKeys(value: object, known: readonly string[], field: string): FieldProblem[] {
  const keys = Object.keys(value).filter((key) => !known.includes(key));
  return keys.slice(0, MAX_PROBLEMS).map((key) => {
    if (key.length > MAX_KEY_LENGTH) {
      const message = `A field in here has a name of ${key.length} characters: it is unknown.`;
      return { rule: 'field-known', field, message };
    }
    return { rule: 'field-known', field: fieldBelow(field, key), message: sentence(key, known) };
  });
}

/** Quotes keys that are not plain words, as in `spec["a.b"]`. */
function fieldBelow(field: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${field}[${JSON.stringify(key)}]`;
  return field === '' ? key : `${field}.${key}`;
}

function sentence(key: string, known: readonly string[]): string {
  const start = 'Unknown field';
  const near = nearest(key, known);
  if (near) return `${start}: did you mean ${near}?`;
  if (known.length === 0) return `${start}: this object has no fields, remove it.`;
  return `${start}: remove it, or write one of ${known.join(', ')}.`;
}

function nearest(key: string, known: readonly string[]): string | undefined {
  const written = plain(key);
  const [best] = known
    .map((name) => ({ name, distance: editDistance(written, plain(name)) }))
    .sort((a, b) => a.distance - b.distance);
  return best && best.distance <= Math.floor(best.name.length / 3) ? best.name : undefined;
}

/** pullRequest, pull_request and Pull-Request are near misses of pull-request. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** Levenshtein distance: the number of letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
