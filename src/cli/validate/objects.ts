import { GROUP } from '../../api/group.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import type { Position } from './problem.ts';
import { locate, type Tree } from './tree.ts';
import type { PositionOf } from './yaml.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** An object of Kubernetes as it stands in a file. */
export interface Manifest {
  readonly path: string;
  readonly group: string;
  readonly kind: string;
  readonly fields: Fields;
  /** About as many bytes as it has as JSON. */
  readonly size: number;
  /** Finds the position of a field, or of the nearest of its parents that is there. */
  readonly at: (field: string) => Position;
}

/** The objects of a document, those in a List one by one. */
export function manifestsOf(tree: Tree, path: string, positionOf: PositionOf): Manifest[] {
  const manifest = (value: unknown, start: number): Manifest[] => {
    if (!isFields(value) || typeof value.kind !== 'string' || typeof value.apiVersion !== 'string') return [];
    const group = groupOf(value.apiVersion);
    const at = (field: string) => positionOf(locate(tree, { value, start }, field));
    return [{ path, group, kind: value.kind, fields: value, size: tree.sizeOf(value), at }];
  };
  const own = manifest(tree.value, tree.start);
  const items = own[0]?.kind.endsWith('List') ? own[0].fields.items : undefined;
  if (!Array.isArray(items)) return own;
  const places = tree.places.get(items);
  return items.flatMap((item, index) => manifest(item, places?.get(String(index)) ?? tree.start));
}

/** Whatever is of our group but no list is meant to be a Pipeline. */
export function isPipeline({ group, kind }: Manifest): boolean {
  return group === GROUP && !kind.endsWith('List');
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of a field, as deep as the keys say; undefined where there is none. */
export function fieldOf(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((inner: unknown, key) => (isFields(inner) ? inner[key] : undefined), value);
}

export function textOf(value: unknown, ...keys: readonly string[]): string | undefined {
  const field = fieldOf(value, ...keys);
  return typeof field === 'string' ? field : undefined;
}
