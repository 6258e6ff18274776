import { isAlias, isCollection, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';
import type { FieldPart, FieldPath } from '../../text/index.ts';

/** Something at the path that keeps a value from being set. `offset` is counted from the text's start. */
export interface Obstacle {
  readonly offset: number;
  readonly reason: string;
}

export interface Resolved {
  readonly scalars: readonly Scalar[];
  readonly obstacles: readonly Obstacle[];
}

interface FoundNode {
  readonly node: unknown;
  readonly offset: number;
}

const ALIAS = 'there is an alias, and its anchor may be used elsewhere too';

/** Finds what stands at the path in a document. Nodes are walked as they are written: no alias is followed, no `<<`. */
export function resolveField(contents: unknown, { parts }: FieldPath): Resolved {
  const obstacles: Obstacle[] = [];
  let places: readonly FoundNode[] = [placeOf(contents, 0)];
  for (const part of parts) {
    places = places.flatMap((place) => {
      const next = step(place, part);
      if (!('reason' in next)) return next;
      obstacles.push(next);
      return [];
    });
  }
  const scalars: Scalar[] = [];
  for (const { node, offset } of places) {
    if (isScalar(node)) scalars.push(node);
    else obstacles.push({ offset, reason: whyNoScalar(node) });
  }
  return { scalars, obstacles };
}

function step({ node, offset }: FoundNode, part: FieldPart): readonly FoundNode[] | Obstacle {
  if (isAlias(node)) return { offset, reason: ALIAS };
  switch (part.kind) {
    case 'member':
      return isMap(node) ? member(node, part.name) : [];
    case 'item':
      return items(node, offset).slice(part.index, part.index + 1);
    case 'every-item':
      return items(node, offset);
    case 'items-with':
      return items(node, offset).filter((item) => hasMember(item.node, part.member, part.value));
  }
}

function member(map: YAMLMap, name: string): readonly FoundNode[] | Obstacle {
  const pairs = map.items.filter(({ key }) => isScalar(key) && key.value === name);
  const places = pairs.map(({ key, value }) => placeOf(value, offsetOf(key, 0)));
  const [, second] = places;
  if (second === undefined) return places;
  return { offset: second.offset, reason: `the mapping has ${JSON.stringify(name)} twice` };
}

function items(node: unknown, offset: number): readonly FoundNode[] {
  return isSeq(node) ? node.items.map((item) => placeOf(item, offset)) : [];
}

function hasMember(node: unknown, name: string, value: string): boolean {
  if (!isMap(node)) return false;
  return node.items.some(
    (pair) =>
      isScalar(pair.key) && pair.key.value === name && isScalar(pair.value) && pair.value.value === value,
  );
}

function whyNoScalar(node: unknown): string {
  if (isAlias(node)) return ALIAS;
  if (isCollection(node)) return `a ${isMap(node) ? 'mapping' : 'list'} is there, not a single value`;
  return 'there is no value, not even an empty one';
}

function placeOf(node: unknown, otherwise: number): FoundNode {
  return { node, offset: offsetOf(node, otherwise) };
}

function offsetOf(node: unknown, otherwise: number): number {
  const range = isAlias(node) || isScalar(node) || isCollection(node) ? node.range : undefined;
  return range?.[0] ?? otherwise;
}
