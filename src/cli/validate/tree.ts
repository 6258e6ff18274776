import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { scalarValue } from './scalar.ts';
import type { Fault } from './yaml.ts';

/** Offsets of the entries of an object or list, by key or position. */
export type Places = WeakMap<object, ReadonlyMap<string, number>>;

/** A YAML document as plain values, which aliases share, with the place of each. */
export interface Tree {
  readonly value: unknown;
  /** Offset of its first character. */
  readonly start: number;
  readonly places: Places;
  /** About as many bytes as the value has as JSON, with all aliases spelled out. */
  readonly sizeOf: (value: unknown) => number;
  /** Keys that are written twice; the first one counts. */
  readonly duplicates: readonly { readonly offset: number; readonly first: number }[];
  /** Faults of the value as a whole. */
  readonly faults: readonly Fault[];
}

type Fields = Record<string, unknown>;

/** Entries that merge keys copy in one document. */
const MAX_MERGED = 200_000;

export function buildTree(document: Document): Tree {
  const builder = createBuilder();
  const value = builder.build(document.contents);
  return { ...builder.found, value, start: startOf(document.contents), sizeOf: builder.sizeOf };
}

function startOf(node: unknown): number {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
}

function createBuilder() {
  const sizes = createSizes();
  const found = {
    places: new WeakMap() as Places,
    duplicates: [] as Tree['duplicates'][number][],
    faults: [] as Fault[],
  };
  const merge = createMerge(found.places, refuse);
  /** The values of anchors; an anchor whose value is being built has none yet. */
  const anchors = new Map<string, { readonly value: unknown } | 'open'>();

  function build(node: unknown): unknown {
    if (isAlias(node)) return aliased(node.source, startOf(node));
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    if (node.anchor) anchors.set(node.anchor, 'open');
    const value = isScalar(node) ? scalarValue(node) : isMap(node) ? buildMap(node) : buildList(node);
    if (node.anchor) anchors.set(node.anchor, { value });
    return value;
  }

  function aliased(name: string, offset: number): unknown {
    const anchor = anchors.get(name);
    if (anchor === 'open') return refuse(offset, 'This alias is inside its own anchor.');
    return anchor ? anchor.value : refuse(offset, 'No anchor for this alias comes before it.');
  }

  function refuse(offset: number, message: string): null {
    found.faults.push({ offset, message });
    return null;
  }

  function buildList({ items }: YAMLSeq): unknown[] {
    const list = items.map(build);
    return keep(list, new Map(items.map((item, index) => [String(index), startOf(item)])));
  }

  function buildMap({ items }: YAMLMap): Fields {
    const map: Built = { fields: Object.create(null), places: new Map() };
    // Values are built in the order of the text, in which anchors come into being.
    const merges = items.flatMap((pair) => {
      if (isMerge(pair)) return [{ value: build(pair.value), offset: startOf(pair.key) }];
      addField(map, pair);
      return [];
    });
    for (const { value, offset } of merges) merge(map, value, offset);
    return keep(map.fields, map.places);
  }

  function addField(map: Built, { key, value }: Pair): void {
    const offset = startOf(key);
    const name = keyName(isScalar(key) ? key : undefined, build(key));
    if (name === undefined) refuse(offset, 'This key is not a string: Kubernetes allows no other keys.');
    else put(map, { name, value: build(value), offset });
  }

  function put({ fields, places }: Built, { name, value, offset }: Field): void {
    const first = places.get(name);
    if (first !== undefined) {
      found.duplicates.push({ offset, first });
      return;
    }
    fields[name] = value;
    places.set(name, offset);
  }

  function keep<T extends object>(value: T, places: ReadonlyMap<string, number>): T {
    found.places.set(value, places);
    sizes.add(value);
    return value;
  }

  return { build, sizeOf: sizes.of, found };
}

/** An object in the making. */
interface Built {
  readonly fields: Fields;
  readonly places: Map<string, number>;
}

interface Field {
  readonly name: string;
  readonly value: unknown;
  readonly offset: number;
}

/** A number or a date is a key by how it is written. */
function keyName(scalar: Scalar | undefined, value: unknown): string | undefined {
  const key = scalar ? (scalar.source ?? scalar.value) : value;
  return typeof key === 'object' ? undefined : String(key);
}

/** YAML 1.1's merge key: a map, or a list of maps of which earlier ones win; own keys win over all. */
function createMerge(placesOf: Places, refuse: (offset: number, message: string) => void) {
  let merged = 0;

  function copyMissing(source: Fields, { fields, places }: Built): void {
    for (const [name, offset] of placesOf.get(source) ?? []) {
      if (places.has(name)) continue;
      fields[name] = source[name];
      places.set(name, offset);
    }
  }

  return (map: Built, value: unknown, offset: number): void => {
    const sources = (Array.isArray(value) ? value : [value]).filter(isFields);
    merged += sources.reduce((sum, source) => sum + (placesOf.get(source)?.size ?? 0), 0);
    if (merged > MAX_MERGED) refuse(offset, 'The merge keys (<<) of this document copy too much.');
    else if (sources.length === 0) refuse(offset, 'A merge key (<<) takes a map, or a list of maps.');
    else for (const source of sources) copyMissing(source, map);
  };
}

/** Each value's size is added up from those of its parts, which are there before it. */
function createSizes() {
  const sizes = new WeakMap<object, number>();

  function of(value: unknown): number {
    if (typeof value === 'string') return value.length + 4;
    return typeof value === 'object' && value !== null ? (sizes.get(value) ?? 0) + 4 : 8;
  }

  function add(value: object): void {
    const entries = Object.entries(value);
    sizes.set(
      value,
      entries.reduce((sum, [key, one]) => sum + key.length + of(one), 2),
    );
  }

  return { of, add };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A quoted "<<" is a key like any other. */
function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.value === '<<' && key.type === Scalar.PLAIN && key.tag === undefined;
}

/**
 * Offset of the field at a path below `value`, such as `spec.environments[1].name` or `spec["a.b"]`; of the
 * nearest parent that is there when the field is missing.
 */
export function locate(tree: Tree, from: { value: unknown; start: number }, field: string): number {
  let { value, start } = from;
  for (const [, word, index, quoted] of field.matchAll(/([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) {
    const key = quoted === undefined ? (index ?? word ?? '') : String(JSON.parse(quoted));
    if (typeof value !== 'object' || value === null) return start;
    const place = tree.places.get(value)?.get(key);
    if (place === undefined) return start;
    start = place;
    value = Reflect.get(value, key);
  }
  return start;
}
