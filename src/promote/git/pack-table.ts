import { createByteCache } from './byte-cache.ts';
import { applyDelta, deltaResultSize, MAX_OBJECT_BYTES } from './delta.ts';
import type { PackBudget } from './pack-budget.ts';
import { objectDigest, type PackEntry, TYPES } from './pack-file.ts';
import type { PackReader } from './pack-reader.ts';

/** An object's bytes and what it is, as packs number that. */
export interface TypedBody {
  readonly type: number;
  readonly body: Buffer;
}

export type Seen = (object: TypedBody & { readonly oid: string }) => void;

/** The entries of a pack that is being read, each by its place, and the objects that they make. */
export interface PackTable {
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly crcs: Uint32Array;
  /** 20 bytes an entry. */
  readonly oids: Buffer;
  /** False for what is too large to be read, and what builds on that. */
  isNamed(place: number): boolean;
  name(place: number, object: TypedBody): void;
  nameLarge(place: number, type: number, digest: Buffer): void;
  /** A delta of which it is known by now what it builds on is named; another one waits. */
  takeDelta(place: number, delta: Buffer, base: NonNullable<PackEntry['base']>): void;
  /** Call at the end. Throws when a delta builds on what is not there. */
  resolveWaiting(): Promise<void>;
}

export interface TableDeps {
  readonly reader: PackReader;
  readonly budget: PackBudget;
  readonly external: (oid: string) => Buffer | 'too-large' | undefined;
  readonly isLacking?: boolean;
  readonly seen?: Seen;
}

const MIB = 1024 * 1024;
const OID_BYTES = 20;
const CACHE_BYTES = 32 * MIB;
/** A chain of deltas is made at once, whenever one of its objects is read. */
const MAX_CHAIN_BYTES = 64 * MIB;
/** Deltas on what stands behind them, one on the other. */
const MAX_ROUNDS = 50;
const NONE = -1;

export function createPackTable(count: number, deps: TableDeps): PackTable {
  const { reader, budget, external, isLacking = false, seen } = deps;
  const oids = Buffer.alloc(count * OID_BYTES);
  const [offsets, crcs] = [new Uint32Array(count), new Uint32Array(count)];
  /** 0 for what has no name. */
  const types = new Uint8Array(count);
  const bases = new Int32Array(count).fill(NONE);
  const outside = new Map<number, string>();
  /** How many bytes are made on the way to an object. */
  const chains = new Float64Array(count);
  const waiting = new Map<number, string>();
  const bodies = createByteCache<number>(CACHE_BYTES);

  const isNamed = (place: number) => types[place] !== 0;

  function nameLarge(place: number, type: number, digest: Buffer): void {
    digest.copy(oids, place * OID_BYTES);
    types[place] = type;
    chains[place] = Number.POSITIVE_INFINITY;
  }

  function name(place: number, { type, body }: TypedBody): void {
    const digest = objectDigest(type, body.length).update(body).digest();
    digest.copy(oids, place * OID_BYTES);
    types[place] = type;
    chains[place] = Math.max(chains[place] ?? 0, body.length);
    bodies.set(place, body);
    seen?.({ oid: digest.toString('hex'), type, body });
  }

  function readEntry(place: number): Buffer {
    const offset = offsets[place] ?? 0;
    const { data } = reader.entryAt(offset, reader.headerAt(offset));
    budget.work(data.length);
    return data;
  }

  /** Made again where it has fallen out of memory. */
  function bodyOf(place: number): Buffer {
    const chain: number[] = [];
    let at = place;
    let body = bodies.get(at);
    while (body === undefined && isDelta(at)) {
      chain.push(at);
      const from = outside.get(at);
      if (from !== undefined) body = externalBody(from);
      at = bases[at] ?? NONE;
      body ??= bodies.get(at);
    }
    body ??= readEntry(at);
    for (const next of chain.reverse()) {
      body = applyDelta(body, readEntry(next));
      budget.work(body.length);
    }
    bodies.set(place, body);
    return body;
  }

  function isDelta(place: number): boolean {
    return bases[place] !== NONE || outside.has(place);
  }

  function externalBody(oid: string): Buffer {
    const body = external(oid);
    if (!(body instanceof Buffer)) throw new Error('a base of a delta is gone');
    return body;
  }

  function build(place: number, delta: Buffer, base: TypedBody & { readonly chain: number }): void {
    const size = deltaResultSize(delta);
    chains[place] = base.chain + size;
    if (size > MAX_OBJECT_BYTES || base.chain + size > MAX_CHAIN_BYTES) return;
    budget.work(size);
    name(place, { type: base.type, body: applyDelta(base.body, delta) });
  }

  function takeAt(place: number, delta: Buffer, base: number): void {
    bases[place] = base;
    const chain = chains[base] ?? 0;
    // What builds on what is left out is left out.
    if (!isNamed(base) || chain > MAX_CHAIN_BYTES) return;
    build(place, delta, { type: types[base] ?? 0, body: bodyOf(base), chain });
  }

  function takeDelta(place: number, delta: Buffer, base: NonNullable<PackEntry['base']>): void {
    if ('offset' in base) takeAt(place, delta, placeOf(offsets, place, base.offset));
    else takeOnName(place, delta, base.oid);
  }

  function takeOnName(place: number, delta: Buffer, oid: string): void {
    const body = external(oid);
    if (body === undefined) waiting.set(place, oid);
    if (!(body instanceof Buffer)) return;
    outside.set(place, oid);
    build(place, delta, { type: typeOf(oid, body), body, chain: body.length });
  }

  /** What builds on one that waits was passed over, and is taken in the order of the pack. */
  async function resolveWaiting(): Promise<void> {
    for (let round = 0; waiting.size > 0; round += 1) {
      const before = waiting.size;
      await takeNamed(placesByName());
      await takePassedOver();
      if (waiting.size < before && round < MAX_ROUNDS) continue;
      if (isLacking) return;
      throw new Error('a pack lacks what a delta of it builds on');
    }
  }

  function placesByName(): ReadonlyMap<string, number> {
    const places = new Map<string, number>();
    for (let place = 0; place < count; place += 1) if (isNamed(place)) places.set(oidAt(place), place);
    return places;
  }

  async function takeNamed(places: ReadonlyMap<string, number>): Promise<void> {
    for (const [place, oid] of waiting) {
      const base = places.get(oid);
      if (base === undefined) continue;
      waiting.delete(place);
      takeAt(place, readEntry(place), base);
      await budget.turn();
    }
  }

  async function takePassedOver(): Promise<void> {
    for (let place = 0; place < count; place += 1) {
      const base = bases[place] ?? NONE;
      if (base === NONE || isNamed(place) || !isNamed(base)) continue;
      await budget.turn();
      takeAt(place, readEntry(place), base);
    }
  }

  const oidAt = (place: number) => oids.toString('hex', place * OID_BYTES, (place + 1) * OID_BYTES);

  return { count, offsets, crcs, oids, isNamed, name, nameLarge, takeDelta, resolveWaiting };
}

/** Which of the entries before `end` is at an offset. Throws when none is. */
function placeOf(offsets: Uint32Array, end: number, offset: number): number {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  if (low === end || offsets[low] !== offset) throw new Error('a delta builds on no object of its pack');
  return low;
}

/** Where only the name and the bytes of an object are known. Throws when they do not fit. */
function typeOf(oid: string, body: Buffer): number {
  const type = TYPES.find((one) => objectDigest(one, body.length).update(body).digest('hex') === oid);
  if (type === undefined) throw new Error(`the object ${oid} is damaged`);
  return type;
}
